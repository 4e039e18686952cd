//! How bodies divide, by example and at random.

use proptest::prelude::*;

use super::*;

fn slots(format: Format, body: &[u8]) -> Vec<String> {
    let slots = split(format, body).unwrap();
    slots.into_iter().map(|slot| String::from_utf8_lossy(slot).into_owned()).collect()
}

fn refusal(format: Format, body: &[u8]) -> String {
    let error = split(format, body).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BatchUnreadable);
    error.message().to_owned()
}

#[test]
fn arrays_divide_at_their_own_commas() {
    let cases: [(&str, &[&str]); 9] = [
        ("[]", &[]),
        (" [ \r\n ] ", &[]),
        ("[1]", &["1"]),
        (r#"[ {"a":[1,2]} , {"b":"],[\"{"} ]"#, &[r#"{"a":[1,2]}"#, r#"{"b":"],[\"{"}"#]),
        (r#"[{"a":1},broken text,{"b":2}]"#, &[r#"{"a":1}"#, "broken text", r#"{"b":2}"#]),
        (r#"[{"a" 1},"x" "y",\]"#, &[r#"{"a" 1}"#, r#""x" "y""#, "\\"]),
        (r#"{"records":[{"a":1},{}]}"#, &[r#"{"a":1}"#, "{}"]),
        (r#"{ "resource" : {"records":[1,2]}, "records" : [ 3 ] }"#, &["3"]),
        (r#"{"records":[]}"#, &[]),
    ];
    for (body, expected) in cases {
        assert_eq!(slots(Format::Batch, body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn a_body_that_does_not_divide_is_refused_at_its_byte() {
    for (body, byte) in [
        ("", 0),
        ("  ", 2),
        ("nonsense", 0),
        (r#""[]""#, 0),
        ("[1,,2]", 3),
        ("[,1]", 1),
        ("[1,]", 3),
        ("[1", 2),
        ("[1]]", 3),
        ("[1] x", 4),
        (r#"[{"a":1]"#, 7),
        (r#"[{"a":"b}]"#, 6),
        (r#"["\"#, 1),
        ("{}", 0),
        (r#"{"records":{}}"#, 0),
        (r#"{"records":[1],"records":[2]}"#, 25),
        (r#"{"records":[1,,2]}"#, 14),
    ] {
        let message = refusal(Format::Batch, body.as_bytes());
        assert!(message.starts_with(&format!("byte {byte}: ")), "{body}: {message}");
    }
    assert!(refusal(Format::Batch, b"\xEF\xBB\xBF[]").starts_with("byte 0: "));
}

#[test]
fn lines_are_slots_and_blank_ones_are_skipped() {
    let body = b"{\"a\":1}\r\n\r\n  \t\n{\"a\":\n {\"b\":2} ";
    assert_eq!(slots(Format::Ndjson, body), ["{\"a\":1}", "{\"a\":", "{\"b\":2}"]);
    assert!(slots(Format::Ndjson, b"").is_empty());
    assert!(refusal(Format::Ndjson, b"\xEF\xBB\xBF{}").starts_with("byte 0: "));
}

#[test]
fn a_single_record_is_its_whole_body() {
    assert_eq!(slots(Format::Record, b" [1, "), [" [1, "]);
}

#[test]
fn batches_are_bounded_in_records_and_bytes() {
    let numbers = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    assert_eq!(split(Format::Batch, numbers(MAX_BATCH_RECORDS).as_bytes()).unwrap().len(), MAX_BATCH_RECORDS);
    assert!(refusal(Format::Batch, numbers(MAX_BATCH_RECORDS + 1).as_bytes()).contains("at most 1000 records"));
    assert!(refusal(Format::Ndjson, "1\n".repeat(1_001).as_bytes()).contains("at most 1000 records"));
    let mut body = vec![b' '; MAX_BATCH_BYTES - 2];
    body.extend_from_slice(b"[]");
    assert!(split(Format::Batch, &body).unwrap().is_empty());
    body.push(b' ');
    assert!(refusal(Format::Batch, &body).contains("at most 4194304 bytes"));
}

#[test]
fn deep_nesting_needs_no_stack() {
    let body = format!("[{}{}]", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(split(Format::Batch, body.as_bytes()).unwrap().len(), 1);
    assert!(refusal(Format::Batch, &vec![b'['; MAX_BATCH_BYTES]).contains("ends inside"));
}

proptest! {
    #[test]
    fn any_bytes_are_divided_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Record, Format::Batch, Format::Ndjson] {
            let _ = split(format, &body);
        }
    }

    #[test]
    fn any_brackets_are_divided_or_refused(body in r#"[\[\]{},":\\a ]{0,40}"#) {
        if let Ok(slots) = split(Format::Batch, body.as_bytes()) {
            prop_assert!(slots.iter().all(|slot| !slot.is_empty()));
        }
    }

    #[test]
    fn slots_are_the_elements_that_were_joined(
        elements in prop::collection::vec(element(), 0..20),
        space in "[ \r\n\t]{0,3}",
        wrapped in any::<bool>(),
    ) {
        let array = format!("{space}[{space}{}{space}]{space}", elements.join(&format!("{space},{space}")));
        let body = if wrapped { format!("{{\"records\"{space}:{array}}}") } else { array };
        prop_assert_eq!(slots(Format::Batch, body.as_bytes()), elements);
    }
}

/// JSON of some depth with brackets, commas and quotes in its strings.
fn element() -> impl Strategy<Value = String> {
    let string = r#"[a-z\[\]{},"\\é ]{0,8}"#.prop_map(|text| serde_json::Value::from(text).to_string());
    let leaf = prop_oneof![string, any::<i64>().prop_map(|number| number.to_string())];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner, 0..4).prop_map(|items| {
                let members = items.iter().enumerate().map(|(i, item)| format!("\"{i}\":{item}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}
