//! Spans until they arrive.

use serde_json::Value;

use super::server::{ACCEPTED, Server};
use super::{PATIENCE, client, stats};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn spans_arrive_with_their_places_in_the_trace_children_first() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    {
        let mut request = client.span("request").continuing(PARENT);
        request.attribute("user", "ann@example.com").fail("no answer");
        let query = request.child("query");
        assert!(query.context().to_string().starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
        query.end();
    }
    client.span("other").continuing("nonsense").end();
    assert!(client.flush(PATIENCE), "{}", stats(&client));
    let records = server.next().records();
    let [query, request, other] = &records[..] else { panic!("{records:?}") };
    assert_eq!([&query["name"], &request["name"], &other["name"]], ["query", "request", "other"]);
    assert_eq!(query["parent_span_id"], request["span_id"]);
    assert_eq!(request["parent_span_id"], "b7ad6b7169203331");
    assert_eq!((&query["trace_id"], &request["trace_id"]), (&PARENT[3..35].into(), &PARENT[3..35].into()));
    assert_ne!(other["trace_id"], request["trace_id"]);
    assert!(other["parent_span_id"].is_null(), "what cannot be read begins a new trace");
    assert_eq!((&request["attributes"]["user"], &request["status"]["code"]), (&"[email]".into(), &"error".into()));
    let time = |span: &Value, name: &str| span[name].to_string().trim_matches('"').parse::<u128>().unwrap();
    assert!(time(request, "start_time_unix_nano") <= time(query, "start_time_unix_nano"));
    assert!(time(query, "end_time_unix_nano") <= time(request, "end_time_unix_nano"));
}
