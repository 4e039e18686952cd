use super::*;
use crate::Config;

fn sampler(section: &str) -> Option<Sampler> {
    Sampler::new(&Config::from_json(&format!(r#"{{"sampling":{section}}}"#)).unwrap().sampling)
}

fn decide(section: &str, record: &str, pressure: f64) -> Decision {
    sampler(section).unwrap().decide(record.as_bytes(), "019b0000-0000-7000-8000-000000000000", pressure)
}

/// How many of 10,000 sessions are kept.
fn kept(section: &str, pressure: f64) -> usize {
    let sampler = sampler(section).unwrap();
    let is_kept = |n: &usize| {
        let record = format!(r#"{{"channel":"app","event":"e","session_id":"s{n}","payload":{{}}}}"#);
        sampler.decide(record.as_bytes(), "", pressure) != Decision::Drop
    };
    (0..10_000).filter(is_kept).count()
}

#[test]
fn where_everything_is_kept_nothing_is_looked_at() {
    assert!(sampler("{}").is_none());
    assert!(sampler(r#"{"rate":1,"channels":{"a":1},"metrics":{"m":1}}"#).is_none());
    for section in [r#"{"rate":0.5}"#, r#"{"channels":{"a":0}}"#, r#"{"metrics":{"m":0.1}}"#, r#"{"adaptive":true}"#] {
        assert!(sampler(section).is_some(), "{section}");
    }
}

#[test]
fn about_the_share_that_was_asked_for_is_kept() {
    assert_eq!(kept(r#"{"rate":0}"#, 0.0), 0);
    // Four standard deviations of 10,000 tosses.
    for (rate, expected, spread) in [(0.01, 100, 40), (0.1, 1_000, 120), (0.5, 5_000, 200), (0.9, 9_000, 120)] {
        let kept = kept(&format!(r#"{{"rate":{rate}}}"#), 0.0);
        assert!(kept.abs_diff(expected) < spread, "{rate}: {kept}");
    }
}

#[test]
fn all_records_of_a_trace_share_its_fate_wherever_it_is_written() {
    for n in 0..200 {
        let trace = format!("{:032x}", 0xabcd_ef00_0000_0000_u64 + n);
        let records = [
            format!(r#"{{"channel":"a","event":"e","payload":{{}},"context":{{"trace_id":"{trace}"}}}}"#),
            format!(
                r#"{{"channel":"b","event":"f","payload":{{}},"session_id":"s","context":{{"traceId":"{trace}"}}}}"#
            ),
            format!(r#"{{"trace_id":"{}","span_id":"1","name":"n"}}"#, trace.to_uppercase()),
            format!(r#"{{"traceId":"{trace}","level":"info","message":"m"}}"#),
        ];
        let fates = records.map(|record| decide(r#"{"rate":0.5}"#, &record, 0.0));
        assert!(fates.iter().all(|fate| *fate == fates[0]), "{trace}: {fates:?}");
    }
}

#[test]
fn what_a_lower_rate_keeps_a_higher_one_keeps_too() {
    for n in 0..1_000 {
        let record = format!(r#"{{"user_id":"u{n}"}}"#);
        let keeps = |rate: f64| decide(&format!(r#"{{"rate":{rate}}}"#), &record, 0.0) != Decision::Drop;
        assert!(!keeps(0.1) || keeps(0.3), "{n}");
    }
}

#[test]
fn the_key_is_trace_then_session_then_user_then_id() {
    // SHA-256 of the first begins with 2e, of the other with ca.
    let (kept, gone) = ("c", "a");
    assert!(is_kept(kept, 0.5) && !is_kept(gone, 0.5));
    for record in [
        r#"{"trace_id":"KEY","session_id":"NOT","user_id":"NOT","id":"NOT"}"#,
        r#"{"session_id":"KEY","user_id":"NOT","id":"NOT"}"#,
        r#"{"context":{"session_id":"KEY"},"user_id":"NOT","id":"NOT"}"#,
        r#"{"userId":"KEY","id":"NOT"}"#,
        r#"{"user_id":"","id":"KEY"}"#,
        r#"{"user_id":null,"id":"KEY"}"#,
    ] {
        for (key, not) in [(kept, gone), (gone, kept)] {
            let record = record.replace("KEY", key).replace("NOT", not);
            assert_eq!(decide(r#"{"rate":0.5}"#, &record, 0.0) != Decision::Drop, is_kept(key, 0.5), "{record}");
        }
    }
}

#[test]
fn a_metric_s_rate_comes_before_its_channel_s_and_that_before_the_common_one() {
    let section = r#"{"rate":0.5,"channels":{"app":0.25,"all":1},"metrics":{"frame.time":0.125}}"#;
    let rate = |record: &str| sampler(section).unwrap().rate_of(&view(record));
    assert!((rate(r#"{"channel":"other"}"#) - 0.5).abs() < 1e-9);
    assert!((rate(r#"{"channel":"app"}"#) - 0.25).abs() < 1e-9);
    assert!((rate(r#"{"channel":"app","name":"frame.time","value":1}"#) - 0.125).abs() < 1e-9);
    assert!((rate(r#"{"name":"frame.time"}"#) - 0.5).abs() < 1e-9, "a span of that name is no metric");
    assert_eq!(decide(section, r#"{"channel":"all","event":"e"}"#, 0.0), Decision::Keep);
}

fn view(record: &str) -> View<'_> {
    View { document: Document::read(record.as_bytes(), Lanes::none()).unwrap(), record: 0 }
}

#[test]
fn errors_are_kept_under_load_and_the_rest_falls() {
    for error in [
        r#"{"level":"error"}"#,
        r#"{"level":"FATAL"}"#,
        r#"{"severity":"err"}"#,
        r#"{"status":{"code":2}}"#,
        r#"{"status":{"code":"STATUS_CODE_ERROR"}}"#,
        r#"{"event":"exception","channel":"a"}"#,
        r#"{"payload":{"error.type":"x"}}"#,
        r#"{"stateHashBefore":"x"}"#,
    ] {
        assert_eq!(decide(r#"{"rate":0,"adaptive":true}"#, error, 1.0), Decision::Keep, "{error}");
    }
    for other in [r#"{"level":"info"}"#, r#"{"status":{"code":"ok"}}"#, r#"{"status":2}"#, r#"{"payload":{"type":1}}"#]
    {
        assert_eq!(decide(r#"{"rate":0,"adaptive":true}"#, other, 0.0), Decision::Drop, "{other}");
    }
    let share: Vec<usize> = [0.0, 0.5, 0.75, 1.0].map(|pressure| kept(r#"{"adaptive":true}"#, pressure)).into();
    assert_eq!(share[..2], [10_000, 10_000]);
    assert!(share[2] < 2_000 && share[3] < 300 && share[3] > 0, "{share:?}");
}

#[test]
fn a_record_that_was_sampled_before_is_left_alone() {
    for record in [r#"{"sample_rate":0.1,"id":"a"}"#, r#"{"sampleRate":1,"id":"a"}"#] {
        assert_eq!(decide(r#"{"rate":0}"#, record, 0.0), Decision::Keep);
    }
}

#[test]
fn what_is_no_record_is_left_for_the_engine_to_refuse() {
    for record in ["", "5", "[]", "{\"a\":NaN}", "{\"a\":1,\"a\":2}", "\u{0}"] {
        assert_eq!(decide(r#"{"rate":0}"#, record, 0.0), Decision::Keep, "{record}");
    }
}

#[cfg(feature = "client")]
#[test]
fn the_rate_is_written_into_the_record() {
    let mut text = Vec::new();
    with_rate(br#" {"channel":"app"}"#, 0.1, &mut text);
    assert_eq!(text, br#" {"sample_rate":0.1,"channel":"app"}"#);
}
