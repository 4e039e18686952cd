//! Stores whose files are encrypted.

use std::process::{Command, Stdio};

use super::*;
use crate::ffi::{convert_store, encrypts_stores};
use crate::store::options::TEST_KEY;

const CANARY: &str = "quokkaquartz";
const CONVERTED: &str = "SCRUBJAY_TEST_CONVERTED";

fn key(c: &str) -> String {
    format!("{}=", c.repeat(43))
}

/// Options of a store with a key, or without one.
fn options(key: Option<&str>) -> String {
    json!({"max_past_days": 36_500, "encryption_key": key}).to_string()
}

fn open(folder: &TempDir, key: Option<&str>) -> crate::error::Result<Store> {
    Store::open(folder.path().to_str().unwrap(), &options(key))
}

/// A store with a key, and what it would say of any other test.
fn encrypted(key: Option<&str>) -> Bench {
    let mut bench = Bench::new();
    bench.store.close();
    bench.folder = tempfile::tempdir().unwrap();
    bench.store = open(&bench.folder, key).unwrap();
    bench
}

/// Records of three days and two users, each with the canary, and a decision in the trail.
fn filled(key: Option<&str>) -> Bench {
    let bench = encrypted(key);
    let one = |n: u64| {
        let time = format!("2026-01-{:02}T00:00:00Z", 2 + n % 3);
        let user = if n.is_multiple_of(5) { "ann" } else { "bob" };
        with(record(n, &time, &json!({"note": format!("{CANARY} {n}"), "ms": n})), &json!({"user_id": user}))
    };
    bench.ingest("acme", &json!((0..300).map(one).collect::<Vec<_>>()));
    bench.store.consent_update(&bench.engine, "acme", r#"{"user_id":"carl","purposes":{"analytics":false}}"#).unwrap();
    bench.store.audit_append("acme", r#"{"action":"tested"}"#).unwrap();
    bench.store.settle().unwrap();
    bench
}

/// Everything that can be asked.
fn answers(store: &Store) -> Vec<Value> {
    let figures = json!({"aggregations": ["count", "sum", "p95", "users"], "field": "/payload/ms", "interval": "1d"});
    [
        store.query("acme", &whole().to_string()),
        store.aggregate("acme", &with(whole(), &figures).to_string()),
        store.audit("acme", "{}"),
        store.audit_verify(),
        store.deletions("acme", "{}"),
    ]
    .map(|answer| serde_json::from_str(&answer.unwrap()).unwrap())
    .into()
}

fn holders(bench: &Bench) -> Vec<String> {
    let holds = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    bench.files().into_iter().filter(|(_, bytes)| holds(bytes)).map(|(name, _)| name).collect()
}

fn convert(folder: &std::path::Path, from: Option<&str>, to: Option<&str>) -> crate::error::Result<String> {
    convert_store(folder.to_str().unwrap(), &json!({"from": from, "to": to}).to_string())
}

#[test]
fn every_other_test_of_a_store_passes_with_a_key_too() {
    assert!(encrypts_stores());
    if std::env::var(TEST_KEY).is_ok() {
        return;
    }
    // Those look for records among the bytes of files, and find none here.
    let elsewhere = [
        "store::tests::encrypted",
        "an_erased_user_is_in_no_file",
        "an_erasure_that_was_interrupted_is_finished_by_the_next",
        "store::tests::timing",
    ];
    let done = Command::new(std::env::current_exe().unwrap())
        .arg("store::tests")
        .args(elsewhere.iter().flat_map(|name| ["--skip", name]))
        .env(TEST_KEY, key("E"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && !said.contains(" 0 passed"), "{said}");
}

#[test]
fn what_is_kept_stands_in_no_byte_and_is_found_with_the_key() {
    let bench = filled(Some(&key("E")));
    let names: Vec<_> = bench.files().into_iter().map(|(name, _)| name).collect();
    assert!(names.iter().any(|name| name.ends_with(".db-wal")), "looked at while the logs are there: {names:?}");
    assert_eq!(holders(&bench), [""; 0]);
    assert_eq!(bench.query("acme", &whole())["records"].as_array().unwrap().len(), 300);
    bench.store.vacuum().unwrap();
    bench.store.close();
    assert_eq!(holders(&bench), [""; 0]);
    assert!(bench.files().iter().all(|(_, bytes)| !bytes.starts_with(b"SQLite format 3")));
    // The same without a key shows that this looks at the right places.
    assert!(holders(&filled(None)).len() >= 3);
}

#[test]
fn a_key_that_is_not_the_files_is_refused_and_nothing_is_changed() {
    for (has, given, says) in [
        (Some("E"), None, "no key was given"),
        (Some("E"), Some("A"), "another key"),
        (None, Some("E"), "not encrypted"),
    ] {
        let bench = filled(has.map(key).as_deref());
        bench.store.close();
        let before = bench.files();
        let error = open(&bench.folder, given.map(key).as_deref()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::StoreUnavailable);
        let said = error.message();
        assert!(said.contains(says) && said.contains("meta.db") || said.contains("2026-01-02.db"), "{said}");
        assert!(!said.contains("EEEE") && !said.contains("AAAA"), "{said}");
        assert!(bench.files() == before, "a file was changed");
        open(&bench.folder, has.map(key).as_deref()).unwrap();
    }
}

#[test]
fn a_wrong_key_does_no_harm_to_what_a_killed_process_left() {
    let (bench, mut killed) = (filled(Some(&key("E"))), encrypted(Some(&key("E"))));
    killed.store.close();
    for (name, bytes) in bench.files().into_iter().filter(|(name, _)| name.contains(".db") && !name.ends_with("-shm")) {
        let folder = if name.starts_with("meta") { "." } else { "events" };
        std::fs::write(killed.folder.path().join(folder).join(name), bytes).unwrap();
    }
    for wrong in [None, Some(key("A"))] {
        assert!(open(&killed.folder, wrong.as_deref()).is_err());
    }
    killed.store = open(&killed.folder, Some(&key("E"))).unwrap();
    assert_eq!(answers(&killed.store), answers(&bench.store));
}

#[test]
fn days_of_another_kind_than_the_rest_are_refused() {
    let (plain, sealed) = (filled(None), filled(Some(&key("E"))));
    plain.store.close();
    sealed.store.close();
    let day = |bench: &Bench| bench.folder.path().join("events/2026-01-03.db");
    std::fs::copy(day(&plain), day(&sealed)).unwrap();
    let error = open(&sealed.folder, Some(&key("E"))).err().unwrap();
    assert!(error.message().contains("open 2026-01-03.db: the file is not encrypted"), "{error}");
    // Without `meta.db` the days alone say which key it is.
    for (bench, given) in [(&sealed, None), (&sealed, Some(key("A"))), (&plain, Some(key("E")))] {
        std::fs::remove_file(bench.folder.path().join("meta.db")).ok();
        assert!(open(&bench.folder, given.as_deref()).is_err());
        assert!(!bench.folder.path().join("meta.db").exists());
    }
}

#[test]
fn a_backup_has_the_key_of_its_store() {
    let bench = filled(Some(&key("E")));
    let backup = tempfile::tempdir().unwrap();
    let to = backup.path().join("copy");
    bench.store.backup(to.to_str().unwrap()).unwrap();
    assert!(Store::open(to.to_str().unwrap(), &options(None)).is_err());
    let restored = Store::open(to.to_str().unwrap(), &options(Some(&key("E")))).unwrap();
    assert_eq!(answers(&restored), answers(&bench.store));
    let receipt = bench.store.delete_user(&bench.engine, "acme", "ann", "{}").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&receipt).unwrap()["records"], 60);
    restored.apply_deletions(bench.folder.path().to_str().unwrap()).unwrap();
    let of_ann = with(whole(), &json!({"user_id": "ann"})).to_string();
    assert!(numbers(&serde_json::from_str(&restored.query("acme", &of_ann).unwrap()).unwrap()).is_empty());
}

#[test]
fn a_store_gets_a_key_another_one_and_none_and_answers_alike() {
    let mut bench = filled(None);
    let expected = answers(&bench.store);
    let keys = [None, Some(key("E")), Some(key("A")), None];
    for step in keys.windows(2) {
        let (from, to) = (step[0].as_deref(), step[1].as_deref());
        // Acknowledged, and not indexed yet.
        bench.store.close();
        let files = convert(bench.folder.path(), from, to).unwrap();
        assert_eq!(files, r#"{"files":4}"#);
        let mut names: Vec<_> = bench.files().into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, ["2026-01-02.db", "2026-01-03.db", "2026-01-04.db", "LOCK", "meta.db"]);
        assert_eq!(holders(&bench).is_empty(), to.is_some());
        assert!(open(&bench.folder, from).is_err());
        bench.store = open(&bench.folder, to).unwrap();
        assert_eq!(answers(&bench.store), expected);
        let check: Value = serde_json::from_str(&bench.store.check().unwrap()).unwrap();
        assert_eq!(check["ok"], true);
    }
    // The trail's triggers came along.
    let error = raw(&bench.folder.path().join("meta.db")).execute("DELETE FROM telemetry_audit", []);
    assert!(error.is_err());
}

#[test]
fn what_waits_in_the_log_is_in_the_converted_files() {
    let bench = encrypted(None);
    // An obstacle keeps it in the log.
    let obstacle = bench.folder.path().join("events/2026-01-02.db");
    std::fs::create_dir(&obstacle).unwrap();
    bench.ingest("acme", &json!([record(1, "2026-01-02T00:00:00Z", &json!({"note": CANARY}))]));
    bench.store.close();
    assert!(convert(bench.folder.path(), None, Some(&key("E"))).is_err(), "what waits must not be lost");
    std::fs::remove_dir(&obstacle).unwrap();
    convert(bench.folder.path(), None, Some(&key("E"))).unwrap();
    let store = open(&bench.folder, Some(&key("E"))).unwrap();
    assert_eq!(numbers(&serde_json::from_str(&store.query("acme", &whole().to_string()).unwrap()).unwrap()), [1]);
    assert_eq!(holders(&bench), [""; 0]);
}

#[test]
fn a_store_that_is_open_or_is_none_is_not_converted() {
    let bench = filled(None);
    let error = convert(bench.folder.path(), None, Some(&key("E"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable);
    bench.store.close();
    // Somebody beside the log, who reads.
    let beside = Store::open(bench.folder.path().to_str().unwrap(), DIRECT).unwrap();
    beside.query("acme", &whole().to_string()).unwrap();
    let error = convert(bench.folder.path(), None, Some(&key("E"))).unwrap_err();
    assert!(error.message().contains("somebody has the store open"), "{error}");
    beside.close();
    let store = open(&bench.folder, None).unwrap();
    assert_eq!(answers(&store)[0]["records"].as_array().unwrap().len(), 300, "nothing was changed");
    let none = tempfile::tempdir().unwrap();
    for (from, to, path) in [(None, Some("E"), "/folder"), (None, None, "/to"), (Some("E"), Some("E"), "/to")] {
        let (from, to) = (from.map(key), to.map(key));
        let error = convert(none.path(), from.as_deref(), to.as_deref()).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, path));
    }
    let keys = r#"{"from":null,"to":"hunter2"}"#;
    let error = convert_store(none.path().to_str().unwrap(), keys).unwrap_err();
    assert!(error.path() == "/to" && !error.message().contains("hunter2"), "{error}");
}

/// What a killed process runs. Does nothing unless it is told a folder.
#[test]
fn child() {
    let Ok(folder) = std::env::var(CONVERTED) else { return };
    convert(std::path::Path::new(&folder), None, Some(&key("E"))).unwrap();
}

#[test]
fn a_conversion_that_is_killed_goes_on_where_it_ended() {
    let bench = filled(None);
    let expected = answers(&bench.store);
    bench.store.close();
    let note = bench.folder.path().join("CONVERTING");
    let mut kills = 0;
    // Until one gets through; later ones have more time, so that one does.
    for moment in 1.. {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::encrypted::child", "--test-threads=1"])
            .env(CONVERTED, bench.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // When a process dies is what is tested; no event tells it.
        std::thread::sleep(std::time::Duration::from_millis(2 * moment));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            break;
        }
        if note.exists() {
            kills += 1;
            for key in [None, Some(key("E"))] {
                let error = open(&bench.folder, key.as_deref()).err().unwrap();
                assert!(error.message().contains("interrupted"), "{error}");
            }
        }
    }
    assert!(kills > 0, "none was killed while it converted");
    assert!(!note.exists());
    assert_eq!(holders(&bench), [""; 0]);
    assert_eq!(answers(&open(&bench.folder, Some(&key("E"))).unwrap()), expected);
}

#[test]
fn an_erased_user_is_in_no_row_and_others_stay() {
    let mut bench = filled(Some(&key("E")));
    assert_eq!(bench.delete_user("acme", "ann"), 60);
    bench.store.close();
    // Without a key everything shows.
    convert(bench.folder.path(), Some(&key("E")), None).unwrap();
    let found = |text: &str| {
        bench.files().iter().any(|(_, bytes)| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    assert!(!found(&format!("{CANARY} 5\"")) && found(&format!("{CANARY} 6\"")));
    bench.store = open(&bench.folder, None).unwrap();
    assert_eq!(bench.stats()["records"], 240);
}
