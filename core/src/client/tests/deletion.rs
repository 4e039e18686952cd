//! A user's wish to be deleted reaches the collector, whatever happens before it does.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::Client;
use super::super::doctor::examine;
use super::super::settings::Settings;
use super::super::switch::World;
use super::server::{Answer, DEAD_ENDPOINT, Request, Server};
use super::{PATIENCE, config, record, stats, track};
use crate::config::{Config, Purpose};
use crate::error::ErrorKind;

const USER: &str = "ann/7 ü";
const PATH: &str = "delete /api/v1/telemetry/data/ann%2f7%20%c3%bc http/1.1";

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn configured(home: &TempDir, endpoint: &str) -> Config {
    let mut config = config(endpoint, |client| {
        client.state_dir = Some(home.path().join("state").display().to_string());
        client.api_key = Some("k1".to_owned());
    });
    config.privacy.hash_identifiers = Some(false);
    config
}

fn made(config: &Config) -> Client {
    Client::with_world(config, &World::of(&|_| None)).unwrap()
}

fn at(home: &TempDir, endpoint: &str) -> Client {
    made(&configured(home, endpoint))
}

fn receipt() -> Answer {
    Answer::Body(r#"{"request_id":"r-1","records":7}"#.to_owned())
}

fn deletions(client: &Client) -> Value {
    serde_json::from_str::<Value>(&client.status()).unwrap()["deletions"].clone()
}

fn events(client: &Client) -> Vec<String> {
    let history: Vec<Value> = serde_json::from_str(&client.consent_history().unwrap()).unwrap();
    history
        .iter()
        .map(|entry| format!("{} {}", entry["event"].as_str().unwrap(), entry["source"].as_str().unwrap()))
        .collect()
}

fn line(request: &Request) -> &str {
    request.head.lines().next().unwrap()
}

#[test]
fn a_deletion_is_asked_for_until_the_collector_confirms_it_and_the_trail_says_so() {
    let home = home();
    let server = Server::start(|n| if n == 0 { Answer::Status(503, "") } else { receipt() });
    let client = at(&home, &server.endpoint());
    client.request_deletion(USER, None, "settings").unwrap();
    for _ in 0..2 {
        let request = server.next();
        assert_eq!((line(&request), request.body.as_str()), (PATH, ""));
        assert!(request.head.contains("authorization: bearer k1") && !request.head.contains("content-type"));
    }
    assert!(client.shutdown(PATIENCE));
    assert_eq!(deletions(&client), json!({"pending": 0, "last_error": null}));
    assert_eq!(events(&client), ["deletion_requested settings", "deletion_confirmed r-1"]);
    assert!(client.consent_verify().unwrap().contains(r#""broken_at":null"#));
    assert!(!std::fs::read_to_string(home.path().join("state/consent.jsonl")).unwrap().contains("ann"));
}

#[test]
fn an_opt_out_loses_no_deletion_and_sends_nothing_else() {
    let home = home();
    let server = Server::start(|n| if n == 0 { Answer::Status(503, "") } else { receipt() });
    let client = at(&home, &server.endpoint());
    track(&client, 0..3);
    client.request_deletion(USER, None, "settings").unwrap();
    assert_eq!(line(&server.next()), PATH);
    client.opt_out(&Purpose::ALL, "settings").unwrap();
    assert!(!client.track(&record(4)));
    assert_eq!(line(&server.next()), PATH, "tried again although nothing is collected");
    assert!(client.shutdown(PATIENCE));
    assert_eq!(deletions(&client)["pending"], 0);
    assert_eq!((&stats(&client)["requests"], server.rest().len()), (&json!(0), 0));
}

#[test]
fn a_deletion_that_waits_is_private_and_tried_by_the_next_process_although_nothing_is_collected() {
    let home = home();
    let first = at(&home, DEAD_ENDPOINT);
    first.request_deletion(USER, None, "settings").unwrap();
    first.request_deletion(USER, None, "settings").unwrap();
    assert!(first.shutdown(PATIENCE));
    assert_eq!(deletions(&first), json!({"pending": 1, "last_error": "connect failed"}));
    let file = home.path().join("state/deletions.json");
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions()) & 0o777,
        0o600
    );
    first.opt_out(&Purpose::ALL, "settings").unwrap();

    // The collector is back, at the address that was configured then.
    let server = Server::start(|_| receipt());
    let text = std::fs::read_to_string(&file).unwrap().replace(DEAD_ENDPOINT, &server.endpoint());
    std::fs::write(&file, text).unwrap();
    let mut silent = configured(&home, &server.endpoint());
    silent.client.enabled = Some(false);
    let next = made(&silent);
    assert_eq!(line(&server.next()), PATH);
    assert!(next.shutdown(PATIENCE));
    assert_eq!(deletions(&next)["pending"], 0);
}

#[test]
fn only_the_collector_that_was_configured_then_is_told() {
    let home = home();
    assert!(at(&home, DEAD_ENDPOINT).request_deletion(USER, None, "settings").is_ok());
    let other = Server::start(|_| receipt());
    let client = at(&home, &other.endpoint());
    assert_eq!(deletions(&client)["pending"], 0);
    assert!(client.shutdown(PATIENCE));
    assert!(other.rest().is_empty());
}

#[test]
fn a_collector_that_refuses_leaves_the_deletion_pending_and_the_status_says_why() {
    let (home, server) = (home(), Server::start(|_| Answer::Status(403, "")));
    let client = at(&home, &server.endpoint());
    client.request_deletion(USER, None, "settings").unwrap();
    assert_eq!(line(&server.next()), PATH);
    assert!(client.shutdown(PATIENCE));
    let state = deletions(&client);
    let reason = state["last_error"].as_str().unwrap();
    assert_eq!(state["pending"], 1);
    for word in ["status 403: ", "privacy_officer", "admin", "TELEMETRY_API_KEY"] {
        assert!(reason.contains(word), "{reason}");
    }
}

fn doctor(config: &Config) -> Value {
    let settings = Settings::new(config, &World::of(&|_| None)).unwrap();
    let report = examine(&settings);
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == "deletions").unwrap().clone()
}

