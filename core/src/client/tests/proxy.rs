//! A real proxy on the loopback interface, between a client and a name that only the proxy knows.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::{PATIENCE, config, record};
use crate::client::Client;

/// Answers each request that it is asked to pass on as the collector would, and tells of its head.
fn proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, heads) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map(str::parse::<usize>);
            if let Some(Ok(length)) = length {
                let _ = reader.read_exact(&mut vec![0; length]);
            }
            let _ = tell.send(head);
            let body = r#"{"accepted":1,"rejected":0,"dropped":0,"results":[]}"#;
            let head = format!("HTTP/1.1 200 x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    (format!("http://u:p@{address}"), heads)
}

fn send(endpoint: &str, variables: &[(&str, &str)]) -> bool {
    let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let client = Client::with_world(
        &config(endpoint, |config| config.retry_max_attempts = 1),
        &crate::client::switch::World::of(&lookup),
    )
    .unwrap();
    assert!(client.track(&record(1)));
    assert!(client.flush(PATIENCE));
    client.stats().contains(r#""delivered":1"#)
}

#[test]
fn the_environments_proxy_carries_the_request_and_gets_its_credentials() {
    let (url, heads) = proxy();
    assert!(send("http://collector.invalid:4000", &[("http_proxy", &url)]));
    let head = heads.recv_timeout(PATIENCE).unwrap().to_lowercase();
    assert!(head.starts_with("post http://collector.invalid:4000/api/v1/telemetry/events/batch http/1.1"), "{head}");
    assert!(head.contains("proxy-authorization: basic "), "{head}");
}

#[test]
fn a_host_of_no_proxy_is_reached_without_it_or_not_at_all() {
    let (url, heads) = proxy();
    let variables = [("http_proxy", url.as_str()), ("NO_PROXY", ".invalid,example.com")];
    assert!(!send("http://collector.invalid:4000", &variables));
    assert!(heads.try_recv().is_err());
}

#[test]
fn tls_goes_through_a_tunnel_that_the_proxy_cannot_read() {
    let (url, heads) = proxy();
    // The proxy answers like a collector, which is no tunnel with TLS at its end.
    assert!(!send("https://collector.invalid", &[("HTTPS_PROXY", &url)]));
    let head = heads.recv_timeout(PATIENCE).unwrap().to_lowercase();
    assert!(head.starts_with("connect collector.invalid:443 http/1.1"), "{head}");
    assert!(!head.contains("api/v1"), "{head}");
}
