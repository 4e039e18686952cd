//! What holds for every record, tried on random and on hostile ones.

#![allow(clippy::unwrap_used, clippy::panic, clippy::too_many_lines, missing_docs, reason = "a test may fail loudly")]

mod hostile;

use std::sync::LazyLock;

use proptest::prelude::*;
use scrubjay_core::{Action, Config, Decision, Engine, Status};

fn engine(privacy: &str) -> Engine {
    Engine::new(&Config::from_json(&format!(r#"{{"privacy":{privacy}}}"#)).unwrap()).unwrap()
}

/// Of [`engines`], those that only have built-in rules and tokens.
const BUILT_IN: usize = 5;

/// One for each kind of configuration, made once: making them costs more than a case.
fn engines() -> &'static [Engine] {
    static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(all_engines);
    &ENGINES
}

fn all_engines() -> Vec<Engine> {
    let key = r#""pseudonym_key":"correct horse battery staple""#;
    let plain = [r#""mode":"strict""#, r#""mode":"balanced""#, r#""mode":"minimal""#, r#""pii_fields":["name"]"#, key];
    let actions = |names: &[&str], action: &str| -> String {
        let of: Vec<_> = names.iter().map(|name| format!(r#""{name}":"{action}""#)).collect();
        format!(r#""actions":{{{}}}"#, of.join(","))
    };
    let groups = ["contact", "financial", "government", "network", "device", "profile", "pii", "identifier"];
    let own = r#""rules":[{"name":"word","pattern":"[a-z]{4,}"},{"name":"digits","pattern":"[0-9 ]+$","action":"remove"},
        {"name":"odd","pattern":"[^ -~]+","action":"mask"}],
        "allow":{"values":["ann@example.com"],"domains":["x.example"],"networks":["203.0.113.0/24"],
        "paths":["/payload/value/0","/user_id"]}"#;
    let masks = format!("{},{own}", actions(&groups, "mask"));
    let hashes = format!("{key},{}", actions(&groups, "hash"));
    // A secret key of 32 times the byte 7 opens it.
    let seal = format!(
        r#"{key},"pseudonym_key_id":"k2","seal":{{"public_key":"E75P6uryBMf9M1j8nAByGIHRdCeBKCJ-xnTzf3_pe20",
            "rules":["contact","network","profile","secret"]}},{}"#,
        actions(&["financial", "government", "device", "identifier", "secrets"], "remove")
    );
    let plain = plain.map(str::to_owned).into_iter();
    plain.chain([masks, hashes, seal]).map(|privacy| engine(&format!("{{{privacy}}}"))).collect()
}

/// What a plan can ask for.
const PII: [&str; 5] = ["remove", "replace", "mask", "hash", "keep"];

/// An engine with a plan for one field beside rules, lists and boxes.
fn planned(pii: usize) -> &'static Engine {
    static PLANNED: LazyLock<Vec<Engine>> = LazyLock::new(|| PII.map(of_plan).into());
    &PLANNED[pii]
}

fn of_plan(pii: &str) -> Engine {
    let config = serde_json::json!({
        "privacy": {
            "actions": {"contact": "hash", "network": "keep"},
            "allow": {"values": ["ann@example.com"], "paths": ["/payload/value/0"]},
            "pii_fields": ["token"],
            "pseudonym_key": "correct horse battery staple",
            "rules": [{"name": "digits", "pattern": "[0-9]{3,}"}],
            "seal": {"public_key": "E75P6uryBMf9M1j8nAByGIHRdCeBKCJ-xnTzf3_pe20", "rules": ["profile", "jwt"]},
        },
        "plan": {"events": {"shop.checkout": {"properties": {"value": {"pii": pii}}}}},
    });
    Engine::new(&Config::from_json(&config.to_string()).unwrap()).unwrap()
}

/// A redaction that no decision tells of, or a decision on a change that is no redaction.
fn unexplained(engine: &Engine, record: &str) -> Option<String> {
    let redactions = engine.process(record.as_bytes(), None).redactions;
    let decisions = engine.explain(record.as_bytes(), None).decisions;
    let untold = redactions.iter().find(|redaction| {
        let is_told = |told: &Decision| {
            (&told.path, told.rule, told.action) == (&redaction.path, redaction.rule, redaction.action)
        };
        !decisions.iter().any(is_told)
    });
    let changed = decisions.iter().filter(|told| told.action != Action::Keep).count();
    untold
        .map(|redaction| format!("{redaction:?}"))
        .or_else(|| (changed != redactions.len()).then(|| changed.to_string()))
}

/// Pieces that detectors, tokens and escapes are made of, so that random texts come near them.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "ann@example.com",
        "@",
        ".",
        "4111 1111 1111 1111",
        "4111",
        " ",
        "-",
        "203.0.113.77",
        "1.2.3",
        "2001:db8::1",
        ":",
        "::",
        "Bearer ",
        "mF_9.B5f-4.1JqM",
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
        "[",
        "]",
        "[email]",
        "[card:2]",
        "[hash:",
        "0123456789abcdef0123456789abcdef",
        "é",
        "😀",
        "\"",
        "\\",
        "\n",
        "\u{0}",
        "Chrome/",
        "+14155550132",
        "(415) ",
        "555-0132",
        "020 7946 0958",
        "06 12 34 56 78",
        "phone: ",
        " office",
        "GB82 WEST 1234 5698 7654 32",
        "219-09-9999",
        "ssn ",
        "00:00:5e:00:53:af",
        "49-015420-323751-8",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "0x",
        "bc1",
        "rv:",
        "password",
        "Passport: ",
        "X1234567",
        "ssn=",
        "078-05-1120",
        "phone",
        "=",
        " is ",
        "first_name: ",
        "Ann",
        "van der",
        "address: 12 High Street",
        "<taxId>",
        "</",
        "gps",
        "52.52001, 13.4",
        "/home/",
        "\\Users\\",
        "131052-308T",
        "password=",
        "api_key: \"",
        "token",
        ",",
        "<secret>",
        "hunter2x9",
        "Authorization: ",
        "Digest a=\"b\", c=",
        "Cookie: a=b; c",
        "set('X-Api-Key', '",
        "https://u:",
        "@h.example/",
        "curl -u ",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "sk-",
        "AKIA",
        "otpauth://totp/",
        "-----BEGIN PRIVATE KEY-----",
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK",
        "-----END",
        "[secret]",
        "[api_key]",
        "key=",
        "x81kLmQ02pRt7VbNc5Dz",
        "${",
        "{",
        "}",
        "&",
        "ann%40example.com",
        "%40",
        "%25",
        "40",
        "\\u0040",
        "&#64;",
        "&amp;",
        "\u{200b}",
        "\u{a0}",
        "\u{ff20}",
        "\u{661}\u{662}",
        "\u{430}",
        "(at)",
        "+",
        "YW5uQGV4YW1wbGUuY29t",
        "eyJwYXNzd29yZCI6IngifQ",
        "4111\n",
        "{\"email\":\"ann@example.com\"}",
        "{\\\"password\\\":\\\"x\\\"}",
        "[\"203.0.113.77\"]",
        "/search?",
        "?q=1#top",
        "Mozilla/5.0 (X11; Linux x86_64) ",
        "Foo/1.2.3.4 ",
        "two words",
        "\u{4e2d}\u{6587}\u{4e2d}\u{6587}",
    ];
    prop_oneof![3 => prop::sample::select(fixed.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,6}"]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat())
}

/// A member's name: a few decide what becomes of their value.
fn name() -> impl Strategy<Value = String> {
    let known = ["user_agent", "url", "note", "app_version", "password", "phone", "auth", "location"];
    prop_oneof![2 => text(), 1 => prop::sample::select(known.to_vec()).prop_map(str::to_owned)]
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        text().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map(name(), inner, 0..4).prop_map(serde_json::Value::from_iter),
        ]
    })
}

