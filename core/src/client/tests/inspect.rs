//! A look into the spool.

use serde_json::Value;

use crate::ffi;

use super::server::{ACCEPTED, DEAD_ENDPOINT, Server};
use super::{PATIENCE, client, track};

fn inspect(dir: &str) -> Value {
    serde_json::from_str(&ffi::spool_inspect(dir).unwrap()).unwrap()
}

#[test]
fn a_person_sees_what_waits_who_owns_it_and_what_became_of_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("spool").to_str().unwrap().to_owned();
    let durable = |endpoint: &str| {
        client(endpoint, |config| {
            config.spool.dir = Some(dir.clone());
            config.durable = true;
        })
    };
    let server = Server::start(|_| ACCEPTED);
    let first = durable(&server.endpoint());
    track(&first, 0..3);
    assert!(first.flush(PATIENCE) && first.shutdown(PATIENCE));
    let second = durable(DEAD_ENDPOINT);
    track(&second, 3..5);
    let seen = inspect(&dir);
    let slot = &seen["slots"][0];
    assert_eq!([&seen["waiting"], &slot["acknowledged"], &slot["next"]], [2, 4, 6], "{seen}");
    assert_eq!(slot["owner"], std::process::id().to_string());
    assert_eq!(slot["ended"]["delivered"], 3);
    assert_eq!(slot["segments"][0]["sealed"], false);
    let records = String::from_utf8(ffi::spool_records(&dir).unwrap()).unwrap();
    let events: Vec<String> = records
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(events, ["e0003", "e0004"]);
    assert!(second.shutdown(PATIENCE));
    assert!(inspect(&dir)["slots"][0]["owner"].is_null());

    assert_eq!(ffi::spool_purge(&dir, Some(3_600)).unwrap(), r#"{"records":0,"bytes":0,"segments":0}"#);
    assert!(ffi::spool_purge(&dir, None).unwrap().starts_with(r#"{"records":2,"#));
    assert_eq!(inspect(&dir)["waiting"], 0);
}

#[test]
fn a_folder_that_is_not_there_is_an_error_that_says_so() {
    let error = ffi::spool_inspect("/nowhere/at/all").unwrap_err();
    assert_eq!((error.kind().code(), error.message()), ("store_unavailable", "there is no such folder"));
}
