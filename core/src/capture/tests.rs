use super::*;

fn json(write: impl FnOnce(&mut CapturedRecord)) -> Option<String> {
    let mut record = CapturedRecord::new();
    write(&mut record);
    record.to_json().map(|text| String::from_utf8(text).unwrap())
}

#[test]
fn values_are_read_back_as_the_text_that_the_host_would_have_written() {
    let text = json(|r| {
        r.begin_object().name("s").text("a\"\\\n\u{1}é").name("n").null().name("b").bool(true);
        r.name("list").begin_array().int(0).int(127).int(128).int(-1).int(i64::MIN).int(i64::MAX).end();
        r.name("empty").begin_object().end().name("none").begin_array().end();
        r.name("big").json(b"123456789012345678901234567890").name("").float(1.0).end();
    });
    let expected = concat!(
        r#"{"s":"a\"\\\n\u0001é","n":null,"b":true,"#,
        r#""list":[0,127,128,-1,-9223372036854775808,9223372036854775807],"#,
        r#""empty":{},"none":[],"big":123456789012345678901234567890,"":1.0}"#,
    );
    assert_eq!(text.as_deref(), Some(expected));
}

#[test]
fn a_string_of_any_length_comes_back() {
    for length in [0, 1, 255, 256, 70_000] {
        let long = "x".repeat(length);
        assert_eq!(json(|r| _ = r.text(&long)), Some(format!("\"{long}\"")));
    }
}

#[test]
fn nothing_at_all_is_the_empty_text() {
    assert_eq!(json(|_| {}).as_deref(), Some(""));
}

#[test]
fn calls_that_do_not_add_up_are_no_record() {
    let wrong: [fn(&mut CapturedRecord); 7] = [
        |r| _ = r.begin_object(),
        |r| _ = r.end(),
        |r| _ = r.int(1).int(2),
        |r| _ = r.begin_object().name("a").end(),
        |r| _ = r.begin_object().int(1).int(2).end(),
        |r| _ = r.begin_object().begin_object().end().int(1).end(),
        |r| (0..100).for_each(|_| _ = r.begin_array()),
    ];
    for (n, write) in wrong.into_iter().enumerate() {
        assert_eq!(json(write), None, "{n}");
    }
}

#[test]
fn whatever_bytes_there_are_they_are_read_without_a_panic() {
    let mut whole = CapturedRecord::new();
    whole.begin_object().name("a").text("b").name("c").float(0.1).name("d").json(b"[1]").name("e").int(1 << 40).end();
    for end in 0..whole.len() {
        assert_eq!(write_json(&whole.as_bytes()[..end], &mut JsonText::new()).is_ok(), end == 0);
    }
    for place in 0..whole.len() {
        for byte in 0..=u8::MAX {
            let mut changed = whole.as_bytes().to_vec();
            changed[place] = byte;
            let _ = write_json(&changed, &mut JsonText::new());
        }
    }
}

#[test]
fn nothing_that_fits_a_record_is_refused_as_captured() {
    // The value that grows most: three digits and their comma.
    let mut record = CapturedRecord::new();
    record.begin_array();
    (0..MAX_RECORD_BYTES / 4).for_each(|_| _ = record.float(1.5));
    record.end();
    assert!(record.len() < MAX_CAPTURED_BYTES);
    assert!(record.to_json().unwrap().len() > MAX_RECORD_BYTES);
}
