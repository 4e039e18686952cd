//! Keys, the trail, retention, copies and checks.

use super::*;

fn parsed(text: crate::error::Result<String>) -> Value {
    serde_json::from_str(&text.unwrap()).unwrap()
}

#[test]
fn a_key_is_shown_once_and_found_until_it_is_revoked() {
    let bench = Bench::new();
    let store = &bench.store;
    let wanted = r#"{"name":"ci","roles":["ingest"]}"#;
    let (one, two) = (parsed(store.api_key_add("acme", wanted)), parsed(store.api_key_add("acme", wanted)));
    let key = |made: &Value| made["key"].as_str().unwrap().to_owned();
    for made in [&one, &two] {
        let found = parsed(store.api_key_find(&key(made)));
        assert_eq!(
            (&found["id"], &found["tenant"], &found["roles"]),
            (&made["id"], &json!("acme"), &json!(["ingest"]))
        );
        let secret = key(made);
        let is_in = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(bench.files().iter().all(|(_, bytes)| !is_in(bytes)), "kept as a hash only");
    }
    let id = one["id"].as_str().unwrap();
    assert_eq!(parsed(store.api_key_revoke("other", id))["revoked"], false);
    assert_eq!(parsed(store.api_key_revoke("acme", id))["revoked"], true);
    assert_eq!(parsed(store.api_key_find(&key(&one))), json!(null));
    assert!(parsed(store.api_key_find(&key(&two))).is_object());
    assert_eq!(parsed(store.api_keys("acme")).as_array().unwrap().len(), 2);
    assert_eq!(parsed(store.api_keys("other")), json!([]));
}