fn record() -> impl Strategy<Value = String> {
    (text(), text(), value(), prop::option::of(text()), any::<bool>()).prop_map(
        |(channel, event, inner, user, valid)| {
            let timestamp = if valid { "2026-01-02T03:04:05Z" } else { "once" };
            let mut record = serde_json::json!({
                "timestamp": timestamp, "channel": channel, "event": event, "payload": {"value": inner}
            });
            if let Some(user) = user {
                record["user_id"] = user.into();
            }
            record.to_string()
        },
    )
}

/// Cases of each property: all of them in a minute on two cores.
const CASES: u32 = 2_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn processing_what_was_processed_changes_nothing(record in record()) {
        for engine in engines() {
            let once = engine.process(record.as_bytes(), None);
            if once.status == Status::Accepted {
                let text = once.record.unwrap();
                let twice = engine.process(text.as_bytes(), None);
                prop_assert_eq!(twice.status, Status::Accepted);
                prop_assert_eq!(&twice.redactions, &[]);
                prop_assert_eq!(twice.record.unwrap(), text);
            }
        }
    }

    #[test]
    fn scrubbing_what_was_scrubbed_changes_nothing(text in text(), value in value()) {
        for engine in engines() {
            let once = engine.scrub_text(&text).text;
            prop_assert_eq!(&engine.scrub_text(&once).text, &once);
            let once = engine.scrub_json(value.to_string().as_bytes()).json.unwrap();
            let twice = engine.scrub_json(once.as_bytes());
            prop_assert_eq!(twice.json.unwrap(), once);
            prop_assert_eq!(twice.redactions, []);
        }
    }

    #[test]
    fn pairs_of_a_name_and_a_value_settle_in_one_pass(name in text(), held in text(), typed in any::<bool>()) {
        let held = if typed { serde_json::json!({"stringValue": held}) } else { held.into() };
        let pairs = serde_json::json!([{"name": name, "value": held}, {"value": held, "key": name}]);
        for engine in engines() {
            let once = engine.scrub_json(pairs.to_string().as_bytes()).json.unwrap();
            let twice = engine.scrub_json(once.as_bytes());
            prop_assert_eq!(twice.json.unwrap(), once);
        }
    }

    #[test]
    fn every_redaction_is_explained(record in record()) {
        for engine in engines() {
            prop_assert_eq!(unexplained(engine, &record), None);
        }
    }

    #[test]
    fn what_a_plan_asks_for_settles_and_is_explained(
        value in value(),
        other in value(),
        pii in 0..PII.len(),
    ) {
        let engine = planned(pii);
        let record = serde_json::json!({
            "timestamp": "2026-01-02T03:04:05Z", "tenant_id": "acme", "channel": "shop", "event": "checkout",
            "payload": {"value": value, "other": other},
        });
        let record = record.to_string();
        prop_assert_eq!(unexplained(engine, &record), None);
        let once = engine.process(record.as_bytes(), None);
        prop_assert_eq!(once.status, Status::Accepted);
        let text = once.record.unwrap();
        let twice = engine.process(text.as_bytes(), None);
        prop_assert_eq!(&twice.redactions, &[]);
        prop_assert_eq!(twice.record.unwrap(), text);
    }

    #[test]
    fn every_outcome_is_json_and_deterministic(bytes in prop::collection::vec(any::<u8>(), 0..200), record in record()) {
        for engine in engines() {
            for input in [&bytes[..], record.as_bytes()] {
                let outcome = engine.process(input, None).to_json();
                prop_assert!(serde_json::from_str::<serde_json::Value>(&outcome).is_ok(), "{outcome}");
                prop_assert_eq!(engine.process(input, None).to_json(), outcome);
            }
        }
    }

    #[test]
    fn scrubbing_grows_nothing_beyond_its_factor(text in text(), value in value()) {
        // The longest token, a pseudonym, for the shortest thing that becomes one: `a@b.co`. Escapes are no growth of
        // scrubbing's: canonical text is compared.
        const FACTOR: usize = 8;
        // A pattern of the configuration's own may match one byte, and a box has its own length: no factor holds there.
        for engine in engines().iter().take(BUILT_IN) {
            prop_assert!(engine.scrub_text(&text).text.len() <= FACTOR * text.len());
            let canonical = value.to_string();
            let scrubbed = engine.scrub_json(canonical.as_bytes()).json.unwrap();
            prop_assert!(scrubbed.len() <= FACTOR * canonical.len(), "{} of {}", scrubbed.len(), canonical.len());
        }
    }

    #[test]
    fn no_hidden_address_survives(before in text(), after in text()) {
        for hidden in [
            "canary%40example.com",
            "canary%2540example%2Ecom",
            "canary\\u0040example\\u002ecom",
            "canary&#64;example&#46;com",
            "can\u{200b}ary@example.com",
            "canary\u{ff20}example\u{ff0e}com",
            "canary [at] example [dot] com",
            "dXNlcj1jYW5hcnlAZXhhbXBsZS5jb20=",
        ] {
            let text = format!("{before} {hidden} {after}");
            for engine in engines() {
                let scrubbed = engine.scrub_text(&text).text;
                prop_assert!(!scrubbed.contains(hidden) && !scrubbed.contains("canary"), "{scrubbed}");
            }
        }
    }

    #[test]
    fn no_planted_secret_survives(before in text(), after in "[ ,;]\\PC{0,10}") {
        let text = format!("{before} canary-7f3a@example.com {after} Bearer canary7f3a.Xy12345678 {after}");
        let note = "login password=canary7f3a ok";
        let payload = serde_json::json!({"password": "canary7f3a", "note": note, "list": [text], "ok canary7f3a@example.com": 1});
        let record = serde_json::json!({"channel": text, "event": "e", "timestamp": text, "payload": payload, "x": payload});
        for engine in engines() {
            let outcome = engine.process(record.to_string().as_bytes(), None).to_json();
            prop_assert!(!outcome.contains("canary"), "{outcome}");
            let explanation = engine.explain(record.to_string().as_bytes(), None).to_json();
            prop_assert!(!explanation.contains("canary"), "{explanation}");
        }
    }
}

