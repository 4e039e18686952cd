//! The way out of the client: makes requests of records, sends them, and reads what came of them.

use std::io::Write;
use std::time::Instant;

use parking_lot::Mutex;
use reqwest::StatusCode;

use super::body::compress;
use super::breaker::{Breaker, Permit};
use super::http::post;
use super::request::{Request, RequestKind};
use super::samples::CORRELATION_ID;
use super::target::{Destination, Http, Otlp, OtlpRoute, Target};
use super::{Failure, Signal, Verdict, file, otlp, samples};

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
                let Some(url) = self.target.samples.as_ref().and_then(|samples| samples.url(request.kind)) else {
                    let (_, body) = self.post(http, url, 0, request, is_ok).await?;
                    return Verdict::read(&body, sent);
                };
                let (status, body) = self.post(http, url, 0, request, samples::is_verdict).await?;
                samples::verdict(status, &body)
            }
            Destination::Otlp(otlp) => {
                let signal = signal_of(request.kind);
                let route = otlp.route(signal);
                let place = SIGNALS.iter().position(|known| *known == signal).unwrap_or(0);
                let (_, body) = self.post(&route.http, &route.url, place, request, is_ok).await?;
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
        is_verdict: fn(StatusCode) -> bool,
    ) -> Result<(StatusCode, Vec<u8>), Failure> {
        let client = self.http.get(client).ok_or(Failure::Setup)?;
        let mut headers = http.headers.clone();
        if let Some(id) = &request.correlation_id {
            headers.insert(CORRELATION_ID, id.clone());
        }
        post(client, url, headers, request.body.clone(), is_verdict).await
    }
}

impl Target {
    /// The request that carries canonical records, which are all of one kind.
    pub(crate) fn request(&self, records: &[&str]) -> Result<Request, Failure> {
        let request = self.plain(records);
        let body = match &self.destination {
            Destination::Collector(http, _) => compressed(request.body, http)?,
            Destination::Otlp(otlp) => compressed(request.body, &otlp.route(signal_of(request.kind)).http)?,
            Destination::File(_) | Destination::Console => request.body,
        };
        Ok(Request { body, ..request })
    }

    /// The same before compression.
    pub(super) fn plain(&self, records: &[&str]) -> Request {
        let kind = records.first().map_or(RequestKind::Batch(Signal::Logs), |record| self.kind_of(record));
        let (body, left_out, correlation_id) = match &self.destination {
            Destination::Collector(..) => {
                let alone = records.first().and_then(|record| samples::body(kind, record));
                let (body, id) = alone.unwrap_or_else(|| (joined(records, b"[", b",", b"]"), None));
                (body, 0, id)
            }
            Destination::Otlp(otlp) => {
                let signal = signal_of(kind);
                let encoded = otlp::encode(signal, otlp.route(signal).protocol, &otlp.resource, records);
                (encoded.body, encoded.left_out, None)
            }
            Destination::File(_) | Destination::Console => (joined(records, b"", b"\n", b"\n"), 0, None),
        };
        Request { kind, body, records: records.len() as u64, left_out, correlation_id }
    }
}

/// The signal of a request's records; samples are logs.
pub(super) fn signal_of(kind: RequestKind) -> Signal {
    match kind {
        RequestKind::Batch(signal) => signal,
        RequestKind::PerfSample | RequestKind::ReplayInconsistency => Signal::Logs,
    }
}

/// The one status by which batches are answered.
fn is_ok(status: StatusCode) -> bool {
    status == StatusCode::OK
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
