//! Asks the endpoint once, with an empty batch: is it there, does it know us, and what time does it have?

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderValue};
use tokio::runtime::Builder;

use crate::export::{Collector, Failure, Target};

/// What the endpoint answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The `Date` header as it was written (RFC 9110).
    pub(crate) date: Option<String>,
}

/// Sends the empty batch and waits for the answer, as long as a request may take.
pub(crate) fn probe(target: &Target) -> Result<Answer, Failure> {
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    let runtime = runtime.map_err(|_| Failure::Setup)?;
    let answer = runtime.block_on(ask(target));
    runtime.shutdown_background();
    answer
}

async fn ask(target: &Target) -> Result<Answer, Failure> {
    let http = Collector::new(target)?.http;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let body = gzip.write_all(b"[]").and_then(|()| gzip.finish()).map_err(|_| Failure::Request)?;
    let mut request = http
        .post(target.url.clone())
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(CONTENT_ENCODING, HeaderValue::from_static("gzip"))
        .body(body);
    if let Some(authorization) = &target.authorization {
        request = request.header(AUTHORIZATION, authorization.clone());
    }
    let response = request.send().await.map_err(|error| {
        if error.is_timeout() {
            Failure::Timeout
        } else if error.is_connect() {
            Failure::Connect
        } else {
            Failure::Connection
        }
    })?;
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    Ok(Answer { status: response.status().as_u16(), date })
}
