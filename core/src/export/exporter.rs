//! The way out of the client: makes requests of records, sends them, and reads what came of them.

use std::io::Write;
use std::time::Instant;

use parking_lot::Mutex;

use super::body::compress;
use super::breaker::{Breaker, Permit};
use super::http::post;
use super::target::{Destination, Http, Otlp, OtlpRoute, Target};
use super::{Failure, Signal, Verdict, file, otlp};

/// A request as it will be sent, any number of times: the same ids in the same bytes.
pub(crate) struct Request {
    signal: Signal,
    body: Vec<u8>,
    /// Records that the caller handed over.
    records: u64,
    /// Those of them that have no form in the request.
    left_out: u64,
}

impl Request {
    /// The size of what travels.
    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }
}

/// Every signal.
const SIGNALS: [Signal; 3] = [Signal::Logs, Signal::Metrics, Signal::Traces];

/// Sends to one target. Lives on the worker's runtime.
pub(crate) struct Exporter<'a> {
    target: &'a Target,
    /// One for each signal, as in [`SIGNALS`], the same where they are reached alike; none where the target is not reached
    /// over HTTP.
    http: Vec<reqwest::Client>,
    breaker: Mutex<Breaker>,
}

impl<'a> Exporter<'a> {
    pub(crate) fn new(target: &'a Target) -> Result<Self, Failure> {
        let http = match &target.destination {
            Destination::Collector(http, url) => vec![http.connection.open(&[url])?],
            Destination::Otlp(otlp) => clients(otlp)?,
            Destination::File(_) | Destination::Console => Vec::new(),
        };
        Ok(Self { target, http, breaker: Mutex::new(Breaker::new(target.breaker)) })
    }

    /// Until when nothing may be sent, because too much failed in a row. Whoever is told nothing has to send.
    pub(crate) fn suspended(&self, now: Instant) -> Option<Instant> {
        match self.breaker.lock().ask(now) {
            Permit::Granted => None,
            Permit::Wait(until) => Some(until),
        }
    }

    /// Sends a request once and reads the verdict on its records.
    pub(crate) async fn send(&self, request: &Request) -> Result<Verdict, Failure> {
        let answer = self.exchange(request).await;
        let failed = answer.as_ref().is_err_and(|failure| failure.is_retryable());
        self.breaker.lock().note(failed, Instant::now());
        let mut verdict = answer?;
        verdict.refused = verdict.refused.saturating_add(request.left_out).min(request.records);
        Ok(verdict)
    }

    async fn exchange(&self, request: &Request) -> Result<Verdict, Failure> {
        let sent = request.records - request.left_out;
        match &self.target.destination {
            // Nothing to say; OTLP asks not to send empty envelopes.
            _ if sent == 0 => Ok(Verdict::accepted()),
            Destination::Collector(http, url) => {
                let body = self.post(http, url, 0, request).await?;
                Verdict::read(&body, sent)
            }
            Destination::Otlp(otlp) => {
                let route = otlp.route(request.signal);
                let place = SIGNALS.iter().position(|signal| *signal == request.signal).unwrap_or(0);
                let body = self.post(&route.http, &route.url, place, request).await?;
                otlp::verdict(route.protocol, &body, sent)
            }
            Destination::File(target) => file::append(target, &request.body).map(|()| Verdict::accepted()),
            Destination::Console => {
                // Nobody may be reading, and that is no failure of telemetry.
                let _ = std::io::stderr().lock().write_all(&request.body);
                Ok(Verdict::accepted())
            }
        }
    }

    async fn post(
        &self,
        http: &Http,
        url: &reqwest::Url,
        client: usize,
        request: &Request,
    ) -> Result<Vec<u8>, Failure> {
        let client = self.http.get(client).ok_or(Failure::Setup)?;
        post(client, url, &http.headers, request.body.clone()).await
    }
}

impl Target {
    /// The records of a batch by the request that they travel in: OTLP has one for each signal.
    pub(crate) fn signal_of(&self, record: &str) -> Signal {
        match self.destination {
            Destination::Otlp(..) => Signal::of(record),
            Destination::Collector(..) | Destination::File(_) | Destination::Console => Signal::Logs,
        }
    }

    /// The request that carries canonical records, which are all of one signal.
    pub(crate) fn request(&self, records: &[&str]) -> Result<Request, Failure> {
        let (body, signal, left_out) = self.body(records);
        let body = match &self.destination {
            Destination::Collector(http, _) => compressed(body, http)?,
            Destination::Otlp(otlp) => compressed(body, &otlp.route(signal).http)?,
            Destination::File(_) | Destination::Console => body,
        };
        Ok(Request { signal, body, records: records.len() as u64, left_out })
    }

    /// The body before compression, its signal, and how many records are not in it.
    pub(super) fn body(&self, records: &[&str]) -> (Vec<u8>, Signal, u64) {
        let signal = records.first().map_or(Signal::Logs, |record| self.signal_of(record));
        match &self.destination {
            Destination::Collector(..) => (joined(records, b"[", b",", b"]"), signal, 0),
            Destination::Otlp(otlp) => {
                let encoded = otlp::encode(signal, otlp.route(signal).protocol, &otlp.resource, records);
                (encoded.body, signal, encoded.left_out)
            }
            Destination::File(_) | Destination::Console => (joined(records, b"", b"\n", b"\n"), signal, 0),
        }
    }
}

fn compressed(body: Vec<u8>, http: &Http) -> Result<Vec<u8>, Failure> {
    compress(body, http.compression).map_err(|_| Failure::Request)
}

/// A client for each signal; one serves all that are reached alike.
fn clients(otlp: &Otlp) -> Result<Vec<reqwest::Client>, Failure> {
    let routes = SIGNALS.map(|signal| otlp.route(signal));
    let mut clients: Vec<reqwest::Client> = Vec::new();
    for (place, route) in routes.iter().enumerate() {
        let is_alike = |other: &&&OtlpRoute| other.http.connection.is_alike(&route.http.connection);
        let first = routes.iter().position(|other| is_alike(&other)).filter(|first| *first < place);
        let client = if let Some(client) = first.and_then(|first| clients.get(first)) {
            client.clone()
        } else {
            let urls: Vec<&reqwest::Url> = routes.iter().filter(is_alike).map(|route| &route.url).collect();
            route.http.connection.open(&urls)?
        };
        clients.push(client);
    }
    Ok(clients)
}

fn joined(records: &[&str], start: &[u8], between: &[u8], end: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(records.iter().map(|record| record.len() + 1).sum::<usize>() + 1);
    body.extend_from_slice(start);
    for (i, record) in records.iter().enumerate() {
        if i > 0 {
            body.extend_from_slice(between);
        }
        body.extend_from_slice(record.as_bytes());
    }
    body.extend_from_slice(end);
    body
}
