//! The page says what the report says, and no name can break out of it.

use super::super::{Report, page};
use super::line;
use crate::engine::Engine;

fn report_of(lines: &str) -> String {
    let mut report = Report::default();
    report.add_lines(&Engine::new(&crate::Config::default()).unwrap(), lines.as_bytes());
    report.to_json()
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;\u{202e}";
    let mut lines = line(2, hostile, hostile, 1);
    lines.push_str(&line(2, "app", "e", 1).replace("\"ms\"", "\"<b>'\\\"\\u0007\""));
    lines.push_str(&line(2, "app", "e", 1).replace("\"payload\"", "\"<i>\""));
    let page = page(&report_of(&lines));
    for markup in ["<script", "<img", "<b>'", "<i>", "onerror=alert(1)>", "\u{202e}", "\u{7}"] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img"), "{page}");
}

#[test]
fn nothing_is_fetched() {
    let page = page(&report_of(&line(2, "app", "e", 1)));
    assert!(page.contains("default-src 'none'"));
    for word in ["http:", "https:", "//", "url(", "src=", "href=", "@import"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn every_part_of_a_report_is_on_the_page() {
    let mut lines: String = (0..40).map(|i| line(1 + i % 20, &format!("channel{}", i % 9), "login", i)).collect();
    lines.push_str("{\"channel\":1}\n");
    let page = page(&report_of(&lines));
    for part in [
        "Records by day",
        "Records by hour",
        "channel8",
        "others",
        "login",
        "/ms",
        "<td>type</td>",
        "telemetry_event_v1",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
}

#[test]
fn a_report_that_is_none_gives_an_empty_page() {
    for report in ["", "[]", "{\"events\":7,\"by_day_and_channel\":[{}],\"by_channel\":{\"a\":-1}}"] {
        assert!(page(report).contains("Telemetry report"));
    }
}
