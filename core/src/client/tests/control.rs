//! Another configuration for a running client, and what it says about itself.

use serde_json::{Value, json};

use super::super::Client;
use super::super::switch::World;
use super::server::{ACCEPTED, Answer, DEAD_ENDPOINT, Request, Server};
use super::{PATIENCE, client, config, record, stats, track};
use crate::config::{ClientConfig, Config};

fn reconfigure(client: &Client, endpoint: &str, change: impl FnOnce(&mut ClientConfig)) -> Value {
    let changed = client.reconfigure_in(&config(endpoint, change), &World::of(&|_| None)).unwrap();
    serde_json::from_str(&changed).unwrap()
}

fn changes(client: &Client, since: u64) -> Value {
    serde_json::from_str(&client.changes(since)).unwrap()
}

#[test]
fn another_endpoint_gets_what_is_queued_and_nothing_is_lost() {
    let (old, new) = (Server::start(|_| ACCEPTED), Server::start(|_| ACCEPTED));
    let client = client(&old.endpoint(), |_| {});
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    track(&client, [2, 3]);
    let changed = reconfigure(&client, &new.endpoint(), |_| {});
    assert_eq!(changed, json!([{"key": "/client/endpoint", "source": "code"}]));
    track(&client, [4]);
    assert!(client.flush(PATIENCE) && client.shutdown(PATIENCE));
    assert_eq!(old.next().events(), ["e0001"]);
    assert_eq!(new.next().events(), ["e0002", "e0003", "e0004"]);
    assert_eq!(stats(&client)["delivered"], 4);
}

#[test]
fn another_configuration_does_not_send_the_books_again() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| config.self_metrics = true);
    for round in 0..3 {
        track(&client, [round]);
        assert!(client.flush(PATIENCE));
        reconfigure(&client, &server.endpoint(), |config| {
            config.self_metrics = true;
            config.batch_max_items = u32::try_from(10 + round).unwrap();
        });
    }
    assert!(client.shutdown(PATIENCE));
    let records: Vec<Value> = server.rest().iter().flat_map(Request::records).collect();
    let told = records.iter().filter(|record| record["name"] == "scrubjay.client.pending").count();
    assert_eq!(told, 1, "once a minute");
}

#[test]
fn a_request_in_flight_ends_where_it_began() {
    let (release, signal) = std::sync::mpsc::channel();
    let mut signal = Some(signal);
    let old = Server::start(move |_| signal.take().map_or(ACCEPTED, Answer::After));
    let new = Server::start(|_| ACCEPTED);
    let client = client(&old.endpoint(), |config| config.batch_max_items = 2);
    track(&client, 0..3);
    assert_eq!(old.next().events(), ["e0000", "e0001"]);
    reconfigure(&client, &new.endpoint(), |config| config.batch_max_items = 2);
    drop(release);
    assert!(client.flush(PATIENCE));
    assert_eq!(new.next().events(), ["e0002"]);
    assert_eq!(stats(&client)["delivered"], 3);
}

#[test]
fn a_wrong_configuration_changes_nothing() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    let mut wrong = Config::default();
    wrong.client.enabled = Some(true);
    let error = client.reconfigure_in(&wrong, &World::of(&|_| None)).unwrap_err();
    assert_eq!(error.path(), "/client/endpoint");
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    assert_eq!(server.next().events(), ["e0001"]);
}

#[test]
fn a_client_that_is_turned_off_forgets_what_it_holds_and_can_be_turned_on() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    track(&client, 0..3);
    reconfigure(&client, &server.endpoint(), |config| config.enabled = Some(false));
    assert!(!client.track(&record(4)));
    reconfigure(&client, &server.endpoint(), |_| {});
    track(&client, [5]);
    assert!(client.flush(PATIENCE));
    assert_eq!(server.next().events(), ["e0005"]);
    let stats = stats(&client);
    assert_eq!([&stats["delivered"], &stats["dropped"]["consent"]], [1, 3]);
}

#[test]
fn without_upload_records_wait_until_it_is_switched_on() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| config.upload_enabled = false);
    track(&client, 0..3);
    assert!(!client.flush(PATIENCE), "and does not wait for what will not come");
    assert_eq!([&stats(&client)["pending"], &stats(&client)["requests"]], [3, 0]);
    reconfigure(&client, &server.endpoint(), |_| {});
    assert!(client.flush(PATIENCE));
    assert_eq!(server.next().events().len(), 3);
    reconfigure(&client, &server.endpoint(), |config| config.upload_enabled = false);
    track(&client, [4]);
    assert!(!client.flush(PATIENCE) && server.rest().is_empty());
}

