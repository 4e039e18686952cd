//! What goes in stays in, once.

use super::*;

#[test]
fn a_verdict_has_the_exact_text_of_the_contract() {
    let bench = Bench::new();
    let body = json!([record(1, "2026-01-02T03:04:05Z", &json!({"to": "ann@example.com"}))]).to_string();
    assert_eq!(
        bench.store.ingest(&bench.engine, "acme", "batch", body.as_bytes(), "{}").unwrap(),
        concat!(
            r#"{"accepted":1,"rejected":0,"dropped":0,"opted_out":0,"refused":0,"duplicates":0,"clamped":0,"#,
            r#""results":[{"status":"accepted","#,
            r#""id":"01890000-0000-7000-8000-000000000001","violations":[]}],"redactions":{"email":1}}"#
        )
    );
}

#[test]
fn what_is_kept_is_the_canonical_record() {
    let bench = Bench::new();
    let mut sent =
        record(1, "2026-01-02T04:04:05+01:00", &json!({"to": "ann@example.com", "big": 9_007_199_254_740_993_u64}));
    sent["user_id"] = json!("u-1");
    bench.ingest("acme", &json!([sent]));
    let expected = bench.engine.process(sent.to_string().as_bytes(), None).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    assert_eq!(bench.query("acme", &whole())["records"], json!([expected["record"]]));
    assert_eq!(expected["record"]["payload"]["big"], json!(9_007_199_254_740_993_u64));
}

#[test]
fn a_repeated_record_is_stored_once_and_counted() {
    let bench = Bench::new();
    let records = json!([
        record(1, "2026-01-02T00:00:00Z", &json!({})),
        record(2, "2026-01-03T00:00:00Z", &json!({})),
        record(1, "2026-01-02T00:00:00Z", &json!({})),
    ]);
    let first = bench.ingest("acme", &records);
    assert_eq!((&first["accepted"], &first["duplicates"]), (&json!(3), &json!(1)));
    let second = bench.ingest("acme", &records);
    assert_eq!((&second["accepted"], &second["duplicates"]), (&json!(3), &json!(3)));
    assert_eq!(numbers(&bench.query("acme", &whole())), [1, 2]);
}