/// Its tokens make it five times as long.
#[test]
fn what_one_engine_accepts_near_the_limit_the_next_accepts() {
    let head = r#"{"timestamp":"2026-01-02T03:04:05Z","channel":"a","event":"b","payload":{"x":["#;
    let addresses = (scrubjay_core::limits::MAX_RECORD_BYTES - head.len() - 3) / r#""a@b.co","#.len();
    let record = format!("{head}{}]}}}}", vec![r#""a@b.co""#; addresses].join(","));
    for engine in engines() {
        let once = engine.process(record.as_bytes(), None);
        assert_eq!(once.status, Status::Accepted);
        let text = once.record.unwrap();
        let twice = engine.process(text.as_bytes(), None);
        assert_eq!((twice.status, twice.record), (Status::Accepted, Some(text)));
    }
}

/// Found by fuzzing: a domain of more than 255 bytes, cut inside a character.
#[test]
fn a_bound_that_falls_into_a_character_splits_nothing() {
    for engine in engines() {
        for shift in 0..4 {
            let text = format!("a@{}{}.org", "x".repeat(shift), "\u{fffd}".repeat(200));
            let once = engine.scrub_text(&text).text;
            assert_eq!(engine.scrub_text(&once).text, once);
        }
    }
}

/// Found by fuzzing: the name said "user agent" only until its e-mail address was gone.
#[test]
fn a_rewritten_name_says_what_the_next_pass_will_read() {
    for engine in engines() {
        let once = engine.scrub_json(br#"{"a@example.com.user_agent":"x 1.2.3.4"}"#).json.unwrap();
        assert_eq!(engine.scrub_json(once.as_bytes()).json.unwrap(), once);
    }
}

/// Time must grow with size, not with its square; `tests/linear` counts the steps.
#[test]
fn hostile_records_end() {
    for input in hostile::WORST.iter().flat_map(|(_, inputs)| *inputs) {
        let text = input.text(8_000);
        let value = if input.is_document() { text } else { serde_json::Value::from(text).to_string() };
        let record =
            format!(r#"{{"timestamp":"2026-01-02T03:04:05Z","channel":"a","event":"b","payload":{{"x":{value}}}}}"#);
        for engine in engines() {
            assert_ne!(engine.process(record.as_bytes(), None).status, Status::Dropped, "{}", input.name());
        }
    }
}

#[test]
fn a_text_that_scrubbing_makes_a_document_is_scrubbed_as_one() {
    let engine = scrubjay_core::Engine::new(&scrubjay_core::Config::default()).unwrap();
    // One wrong escape, in what goes: no document before, one afterwards, whose names count.
    let once = engine.scrub_text(r#"[{"n\u0061me":"passw\u006frd","l\u6l001ue":"hunter2"}]"#);
    let twice = engine.scrub_text(&once.text);
    assert_eq!((twice.text.as_str(), twice.redactions.len()), (once.text.as_str(), 0));
    assert!(!once.text.contains("hunter2"), "{}", once.text);
}
