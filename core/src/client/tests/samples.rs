//! Performance samples and reports of replays on R4's routes.

use serde_json::Value;

use super::server::{ACCEPTED, Answer, Server};
use super::{PATIENCE, client, stats, track};

const SAMPLE: &str = r#"{"schema":"perf_sample_v1","id":"019dfc1d-8fa8-7707-8707-0707070707af","opt_in":true,"platform":"ios","fps":60,"frame_time_ms":16.67,"event_replay_rate":9,"sampling_interval_ms":100,"metadata":{"mail":"ann@example.com"}}"#;
const REPORT: &str = r#"{"schema":"replay_inconsistency_v1","id":"019dfc1d-8fa8-7707-8707-0707070707b0","document_id":"d","state_hash_before":"a","state_hash_after":"b"}"#;

fn body(request: &super::server::Request) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

#[test]
fn each_sample_and_report_goes_scrubbed_to_its_route_under_its_own_id_and_the_rest_in_batches() {
    let server = Server::start(|n| if n == 0 { ACCEPTED } else { Answer::Taken });
    let client = client(&server.endpoint(), |config| config.export.sample_routes = true);
    assert!(client.track(SAMPLE.as_bytes()));
    track(&client, [1, 2]);
    assert!(client.track(REPORT.as_bytes()));
    assert!(client.track(SAMPLE.replace("07af", "07b1").as_bytes()));
    let preview: Value = serde_json::from_str(&client.preview()).unwrap();
    assert!(client.flush(PATIENCE));
    let requests = server.rest();
    let routes: Vec<&str> = requests.iter().filter_map(|request| request.head.split(' ').nth(1)).collect();
    let sample = "/v1/telemetry/perf-sample";
    assert_eq!(routes, ["/api/v1/telemetry/events/batch", sample, sample, "/v1/telemetry/replay-inconsistency"]);
    for (at, request) in requests.iter().enumerate().skip(1) {
        let sent = body(request);
        assert!(request.head.contains(&format!("x-correlation-id: {}\r\n", sent["id"].as_str().unwrap())));
        assert_eq!(preview[at]["headers"]["x-correlation-id"], sent["id"]);
        assert_eq!(preview[at]["body"].as_str(), Some(request.body.as_str()));
        assert!(preview[at]["to"].as_str().unwrap().ends_with(routes[at]));
    }
    let first = body(&requests[1]);
    assert_eq!([&first["telemetryOptIn"], &first["frameTimeMs"]], [&Value::from(true), &Value::from(16.67)]);
    assert_eq!(first["metadata"]["mail"], "[email]");
    assert_eq!([&stats(&client)["delivered"], &stats(&client)["requests"]], [5, 4]);
}

#[test]
fn a_sample_that_the_route_refuses_is_rejected_and_one_that_it_cannot_take_now_is_sent_again() {
    let server = Server::start(|n| match n {
        0 => Answer::Status(400, ""),
        1 => Answer::Status(503, ""),
        _ => Answer::Taken,
    });
    let client = client(&server.endpoint(), |config| config.export.sample_routes = true);
    assert!(client.track(SAMPLE.as_bytes()) && client.track(REPORT.as_bytes()));
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["dropped"]["rejected"], &stats["delivered"], &stats["retries"]], [1, 1, 1]);
    let requests = server.rest();
    assert_eq!(requests[1].body, requests[2].body, "the same id in the same bytes");
}

#[test]
fn without_the_key_samples_travel_in_batches() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    assert!(client.track(SAMPLE.as_bytes()) && client.track(REPORT.as_bytes()));
    assert!(client.flush(PATIENCE));
    assert_eq!(server.next().records().len(), 2);
    assert!(server.rest().is_empty());
}