#[test]
fn a_bad_record_fails_alone_in_its_slot() {
    let bench = Bench::new();
    let good = |n| record(n, "2026-01-02T00:00:00Z", &json!({})).to_string();
    let body = format!("[{},{{\"channel\" oops}},{{\"channel\":\"app\"}},\"text\",{}]", good(1), good(2));
    let verdict = bench.ingest_text("acme", "batch", &body).unwrap();
    let statuses: Vec<_> = verdict["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["accepted", "rejected", "rejected", "rejected", "accepted"]);
    assert_eq!((&verdict["accepted"], &verdict["rejected"]), (&json!(2), &json!(3)));
    assert_eq!(verdict["results"][1]["violations"][0]["code"], "json_invalid");
    assert_eq!(verdict["results"][3]["violations"][0]["code"], "not_object");
    assert_eq!(numbers(&bench.query("acme", &whole())), [1, 2]);
}

#[test]
fn lines_and_single_records_are_bodies_too() {
    let bench = Bench::new();
    let good = |n| record(n, "2026-01-02T00:00:00Z", &json!({})).to_string();
    let lines = format!("{}\r\n\n{{torn\n{}", good(1), good(2));
    let verdict = bench.ingest_text("acme", "ndjson", &lines).unwrap();
    assert_eq!((&verdict["accepted"], &verdict["rejected"]), (&json!(2), &json!(1)));
    assert_eq!(bench.ingest_text("acme", "record", &good(3)).unwrap()["accepted"], 1);
    assert_eq!(bench.ingest_text("acme", "csv", &good(4)), Err(ErrorKind::ArgumentInvalid));
    assert_eq!(bench.ingest_text("acme", "batch", "[1,,2]"), Err(ErrorKind::BatchUnreadable));
    assert_eq!(numbers(&bench.query("acme", &whole())), [1, 2, 3]);
}

#[test]
fn absent_ids_and_times_are_stamped() {
    let bench = Bench::new();
    let bare = json!({"channel": "app", "event": "load", "payload": {}});
    let verdict = bench.ingest("acme", &json!([bare, bare]));
    assert_eq!((&verdict["accepted"], &verdict["duplicates"]), (&json!(2), &json!(0)));
    assert_ne!(verdict["results"][0]["id"], verdict["results"][1]["id"]);
    // The default range: the last 24 hours up to now.
    assert_eq!(bench.query("acme", &json!({}))["records"].as_array().unwrap().len(), 2);
}

#[test]
fn a_record_that_names_another_tenant_is_rejected() {
    let bench = Bench::new();
    let named = |n, tenant| with(record(n, "2026-01-02T00:00:00Z", &json!({})), &json!({"tenant_id": tenant}));
    let verdict = bench.ingest("acme", &json!([named(1, "acme"), named(2, "other")]));
    assert_eq!(verdict["results"][0]["status"], "accepted");
    assert_eq!(verdict["results"][1]["status"], "rejected");
    assert_eq!(verdict["results"][1]["violations"][0]["path"], "/tenant_id");
    assert_eq!(verdict["results"][1]["violations"][0]["code"], "format");
    assert_eq!(numbers(&bench.query("acme", &whole())), [1]);
}

#[test]
fn names_of_tenants_are_checked() {
    let bench = Bench::new();
    for name in ["", "a b", "a/b", "é", "a\0", &"x".repeat(65)] {
        assert_eq!(bench.ingest_text(name, "batch", "[]"), Err(ErrorKind::ArgumentInvalid), "{name:?}");
    }
    assert!(bench.ingest_text(&"x".repeat(64), "batch", "[]").is_ok());
}

#[test]
fn what_was_acknowledged_is_there_after_a_store_that_never_closed() {
    let mut bench = Bench::new();
    bench.ingest("acme", &json!([record(1, "2026-01-02T00:00:00Z", &json!({}))]));
    // The files as a killed process leaves them: logs and all, copied while the store is open.
    let killed = Bench::new();
    killed.store.close();
    for (name, bytes) in bench.files() {
        let folder = if name.starts_with("meta") {
            killed.folder.path().to_owned()
        } else {
            killed.folder.path().join("events")
        };
        // The shared memory of a WAL is rebuilt by the next process.
        if !name.ends_with("-shm") {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
    bench.reopen();
    assert_eq!(numbers(&bench.query("acme", &whole())), [1]);
    let store = Store::open(killed.folder.path().to_str().unwrap(), DIRECT).unwrap();
    assert_eq!(numbers(&serde_json::from_str(&store.query("acme", &whole().to_string()).unwrap()).unwrap()), [1]);
}

#[test]
fn calls_after_close_say_so() {
    let bench = Bench::new();
    bench.store.close();
    bench.store.close();
    assert_eq!(bench.ingest_text("acme", "batch", "[]"), Err(ErrorKind::Closed));
    assert_eq!(bench.store.query("acme", "{}").unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(bench.store.aggregate("acme", "{}").unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(bench.store.stats().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn closing_folds_the_logs_into_the_files() {
    let bench = Bench::new();
    bench.ingest("acme", &json!([record(1, "2026-01-02T00:00:00Z", &json!({}))]));
    bench.query("acme", &whole());
    bench.store.close();
    let mut names: Vec<_> = bench.files().into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["2026-01-02.db", "LOCK", "meta.db"]);
}

#[test]
fn files_of_a_newer_version_are_refused_and_left_alone() {
    let mut bench = Bench::new();
    bench.ingest("acme", &json!([record(1, "2026-01-02T00:00:00Z", &json!({}))]));
    bench.store.close();
    let day = bench.folder.path().join("events/2026-01-02.db");
    let meta = bench.folder.path().join("meta.db");
    raw(&day).pragma_update(None, "user_version", 99).unwrap();
    bench.reopen();
    let error = bench.store.query("acme", &whole().to_string()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreVersion);
    assert!(error.message().contains("2026-01-02.db") && error.message().contains("upgrade"), "{error}");
    let again = json!([record(2, "2026-01-02T00:00:00Z", &json!({}))]).to_string();
    assert_eq!(bench.ingest_text("acme", "batch", &again), Err(ErrorKind::StoreVersion));

    raw(&meta).pragma_update(None, "user_version", 99).unwrap();
    let opened = Store::open(bench.folder.path().to_str().unwrap(), DIRECT);
    assert_eq!(opened.err().map(|e| e.kind()), Some(ErrorKind::StoreVersion));
}

#[test]
fn a_damaged_file_is_an_error_that_names_it() {
    let bench = Bench::new();
    std::fs::write(
        bench.folder.path().join("events/2026-01-02.db"),
        b"this is no database, whatever its name".repeat(40),
    )
    .unwrap();
    let error = bench.store.query("acme", &whole().to_string()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable);
    assert!(error.message().contains("2026-01-02.db") && error.message().contains("damaged"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let opened = Store::open(file.join("store").to_str().unwrap(), DIRECT);
    assert_eq!(opened.err().map(|e| e.kind()), Some(ErrorKind::StoreUnavailable));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let store = Store::open(folder.to_str().unwrap(), DIRECT).unwrap();
    let body = json!([record(1, "2026-01-02T00:00:00Z", &json!({}))]).to_string();
    store.ingest(&Engine::new("{}").unwrap(), "acme", "batch", body.as_bytes(), "{}").unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("events")), 0o700);
    for file in ["meta.db", "events/2026-01-02.db", "events/2026-01-02.db-wal"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
}

#[test]
fn two_stores_share_a_folder() {
    let (one, mut other) = (Bench::new(), Bench::new());
    other.store = Store::open(one.folder.path().to_str().unwrap(), DIRECT).unwrap();
    std::thread::scope(|scope| {
        for (bench, first) in [(&one, 0_u64), (&other, 100)] {
            scope.spawn(move || {
                for n in 0..20 {
                    let timestamp = format!("2026-01-{:02}T00:00:00Z", 1 + n);
                    bench.ingest("acme", &json!([record(first + n, &timestamp, &json!({}))]));
                }
            });
        }
    });
    assert_eq!(numbers(&one.query("acme", &whole())), numbers(&other.query("acme", &whole())));
    assert_eq!(one.stats()["records"], 40);
}

#[test]
fn threads_share_a_store() {
    let bench = Bench::new();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let bench = &bench;
            scope.spawn(move || {
                for n in 0..25 {
                    let records = json!([record(thread * 100 + n, "2026-01-02T00:00:00Z", &json!({}))]);
                    assert_eq!(bench.ingest("acme", &records)["duplicates"], 0);
                    bench.query("acme", &whole());
                }
            });
        }
    });
    assert_eq!(bench.stats()["records"], 100);
}