#[test]
fn a_key_past_its_time_or_of_another_form_is_none() {
    let bench = Bench::new();
    let made = parsed(bench.store.api_key_add("acme", r#"{"roles":["viewer"],"expires_at":"2026-01-01T00:00:00Z"}"#));
    let key = made["key"].as_str().unwrap().to_owned();
    for key in [&key, "", "sjk_", "sjk_' OR 1=1 --", &key[..key.len() - 1]] {
        assert_eq!(parsed(bench.store.api_key_find(key)), json!(null), "{key}");
    }
    for bad in ["{}", r#"{"roles":[]}"#, r#"{"roles":["A B"]}"#, r#"{"roles":["a"],"expires_at":"soon"}"#] {
        assert_eq!(bench.store.api_key_add("acme", bad).unwrap_err().kind(), ErrorKind::ArgumentInvalid, "{bad}");
    }
}

#[test]
fn the_trail_is_read_by_pages_and_by_tenant() {
    let bench = Bench::new();
    for n in 0..5 {
        let entry = json!({"actor": "ann", "action": "config.change", "detail": n.to_string()});
        assert_eq!(parsed(bench.store.audit_append("acme", &entry.to_string()))["seq"], n + 1);
    }
    bench.store.audit_append("other", r#"{"action":"x"}"#).unwrap();
    let first = parsed(bench.store.audit("acme", r#"{"limit":3}"#));
    assert_eq!(first["entries"][2]["detail"], "2");
    let rest = parsed(bench.store.audit("acme", &json!({"cursor": first["next"]}).to_string()));
    assert_eq!((rest["entries"].as_array().unwrap().len(), &rest["next"]), (2, &json!(null)));
    let state = parsed(bench.store.audit_verify());
    assert_eq!((&state["entries"], &state["broken_at"]), (&json!(6), &json!(null)));
}

#[test]
fn retention_is_kept_by_table_and_to_the_day() {
    let folder = tempfile::tempdir().unwrap();
    let options = r#"{"ingest_log":false,"max_past_days":36500,"retention_days":{"events":2,"metrics":4,"logs":1}}"#;
    let mut bench = Bench::new();
    bench.store = Store::open(folder.path().to_str().unwrap(), options).unwrap();
    for day in 1..=9_u64 {
        let time = format!("2026-01-0{day}T23:59:59.999999Z");
        let metric =
            json!({"schema": "telemetry_metric_v1", "timestamp": time, "name": "a", "type": "gauge", "value": day});
        bench.ingest("acme", &json!([record(day, &time, &json!({})), metric]));
    }
    let retain = |now: &str| parsed(bench.store.retain(Some(now)));
    let days = |schema: &str| {
        let spec = with(whole(), &json!({"schema": schema}));
        bench.query("acme", &spec)["records"].as_array().unwrap().len()
    };
    // The last moment of the 7th is two days old with the first of the 10th.
    assert_eq!(retain("2026-01-09T23:59:59Z"), json!({"days": 0, "records": 6 + 4}));
    assert_eq!((days("telemetry_event_v1"), days("telemetry_metric_v1")), (3, 5));
    assert_eq!(retain("2026-01-10T00:00:00Z")["records"], 2);
    assert_eq!((days("telemetry_event_v1"), days("telemetry_metric_v1")), (2, 4));
    assert_eq!(bench.stats()["records"], 6);
    // Files go with the table that is kept longest: traces, for 30 days.
    assert_eq!(retain("2026-02-05T00:00:00Z")["days"], 5);
    bench.store.vacuum().unwrap();
    assert_eq!(parsed(bench.store.check())["ok"], true);
}

#[test]
fn a_retention_beyond_its_bounds_is_refused() {
    for (options, path) in [
        (r#"{"retention_days":{"events":0}}"#, "/retention_days/events"),
        (r#"{"retention_days":{"logs":91}}"#, "/retention_days/logs"),
        (r#"{"retention_days":{"spans":3}}"#, "/retention_days/spans"),
        (r#"{"encryption_key":"hunter2"}"#, "/encryption_key"),
        (r#"{"ingest":true}"#, "/ingest"),
        (r#"{"ingest_log":1}"#, "/ingest_log"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = Store::open(folder.path().to_str().unwrap(), options).err().unwrap();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, path), "{options}");
        assert!(!error.message().contains("hunter2"));
    }
}

#[test]
fn a_copy_made_while_others_write_opens_and_is_whole() {
    let bench = Bench::new();
    let some = |range: std::ops::Range<u64>| {
        json!(range.map(|n| record(n, "2026-01-02T00:00:00Z", &json!({"n": n}))).collect::<Vec<_>>())
    };
    bench.ingest("acme", &some(0..500));
    bench.store.audit_append("acme", r#"{"action":"x"}"#).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let to = copy.path().join("copy");
    std::thread::scope(|scope| {
        scope.spawn(|| (0..20).for_each(|n| drop(bench.ingest("acme", &some(1_000 + n * 10..1_010 + n * 10)))));
        bench.store.backup(to.to_str().unwrap()).unwrap();
    });
    let error = bench.store.backup(to.to_str().unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, "/folder"));
    let restored = Store::open(to.to_str().unwrap(), DIRECT).unwrap();
    let records = parsed(restored.stats())["records"].as_u64().unwrap();
    assert!((500..=700).contains(&records) && records.is_multiple_of(10), "{records}: whole commits");
    assert_eq!(parsed(restored.check())["ok"], true);
    assert_eq!(parsed(restored.audit_verify())["entries"], 1);
}

#[test]
fn a_damaged_page_is_found_and_named() {
    let mut bench = Bench::new();
    let records: Vec<_> = (0..500).map(|n| record(n, "2026-01-02T00:00:00Z", &json!({"n": n}))).collect();
    bench.ingest("acme", &json!(records));
    bench.store.close();
    let path = bench.folder.path().join("events/2026-01-02.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len();
    bytes[end - 8_192..].fill(0x5a);
    std::fs::write(path, bytes).unwrap();
    bench.reopen();
    let check = parsed(bench.store.check());
    assert_eq!(check["ok"], false);
    let day = check["files"].as_array().unwrap().iter().find(|file| file["file"] == "events/2026-01-02.db").unwrap();
    assert!(!day["faults"].as_array().unwrap().is_empty());

    std::fs::write(bench.folder.path().join("meta.db"), [0x5a; 9_000]).unwrap();
    bench.store.close();
    let opened = Store::open(bench.folder.path().to_str().unwrap(), DIRECT);
    assert_eq!(opened.err().map(|e| e.kind()), Some(ErrorKind::StoreUnavailable));
}

#[test]
fn an_export_of_many_pages_has_every_record_once() {
    let bench = Bench::new();
    let records: Vec<_> = (0..25).map(|n| record(n, "2026-01-02T00:00:00Z", &json!({"n": n, "f": "=1+1"}))).collect();
    bench.ingest("acme", &json!(records));
    for (format, lines) in [("ndjson", 25), ("csv", 26)] {
        let (mut text, mut spec) = (String::new(), with(whole(), &json!({"limit": 10})));
        loop {
            let page = parsed(bench.store.export("acme", &spec.to_string(), format));
            text.push_str(page["content"].as_str().unwrap());
            if page["next"].is_null() {
                break;
            }
            spec["cursor"] = page["next"].clone();
        }
        assert_eq!(text.lines().count(), lines, "{format}");
    }
    let page = parsed(bench.store.export("acme", &whole().to_string(), "json"));
    let all: Value = serde_json::from_str(page["content"].as_str().unwrap()).unwrap();
    assert_eq!(all, bench.query("acme", &whole())["records"]);
    assert_eq!(bench.store.export("acme", "{}", "xml").unwrap_err().path(), "/format");
}

#[test]
fn impossible_stamps_are_put_under_the_present_and_say_so() {
    let mut bench = Bench::new();
    bench.store = Store::open(bench.folder.path().join("b").to_str().unwrap(), r#"{"ingest_log":false}"#).unwrap();
    let sent = json!([record(1, "1970-01-01T00:00:00Z", &json!({})), record(2, "2099-01-01T00:00:00Z", &json!({}))]);
    let verdict = bench.ingest("acme", &sent);
    assert_eq!((&verdict["accepted"], &verdict["clamped"]), (&json!(2), &json!(2)));
    let page = bench.query("acme", &json!({}));
    let original = |i: usize| page["records"][i]["context"]["original_timestamp"].as_str().unwrap()[..4].to_owned();
    let mut originals = [original(0), original(1)];
    originals.sort();
    assert_eq!(originals, ["1970", "2099"]);
    // Where it was put first is where it falls on itself.
    assert_eq!(bench.ingest("acme", &sent)["duplicates"], 2);
    assert_eq!(parsed(bench.store.stats())["days"].as_array().unwrap().len(), 1);
}

#[test]
fn records_of_a_trace_are_found_whatever_their_kind() {
    let bench = Bench::new();
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    let span = json!({"schema": "telemetry_span_v1", "timestamp": "2026-01-02T00:00:01Z", "trace_id": trace_id,
                      "id": "01890000-0000-7000-8000-000000000002", "span_id": "b7ad6b7169203331", "name": "GET /",
                      "start_time_unix_nano": "1", "end_time_unix_nano": "2"});
    let event = with(record(1, "2026-01-02T00:00:00Z", &json!({})), &json!({"context": {"trace_id": trace_id}}));
    bench.ingest("acme", &json!([event, span, record(3, "2026-01-02T00:00:00Z", &json!({}))]));
    let found = |spec: Value| numbers(&bench.query("acme", &with(whole(), &spec)));
    assert_eq!(found(json!({"trace_id": trace_id})), [1, 2]);
    assert_eq!(found(json!({"trace_id": trace_id, "schema": "telemetry_span_v1"})), [2]);
    assert_eq!(found(json!({"trace_id": "f".repeat(32)})), [0; 0]);
    assert_eq!(found(json!({"schema": "any"})), [1, 3, 2]);
    assert_eq!(found(json!({"name": "app.load"})), [1, 3]);
    assert_eq!(found(json!({"name": "GET /", "schema": "telemetry_span_v1"})), [2]);
}

#[test]
fn users_are_counted_once_and_the_greatest_groups_come_first() {
    let bench = Bench::new();
    let of = |n: u64, user: &str, event: &str, day: u64| {
        let more = json!({"user_id": user, "event": event});
        with(record(n, &format!("2026-01-0{day}T00:00:00Z"), &json!({})), &more)
    };
    bench.ingest(
        "acme",
        &json!([
            of(1, "ann", "a", 1),
            of(2, "ann", "a", 2),
            of(3, "bob", "a", 2),
            of(4, "bob", "b", 3),
            of(5, "cyd", "c", 3)
        ]),
    );
    let asked = |more: &Value| {
        bench.aggregate(
            "acme",
            &with(json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-02-01T00:00:00Z"}), more),
        )
    };
    assert_eq!(asked(&json!({"aggregations": ["users"]}))["buckets"], json!([{"group": {}, "users": 3}]));
    let top = asked(&json!({"group_by": ["event"], "aggregations": ["count", "users"], "order_by": "users", "top": 1}));
    assert_eq!(top["buckets"], json!([{"group": {"event": "a"}, "count": 3, "users": 2}]));
}

#[test]
fn sampled_records_count_as_what_they_stand_for() {
    let bench = Bench::new();
    let at =
        |n: u64, rate: f64| with(record(n, "2026-01-02T00:00:00Z", &json!({"ms": 10})), &json!({"sample_rate": rate}));
    bench.ingest("acme", &json!([at(1, 0.1), at(2, 0.5), record(3, "2026-01-02T00:00:00Z", &json!({"ms": 10}))]));
    let spec = json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-02-01T00:00:00Z", "field": "/payload/ms",
                      "aggregations": ["count", "records", "sum", "avg"]});
    let expected = json!([{"group": {}, "count": 13, "records": 3, "sum": 130.0, "avg": 10.0}]);
    assert_eq!(bench.aggregate("acme", &spec)["buckets"], expected);
}

#[test]
fn every_record_comes_back_as_it_was_written() {
    let bench = Bench::new();
    let records = [
        record(1, "2026-01-02T00:00:00Z", &json!({})),
        with(
            record(2, "2026-01-02T00:00:00Z", &json!({"a": "\"},{\\"})),
            &json!({"tenant_id": "acme", "user_id": "a\"b"}),
        ),
        with(
            record(3, "2026-01-02T00:00:00Z", &json!({"context": {}})),
            &json!({"sample_rate": 0.25, "session_id": "s"}),
        ),
        with(
            record(4, "2026-01-02T00:00:00Z", &json!([1, {"x": null}])),
            &json!({"payload": {"l": [1]}, "context": {"request_id": "}\"{", "deep": {"er": ["]"]}}}),
        ),
        with(record(5, "2026-01-02T00:00:00Z", &json!({})), &json!({"channel": "é\\", "event": "q\"uote"})),
    ];
    bench.ingest("acme", &json!(records));
    let page = bench.store.query("acme", &whole().to_string()).unwrap();
    for sent in records {
        let expected: Value = parsed(bench.engine.process(sent.to_string().as_bytes(), None));
        assert_eq!(expected["status"], "accepted", "{expected}");
        let text = crate::Engine::new(&crate::Config::from_json(r#"{"privacy":{"hash_identifiers":false}}"#).unwrap())
            .unwrap()
            .process(sent.to_string().as_bytes(), None)
            .record
            .unwrap();
        assert!(page.contains(&text), "{text}\n{page}");
    }
}