#[test]
fn the_doctor_asks_whether_the_collector_heeds_a_deletion_that_waits() {
    let home = home();
    let refusing = Server::start(|_| Answer::Status(403, ""));
    let config = configured(&home, &refusing.endpoint());
    assert_eq!(doctor(&config)["message"], "none waits");
    let client = made(&config);
    client.request_deletion(USER, None, "settings").unwrap();
    assert!(client.shutdown(PATIENCE));
    refusing.rest();
    let check = doctor(&config);
    assert_eq!(check["state"], "failed", "{check}");
    assert!(check["message"].as_str().unwrap().contains("1 wait: status 403: "), "{check}");
    let asked: Vec<String> = refusing.rest().iter().map(|request| line(request).to_owned()).collect();
    assert!(asked.contains(&"get /api/v1/telemetry/deletions http/1.1".to_owned()), "{asked:?}");
    assert!(!asked.iter().any(|line| line.starts_with("delete")), "a look deletes nothing: {asked:?}");
}

#[test]
fn the_collector_is_asked_by_the_pseudonym_under_which_it_knows_the_user() {
    let (home, server) = (home(), Server::start(|_| receipt()));
    let mut config = configured(&home, &server.endpoint());
    config.privacy.hash_identifiers = Some(true);
    config.privacy.pseudonym_key = Some("sixteen bytes or more".to_owned());
    let client = made(&config);
    client.request_deletion(USER, Some("acme"), "settings").unwrap();
    let head = server.next().head;
    assert!(head.starts_with("delete /api/v1/telemetry/data/[hash:") || head.contains("data/%5bhash"), "{head}");
    assert!(!head.contains("ann"));
    assert!(client.shutdown(PATIENCE));
}

#[test]
fn what_cannot_be_deleted_is_refused_at_once() {
    let home = home();
    let kind = |config: &Config, user: &str, source: &str| {
        let error = made(config).request_deletion(user, None, source).unwrap_err();
        assert!(!error.to_string().contains(USER), "{error}");
        error.kind()
    };
    let config = configured(&home, DEAD_ENDPOINT);
    for user in ["", ".", "..", &"x".repeat(256)] {
        assert_eq!(kind(&config, user, "settings"), ErrorKind::ArgumentInvalid, "{user}");
    }
    assert_eq!(kind(&config, USER, ""), ErrorKind::ArgumentInvalid);
    let mut removed = config.clone();
    removed.privacy.hash_identifiers = None;
    assert_eq!(kind(&removed, USER, "settings"), ErrorKind::ArgumentInvalid, "nobody can be found");
    // What stands for many in records: a placeholder, a mask, the rest of an e-mail address; and a box, which is another
    // in each record.
    let sealed = format!("[sealed:{}]", "a".repeat(64));
    for user in ["[removed]", "[identifier]", "[email:2]", "[card:mask:1111]", "ann@example.com", "x [ipv4]", &sealed] {
        assert_eq!(kind(&config, user, "settings"), ErrorKind::ArgumentInvalid, "{user}");
    }
    let key: Value = serde_json::from_str(&crate::ffi::seal_keypair().unwrap()).unwrap();
    let mut boxed = config.clone();
    boxed.privacy.pseudonym_key = Some("sixteen bytes or more".to_owned());
    boxed.privacy.hash_identifiers = Some(true);
    boxed.privacy.seal = Some(crate::config::SealConfig {
        public_key: key["public_key"].as_str().unwrap().to_owned(),
        rules: vec!["identifier".to_owned()],
    });
    assert_eq!(kind(&boxed, USER, "settings"), ErrorKind::ArgumentInvalid, "another box in each record");
    // Whoever has the pseudonym may name it.
    let token = format!("[hash:{}]", "0".repeat(32));
    assert!(made(&config).request_deletion(&token, None, "settings").is_ok());
    let mut nowhere = config.clone();
    nowhere.client.enabled = None;
    nowhere.client.endpoint = None;
    assert_eq!(kind(&nowhere, USER, "settings"), ErrorKind::ConfigInvalid);
    let mut damaged = config;
    damaged.client.state_dir = Some(home.path().join("damaged").display().to_string());
    std::fs::create_dir(home.path().join("damaged")).unwrap();
    std::fs::write(home.path().join("damaged/deletions.json"), "{").unwrap();
    assert_eq!(kind(&damaged, USER, "settings"), ErrorKind::ConsentUnavailable);
}

#[test]
fn nothing_leaves_while_uploads_are_off() {
    let (home, server) = (home(), Server::start(|_| receipt()));
    let mut config = configured(&home, &server.endpoint());
    config.client.upload_enabled = false;
    let client = made(&config);
    client.request_deletion(USER, None, "settings").unwrap();
    assert!(client.shutdown(PATIENCE) && server.rest().is_empty());
    assert_eq!(deletions(&client)["pending"], 1);
}
