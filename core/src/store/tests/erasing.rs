//! What is erased is gone from the bytes on disk.

use super::*;
use crate::store::{Day, Tenant, database, migrate, sqlite};

/// Text that the engine leaves as it is, and that stands nowhere else.
const CANARY: &str = "quokkaquartz";

fn holders(bench: &Bench, canary: &str) -> Vec<String> {
    let holds = |bytes: &[u8]| bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
    bench.files().into_iter().filter(|(_, bytes)| holds(bytes)).map(|(name, _)| name).collect()
}

/// Batches that mix users and sizes, so that rows move between pages and spill over.
fn mixed(bench: &Bench) {
    for round in 0..20_u64 {
        let records: Vec<_> = (0..200_u64)
            .map(|i| {
                let n = round * 200 + i;
                let mine = n % 7 == 0;
                let filler = "z".repeat(usize::try_from(n * 131 % 3_000).unwrap());
                let note = if mine { format!("{CANARY} {filler} {CANARY}") } else { filler };
                let timestamp = format!("2026-01-{:02}T00:00:{:02}.{:06}Z", 2 + n % 3, n % 60, n * 7_919 % 1_000_000);
                let more = json!({"user_id": if mine { "ann" } else { "bob" }, "event": format!("e{}", n % 11)});
                with(record(n, &timestamp, &json!({"note": note})), &more)
            })
            .collect();
        assert_eq!(bench.ingest("acme", &json!(records))["accepted"], 200);
    }
}

#[test]
fn an_erased_user_is_in_no_file_and_others_stay() {
    let bench = Bench::new();
    mixed(&bench);
    bench.query("acme", &whole());
    assert!(holders(&bench, CANARY).len() >= 3, "the canary is on disk at first");
    let deleted = bench.delete_user("acme", "ann");
    assert_eq!(deleted, (0..4_000).filter(|n| n % 7 == 0).count() as u64);
    assert_eq!(holders(&bench, CANARY), [""; 0]);
    let count = bench.aggregate("acme", &with(whole(), &json!({"group_by": ["user_id"]})));
    assert_eq!(count["buckets"], json!([{"group": {"user_id": "bob"}, "count": 4_000 - deleted}]));
    assert_eq!(bench.stats()["records"], 4_000 - deleted);
}

#[test]
fn an_erasure_that_was_interrupted_is_finished_by_the_next() {
    let mut bench = Bench::new();
    mixed(&bench);
    bench.store.close();
    // As after a crash between the commit and the rewrite.
    let acme = Tenant::new("acme").unwrap();
    for day in ["2026-01-02", "2026-01-03", "2026-01-04"] {
        let path = bench.folder.path().join(format!("events/{day}.db"));
        let mut connection = database::open(&path, migrate::DAY, &cipher()).unwrap();
        let ann = sqlite::Erased { tenant: acme.clone(), user: "ann".to_owned(), until: i64::MAX };
        assert!(sqlite::delete(&mut connection, &[ann]).unwrap() > 0);
    }
    assert!(!holders(&bench, CANARY).is_empty(), "copies in unused space");
    bench.reopen();
    assert_eq!(bench.delete_user("acme", "ann"), 0);
    assert_eq!(holders(&bench, CANARY), [""; 0]);
}

#[test]
fn erasing_reaches_one_user_of_one_tenant() {
    let bench = Bench::new();
    for tenant in ["acme", "other"] {
        let of = |n, user: &str| with(record(n, "2026-01-02T00:00:00Z", &json!({})), &json!({"user_id": user}));
        bench.ingest(tenant, &json!([of(1, "ann"), of(2, "bob")]));
    }
    assert_eq!(bench.delete_user("acme", "ann"), 1);
    assert_eq!(bench.delete_user("acme", "ann"), 0);
    assert_eq!(numbers(&bench.query("acme", &whole())), [2]);
    assert_eq!(numbers(&bench.query("other", &whole())), [1, 2]);
}

#[test]
fn names_that_only_an_erased_user_had_are_in_no_file() {
    let bench = Bench::new();
    let of = |n, user: &str, event: &str| {
        with(record(n, "2026-01-02T00:00:00Z", &json!({})), &json!({"user_id": user, "event": event}))
    };
    bench.ingest("acme", &json!([of(1, "ann", CANARY), of(2, "ann", "shared"), of(3, "bob", "shared")]));
    bench.delete_user("acme", "ann");
    assert_eq!(holders(&bench, CANARY), [""; 0]);
    assert_eq!(holders(&bench, "shared").len(), usize::from(!cipher().is_on()), "what is encrypted does not show");
    // Its number is given again, to another name.
    bench.ingest("acme", &json!([of(4, "bob", "fresh"), of(5, "carl", "shared")]));
    let count = bench.aggregate("acme", &with(whole(), &json!({"group_by": ["event", "user_id"]})));
    let groups: Vec<_> =
        count["buckets"].as_array().unwrap().iter().map(|bucket| bucket["group"].to_string()).collect();
    let group = |event: &str, user: &str| json!({"event": event, "user_id": user}).to_string();
    assert_eq!(groups, [group("fresh", "bob"), group("shared", "bob"), group("shared", "carl")]);
}

