//! A report as one page of HTML: no script, no network, light and dark.

mod plot;
mod sections;
mod writer;

use serde_json::Value;

use self::writer::Writer;

/// Nothing may be fetched, whatever a name says; the styles stand in the page.
const HEAD: &str = concat!(
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
    "<meta name=\"referrer\" content=\"no-referrer\"><title>Telemetry report</title><style>",
    include_str!("html/style.css"),
    "</style></head><body>",
);

/// The page of a report's JSON. What the report lacks is left out.
pub(crate) fn page(report: &str) -> String {
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let mut out = Writer::default();
    out.raw(HEAD);
    sections::overview(&mut out, &report);
    sections::time(&mut out, &report);
    sections::names(&mut out, &report);
    sections::events(&mut out, &report);
    sections::numbers(&mut out, &report);
    sections::inventory(&mut out, &report);
    sections::faults(&mut out, &report);
    out.raw("</body></html>\n");
    out.into_page()
}
