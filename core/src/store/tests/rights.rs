//! What users may ask for, and what it does to everything else.

use super::*;

const HASHED: &str = r#"{"privacy":{"pseudonym_key":"correct horse battery staple"}}"#;

fn logged(engine: &str) -> Bench {
    let mut bench = Bench::new();
    bench.store.close();
    bench.store = Store::open(bench.folder.path().to_str().unwrap(), r#"{"max_past_days":36500}"#).unwrap();
    bench.engine = Engine::new(engine).unwrap();
    bench
}

fn of(n: u64, user: &str) -> Value {
    with(record(n, "2026-01-02T00:00:00Z", &json!({"note": format!("{user}quokka")})), &json!({"user_id": user}))
}

fn receipt(bench: &Bench, user: &str) -> Value {
    let word = r#"{"actor":"officer","source":"dashboard"}"#;
    serde_json::from_str(&bench.store.delete_user(&bench.engine, "acme", user, word).unwrap()).unwrap()
}

fn parsed(text: crate::error::Result<String>) -> Value {
    serde_json::from_str(&text.unwrap()).unwrap()
}

fn holds(bench: &Bench, text: &str) -> Vec<String> {
    let found = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    bench.files().into_iter().filter(|(_, bytes)| found(bytes)).map(|(name, _)| name).collect()
}

#[test]
fn an_erasure_has_a_receipt_and_is_audited() {
    let bench = logged(HASHED);
    bench.ingest("acme", &json!([of(1, "ann"), of(2, "bob"), with(of(3, "ann"), &json!({"tenant_id": "acme"}))]));
    let receipt = receipt(&bench, "ann");
    assert_eq!(receipt["records"], 2, "with and without the tenant's name in the record");
    assert!(receipt["completed_at"].as_str() >= receipt["requested_at"].as_str());
    assert_eq!(parsed(bench.store.deletions("acme", "{}"))["deletions"], json!([receipt]));
    assert_eq!(parsed(bench.store.deletions("other", "{}"))["deletions"], json!([]));
    let trail = parsed(bench.store.audit("acme", "{}"));
    let entry = &trail["entries"][0];
    assert_eq!((&entry["seq"], &entry["actor"]), (&receipt["audit_seq"], &json!("officer")));
    assert_eq!((&entry["action"], &entry["subject"]), (&json!("user.delete"), &receipt["user"]));
    assert_eq!(numbers(&bench.query("acme", &whole())), [2]);
}

#[test]
fn lists_begin_with_their_newest_entry_where_that_is_asked_for() {
    let bench = logged(HASHED);
    let users = ["ann", "bob", "carl", "dora", "eve"];
    let receipts = users.map(|user| receipt(&bench, user));
    let pages = |list: &str, order: &str| {
        let (mut seen, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let spec = json!({"limit": 2, "order": order, "cursor": cursor}).to_string();
            let page = match list {
                "deletions" => parsed(bench.store.deletions("acme", &spec)),
                _ => parsed(bench.store.audit("acme", &spec)),
            };
            seen.extend(page[list].as_array().unwrap().iter().cloned());
            cursor = page["next"].clone();
            if cursor.is_null() {
                return seen;
            }
        }
    };
    let newest: Vec<Value> = receipts.iter().rev().cloned().collect();
    assert_eq!(pages("deletions", "asc"), receipts);
    assert_eq!(pages("deletions", "desc"), newest);
    let seqs: Vec<_> = pages("entries", "desc").iter().map(|entry| entry["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [5, 4, 3, 2, 1]);
    assert_eq!(bench.store.audit("acme", r#"{"order":"newest"}"#).unwrap_err().path(), "/order");
}

#[test]
fn a_restored_backup_learns_who_was_erased_who_said_no_and_whose_key_was_revoked_since() {
    let bench = logged(HASHED);
    let key: Value = parsed(bench.store.api_key_add("acme", r#"{"roles":["ingest"]}"#));
    bench.ingest("acme", &json!([of(1, "ann"), of(2, "bob"), with(of(3, "ann"), &json!({"event": "annsonly"}))]));
    bench.ingest("other", &json!([of(1, "ann")]));
    let backup = tempfile::tempdir().unwrap();
    let folder = backup.path().join("a");
    bench.store.backup(folder.to_str().unwrap()).unwrap();
    receipt(&bench, "ann");
    let word = r#"{"user_id":"bob","purposes":{"analytics":false}}"#;
    bench.store.consent_update(&bench.engine, "acme", word).unwrap();
    bench.store.api_key_revoke("acme", key["id"].as_str().unwrap()).unwrap();

    let restored = Store::open(folder.to_str().unwrap(), r#"{"max_past_days":36500}"#).unwrap();
    let from = bench.folder.path().to_str().unwrap();
    let expected = json!({"deletions": 2, "consents": 2, "revoked_keys": 1, "records": 2});
    assert_eq!(parsed(restored.apply_deletions(from)), expected);
    let nothing = json!({"deletions": 0, "consents": 0, "revoked_keys": 0, "records": 0});
    assert_eq!(parsed(restored.apply_deletions(from)), nothing, "nothing is left to do");
    let page = parsed(restored.query("acme", &whole().to_string()));
    assert_eq!(numbers(&page), [2]);
    assert_eq!(numbers(&parsed(restored.query("other", &whole().to_string()))), [1]);
    let entry = &parsed(restored.audit("acme", r#"{"order":"desc"}"#))["entries"][0];
    assert_eq!((&entry["action"], &entry["detail"]), (&json!("deletions.apply"), &json!(r#"{"records":2}"#)));
    let body = json!([of(1, "ann"), of(4, "bob")]).to_string();
    let verdict = parsed(restored.ingest(&bench.engine, "acme", "batch", body.as_bytes(), "{}"));
    assert_eq!((&verdict["refused"], &verdict["opted_out"]), (&json!(1), &json!(1)));
    assert_eq!(restored.api_key_find(key["key"].as_str().unwrap()).unwrap(), "null");
    restored.close();
    let held = |text: &str| {
        let days = std::fs::read_dir(folder.join("events")).unwrap();
        days.filter(|day| {
            let bytes = std::fs::read(day.as_ref().unwrap().path()).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
        .count()
    };
    // Where files are encrypted nobody's show.
    assert_eq!((held("annsonly"), held("bobquokka")), (0, usize::from(!cipher().is_on())));
}

#[test]
fn the_state_of_another_store_is_refused() {
    let (bench, other) = (Bench::new(), Bench::new());
    for folder in [other.folder.path().to_path_buf(), other.folder.path().join("none")] {
        let error = bench.store.apply_deletions(folder.to_str().unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, "/folder"));
    }
}

#[test]
fn who_passes_records_on_is_told_which_were_withheld() {
    let bench = logged(HASHED);
    receipt(&bench, "erased");
    bench.store.consent_update(&bench.engine, "acme", r#"{"user_id":"no","purposes":{"analytics":false}}"#).unwrap();
    let body = json!([of(1, "yes"), of(2, "no"), of(3, "erased"), {"channel": 5}, of(4, "yes")]).to_string();
    let ingest = |options| bench.store.ingest(&bench.engine, "acme", "batch", body.as_bytes(), options).unwrap();
    let told = ingest(r#"{"tell_withheld":true}"#);
    assert!(told.ends_with(r#","withheld":[1,2]}"#), "{told}");
    assert!(!ingest("{}").contains("withheld"));
    #[cfg(feature = "receive")]
    {
        let passed = crate::ffi::forwarded("batch", body.as_bytes(), &told, "acme").unwrap();
        let users: Vec<_> =
            passed.iter().map(|record| serde_json::from_str::<Value>(record).unwrap()["user_id"].clone()).collect();
        assert_eq!(users, ["yes", "yes"]);
        // Who does not know which ones passes none on.
        assert_eq!(crate::ffi::forwarded("batch", body.as_bytes(), &ingest("{}"), "acme").unwrap(), [""; 0]);
    }
}

#[test]
fn a_user_may_be_named_as_records_name_them() {
    let bench = logged(HASHED);
    bench.ingest("acme", &json!([of(1, "ann"), of(2, "bob")]));
    let page = bench.query("acme", &with(whole(), &json!({"consistency": "now"})));
    let pseudonym = page["records"][0]["user_id"].as_str().unwrap().to_owned();
    assert_eq!(receipt(&bench, &pseudonym)["records"], 1);
}

#[test]
fn whoever_shares_a_name_with_all_is_not_erased() {
    // Without a key all users are `[identifier]`.
    let bench = logged("{}");
    bench.ingest("acme", &json!([of(1, "ann"), of(2, "bob")]));
    for user in ["ann", "[identifier]", ""] {
        let error = bench.store.delete_user(&bench.engine, "acme", user, "{}").unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, "/user_id"), "{user}");
    }
    bench.store.settle().unwrap();
    assert_eq!(bench.stats()["records"], 2);
}

#[test]
fn an_erased_user_is_in_no_file_also_of_the_log() {
    let mut bench = logged(r#"{"privacy":{"hash_identifiers":false}}"#);
    bench.ingest("acme", &json!([of(1, "annabel-lee"), of(2, "bob")]));
    bench.store.settle().unwrap();
    assert!(!holds(&bench, "annabel-lee").is_empty());
    assert_eq!(receipt(&bench, "annabel-lee")["records"], 1);
    assert_eq!(holds(&bench, "annabel-lee"), [""; 0]);
    // With an obstacle in the indexer's way, records stay in the log, and the erasure waits for its end.
    let obstacle = bench.folder.path().join("events/2026-01-05.db");
    std::fs::create_dir(&obstacle).unwrap();
    let later = |n, user| with(of(n, user), &json!({"timestamp": "2026-01-05T00:00:00Z"}));
    bench.ingest("acme", &json!([later(3, "carl-canary"), later(4, "bob")]));
    let failed = bench.store.delete_user(&bench.engine, "acme", "carl-canary", "{}");
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::StoreUnavailable);
    assert!(!holds(&bench, "carl-canary").is_empty());
    assert_eq!(bench.ingest("acme", &json!([later(5, "carl-canary")]))["refused"], 1, "from then on");
    std::fs::remove_dir(obstacle).unwrap();
    bench.store.close();
    bench.store = Store::open(bench.folder.path().to_str().unwrap(), r#"{"max_past_days":36500}"#).unwrap();
    assert_eq!(holds(&bench, "carl-canary"), [""; 0]);
    assert_eq!(numbers(&bench.query("acme", &whole())), [2, 4]);
    let deletions = parsed(bench.store.deletions("acme", "{}"));
    assert!(deletions["deletions"][1]["completed_at"].is_string());
}

#[test]
fn what_comes_late_is_refused_and_counted_and_what_is_new_is_kept() {
    let bench = logged(HASHED);
    bench.ingest("acme", &json!([of(1, "ann")]));
    receipt(&bench, "ann");
    let replay = bench.ingest("acme", &json!([of(1, "ann"), of(7, "ann"), of(2, "bob")]));
    assert_eq!((&replay["accepted"], &replay["refused"]), (&json!(1), &json!(2)));
    assert_eq!(replay["results"][0]["status"], "accepted", "its sender may forget it");
    // Another tenant's user of the same id is another user.
    assert_eq!(bench.ingest("other", &json!([of(1, "ann")]))["accepted"], 1);
    let fresh = json!({"channel": "app", "event": "load", "payload": {}, "user_id": "ann"});
    assert_eq!(bench.ingest("acme", &json!([fresh]))["accepted"], 1);
    bench.store.settle().unwrap();
    assert_eq!((&bench.stats()["records"], &bench.stats()["refused"]), (&json!(3), &json!(2)));
}

#[test]
fn an_erasure_that_was_interrupted_is_finished_when_the_store_opens() {
    let mut bench = Bench::new();
    bench.ingest("acme", &json!([of(1, "ann"), of(2, "bob")]));
    // As after a kill behind the note.
    bench.store.close();
    raw(&bench.folder.path().join("meta.db"))
        .execute_batch(
            "INSERT INTO telemetry_deletions (request_id, tenant, subject, actor, source, requested_at, pending)
             VALUES ('r', 'acme', 's', '', '', 1, '[\"ann\"]')",
        )
        .unwrap();
    bench.reopen();
    let deletions = parsed(bench.store.deletions("acme", "{}"));
    assert_eq!(deletions["deletions"][0]["records"], 1);
    assert!(deletions["deletions"][0]["completed_at"].is_string());
    assert_eq!(numbers(&bench.query("acme", &whole())), [2]);
    assert_eq!(holds(&bench, "annquokka"), [""; 0]);
}

#[test]
fn users_get_all_their_data_and_nobody_elses() {
    let bench = logged(r#"{"privacy":{"hash_identifiers":false}}"#);
    let trace = json!({"schema": "telemetry_trace_v1", "timestamp": "2026-01-03T00:00:00Z", "event_key": "auth.login",
                       "actor_id": "user1", "id": "01890000-0000-7000-8000-000000000005"});
    let metric = json!({"schema": "telemetry_metric_v1", "timestamp": "2026-01-01T00:00:00Z", "name": "a", "type": "gauge", "value": 1,
                        "user_id": "user1", "id": "01890000-0000-7000-8000-000000000004"});
    let mut records = vec![of(1, "user1"), of(2, "user10"), of(3, "user%"), trace, metric];
    records.extend((10..30).map(|n| of(n, "user1")));
    bench.ingest("acme", &json!(records));
    let mut seen = Vec::new();
    let mut spec = json!({"limit": 7, "consistency": "now"});
    loop {
        let page = parsed(bench.store.user_data(&bench.engine, "acme", "user1", &spec.to_string()));
        seen.extend(numbers(&page));
        if page["next"].is_null() {
            break;
        }
        spec["cursor"] = page["next"].clone();
    }
    let expected: Vec<u64> = [4, 1].into_iter().chain(10..30).chain([5]).collect();
    assert_eq!(seen, expected);
    let other = parsed(bench.store.user_data(&bench.engine, "other", "user1", "{}"));
    assert_eq!(numbers(&other), [0; 0]);
}

#[test]
fn a_purpose_that_was_refused_is_enforced_record_by_record() {
    let bench = logged(HASHED);
    let update = |granted: bool| {
        let word =
            json!({"user_id": "ann", "purposes": {"analytics": granted}, "notice_version": "3", "source": "app"});
        parsed(bench.store.consent_update(&bench.engine, "acme", &word.to_string()))
    };
    let state = update(false);
    assert_eq!(state["purposes"]["analytics"]["granted"], false);
    let log = json!({"schema": "telemetry_metric_v1", "name": "a", "type": "gauge", "value": 1, "user_id": "ann"});
    let verdict = bench.ingest("acme", &json!([of(1, "ann"), of(2, "bob"), log]));
    assert_eq!((&verdict["accepted"], &verdict["opted_out"]), (&json!(2), &json!(1)));
    assert_eq!(verdict["results"][0]["status"], "accepted");
    let body = json!([of(3, "ann")]).to_string();
    let free = bench.store.ingest(&bench.engine, "acme", "batch", body.as_bytes(), r#"{"opt_out_enforce":false}"#);
    assert_eq!(parsed(free)["accepted"], 1);
    let state = update(true);
    assert_eq!(state["history"].as_array().unwrap().len(), 2);
    assert_eq!(state["history"][0]["notice_version"], "3");
    assert_eq!(bench.ingest("acme", &json!([of(4, "ann")]))["accepted"], 1);
    assert_eq!(parsed(bench.store.consent_status(&bench.engine, "acme", "ann")), state);
    assert_eq!(parsed(bench.store.consent_status(&bench.engine, "other", "ann"))["history"], json!([]));
}

#[test]
fn a_decision_in_another_process_is_known_soon() {
    let bench = logged(HASHED);
    let beside = Store::open(bench.folder.path().to_str().unwrap(), DIRECT).unwrap();
    let word = r#"{"user_id":"ann","purposes":{"analytics":false}}"#;
    beside.consent_update(&bench.engine, "acme", word).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    let mut n = 0;
    while bench.ingest("acme", &json!([of(n, "ann")]))["opted_out"] == 0 {
        assert!(std::time::Instant::now() < deadline);
        n += 1;
        std::thread::yield_now();
    }
}

#[test]
fn wrong_words_are_refused_at_their_key() {
    let bench = Bench::new();
    let store = &bench.store;
    for bad in ["[]", r#"{"user_id":"a","purposes":{"spying":true}}"#, r#"{"user_id":"a","purposes":{}}"#] {
        assert_eq!(store.consent_update(&bench.engine, "acme", bad).unwrap_err().kind(), ErrorKind::ArgumentInvalid);
    }
    for bad in ["[]", r#"{"why":"x"}"#] {
        assert_eq!(store.delete_user(&bench.engine, "acme", "ann", bad).unwrap_err().path(), "/word");
    }
    assert_eq!(store.deletions("acme", r#"{"cursor":"x"}"#).unwrap_err().path(), "/cursor");
    assert_eq!(store.audit_append("acme", "{}").unwrap_err().path(), "/entry/action");
}