#[test]
fn another_erasure_in_a_file_that_grew_meanwhile_is_as_thorough() {
    let bench = Bench::new();
    mixed(&bench);
    assert!(bench.delete_user("acme", "ann") > 0);
    let more = |n: u64| {
        let note = format!("{CANARY} {}", "y".repeat(usize::try_from(n * 57 % 2_000).unwrap()));
        let timestamp = format!("2026-01-02T00:00:{:02}.{:06}Z", n % 60, n * 7_919 % 1_000_000);
        let user = if n.is_multiple_of(2) { "eve" } else { "bob" };
        with(record(10_000 + n, &timestamp, &json!({"note": note})), &json!({"user_id": user}))
    };
    for round in 0..5 {
        bench.ingest("acme", &json!((round * 200..(round + 1) * 200).map(more).collect::<Vec<_>>()));
    }
    assert_eq!(bench.delete_user("acme", "eve"), 500);
    assert_eq!(bench.delete_user("acme", "bob"), (0..4_000).filter(|n| n % 7 != 0).count() as u64 + 500);
    assert_eq!(holders(&bench, CANARY), [""; 0]);
    assert_eq!(bench.stats()["records"], 0);
    let check: Value = serde_json::from_str(&bench.store.check().unwrap()).unwrap();
    assert_eq!(check["ok"], true);
}

#[test]
fn an_erasure_beside_a_backup_and_another_process_writing_leaves_sound_files() {
    let bench = Bench::new();
    mixed(&bench);
    let other = crate::ffi::Store::open(bench.folder.path().to_str().unwrap(), DIRECT).unwrap();
    let copies = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..20_u64 {
                let body = json!([record(20_000 + n, "2026-01-03T00:00:01Z", &json!({"n": n}))]).to_string();
                other.ingest(&bench.engine, "acme", "batch", body.as_bytes(), "{}").unwrap();
            }
        });
        scope.spawn(|| {
            for n in 0..3 {
                bench.store.backup(copies.path().join(n.to_string()).to_str().unwrap()).unwrap();
            }
        });
        assert!(bench.delete_user("acme", "ann") > 0);
    });
    // What the other one had in its cache is not written again.
    let late = json!([record(30_000, "2026-01-03T00:00:02Z", &json!({}))]).to_string();
    other.ingest(&bench.engine, "acme", "batch", late.as_bytes(), "{}").unwrap();
    other.close();
    assert_eq!(holders(&bench, CANARY), [""; 0]);
    for folder in
        std::iter::once(bench.folder.path().to_owned()).chain((0..3).map(|n| copies.path().join(n.to_string())))
    {
        let store = crate::ffi::Store::open(folder.to_str().unwrap(), DIRECT).unwrap();
        let check: Value = serde_json::from_str(&store.check().unwrap()).unwrap();
        assert_eq!(check["ok"], true, "{check}");
    }
}

#[test]
fn retention_unlinks_whole_days() {
    let bench = Bench::new();
    let on = |n: u64| record(n, &format!("2026-01-{n:02}T23:59:59Z"), &json!({"note": format!("{CANARY}{n}")}));
    bench.ingest("acme", &json!((1..=5).map(on).collect::<Vec<_>>()));
    bench.query("acme", &whole());
    let dropped = bench.store.0.events().drop_before(Day::parse("2026-01-04").unwrap()).unwrap();
    assert_eq!(dropped, 3);
    let mut names: Vec<_> = bench.files().into_iter().map(|(name, _)| name).filter(|n| n.starts_with("2026")).collect();
    names.retain(|name| !name.starts_with("2026-01-04") && !name.starts_with("2026-01-05"));
    assert_eq!(names, [""; 0]);
    assert_eq!(holders(&bench, &format!("{CANARY}3")), [""; 0]);
    assert_eq!(numbers(&bench.query("acme", &whole())), [4, 5]);
    // A record that arrives late makes its day anew.
    bench.ingest("acme", &json!([on(2)]));
    assert_eq!(numbers(&bench.query("acme", &whole())), [2, 4, 5]);
}

#[test]
fn statistics_count_days_records_tenants_and_bytes() {
    let bench = Bench::new();
    assert_eq!(
        bench.store.stats().unwrap(),
        r#"{"records":0,"days":[],"bytes":0,"tenants":0,"refused":0,"ingest_log":null}"#
    );
    let on = |n: u64| record(n, &format!("2026-01-{:02}T00:00:00Z", 1 + n / 2), &json!({}));
    bench.ingest("acme", &json!((0..4).map(on).collect::<Vec<_>>()));
    bench.ingest("other", &json!([on(9)]));
    let stats = bench.stats();
    let days: Vec<_> = stats["days"].as_array().unwrap().iter().map(|day| (&day["day"], &day["records"])).collect();
    assert_eq!(
        days,
        [(&json!("2026-01-01"), &json!(2)), (&json!("2026-01-02"), &json!(2)), (&json!("2026-01-05"), &json!(1))]
    );
    assert_eq!((&stats["records"], &stats["tenants"]), (&json!(5), &json!(2)));
    let bytes = |value: &Value| value["bytes"].as_u64().unwrap();
    assert_eq!(bytes(&stats), stats["days"].as_array().unwrap().iter().map(bytes).sum::<u64>());
    assert!(bytes(&stats) > 0);
}
