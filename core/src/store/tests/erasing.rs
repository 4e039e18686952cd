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
        let mut connection = database::open(&path, migrate::DAY).unwrap();
        assert!(sqlite::delete(&mut connection, &acme, &["ann".to_owned()]).unwrap() > 0);
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