#[test]
fn listeners_learn_what_changed_and_each_change_once() {
    let client = client(DEAD_ENDPOINT, |_| {});
    assert_eq!(changes(&client, 0), json!({"next": 0, "changes": []}));
    reconfigure(&client, DEAD_ENDPOINT, |config| config.enabled = Some(false));
    let changed = json!([{"key": "/client/enabled", "source": "code"}]);
    let change = json!({"kind": "config", "enabled": false, "disabled_by": "configuration", "changed": changed});
    assert_eq!(changes(&client, 0), json!({"next": 1, "changes": [change]}));
    assert_eq!(changes(&client, 1), json!({"next": 1, "changes": []}));
}

#[test]
fn the_status_names_who_decided_each_value_and_shows_no_secret() {
    let variables = |name: &str| match name {
        "TELEMETRY_API_KEY" => Some("hunter2".to_owned()),
        "TELEMETRY_BATCH_SIZE" => Some("7".to_owned()),
        "OTEL_BSP_SCHEDULE_DELAY" => Some("soon".to_owned()),
        _ => None,
    };
    let mut world = World::of(&variables);
    world.names = vec!["TELEMETRY_BATCHSIZE".to_owned()];
    let client = Client::with_world(&config("http://127.0.0.1:1", |_| {}), &world).unwrap();
    let text = client.status();
    assert!(!text.contains("hunter2"), "{text}");
    let status: Value = serde_json::from_str(&text).unwrap();
    let row = |key: &str| status["values"].as_array().unwrap().iter().find(|row| row["key"] == key).unwrap().clone();
    let told = |key: &str| json!([row(key)["value"], row(key)["source"], row(key)["variable"]]);
    assert_eq!(told("/client/batch_max_items"), json!([7, "environment", "TELEMETRY_BATCH_SIZE"]));
    assert_eq!(told("/client/endpoint"), json!(["http://127.0.0.1:1", "code", null]));
    assert_eq!(told("/client/batch_max_bytes"), json!([524_288, "default", null]));
    assert_eq!((&row("/client/api_key")["is_set"], row("/client/api_key").get("value")), (&json!(true), None));
    assert_eq!(row("/privacy/pseudonym_key")["is_set"], false);
    let warnings = status["warnings"].as_array().unwrap();
    assert!(warnings[0].as_str().unwrap().contains("did you mean TELEMETRY_BATCH_SIZE?"), "{warnings:?}");
    assert!(warnings[1].as_str().unwrap().contains("OTEL_BSP_SCHEDULE_DELAY"), "{warnings:?}");
    assert_eq!((&status["enabled"], &status["consent"]["state"]), (&json!(true), &json!("absent")));
}

#[test]
fn the_doctor_finds_what_is_wrong_and_says_what_to_do() {
    let examined = |client: &Client| -> Value { serde_json::from_str(&client.doctor()).unwrap() };
    let state = |report: &Value, name: &str| -> Value {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap()["state"].clone()
    };
    let server = Server::start(|n| match n {
        0 => ACCEPTED,
        1 => Answer::Status(401, ""),
        _ => Answer::Status(404, ""),
    });
    let healthy = examined(&client(&server.endpoint(), |_| {}));
    assert_eq!((&healthy["ok"], state(&healthy, "authentication")), (&json!(true), json!("ok")), "{healthy}");
    let unknown = examined(&client(&server.endpoint(), |_| {}));
    assert_eq!((&unknown["ok"], state(&unknown, "authentication")), (&json!(false), json!("failed")));
    let elsewhere = examined(&client(&server.endpoint(), |_| {}));
    assert_eq!(
        (state(&elsewhere, "endpoint"), state(&elsewhere, "authentication")),
        (json!("failed"), json!("skipped"))
    );
    let dead = examined(&client(DEAD_ENDPOINT, |_| {}));
    assert_eq!(state(&dead, "endpoint"), "failed");
    let off = examined(&client(DEAD_ENDPOINT, |config| config.enabled = Some(false)));
    assert_eq!(
        (&off["ok"], state(&off, "switches"), state(&off, "endpoint")),
        (&json!(true), json!("warning"), json!("skipped"))
    );
}
