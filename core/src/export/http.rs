//! One HTTP exchange: headers, redirects, and a bounded answer.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode, Url, redirect};

use super::endpoint::Resolver;
use super::proxy::ProxyRule;
use super::retry;
use super::tls::Tls;
use crate::export::Failure;

/// OTLP's bound for answers. A verdict on the largest batch stays far below.
const MAX_RESPONSE_BYTES: usize = 4 << 20;

/// Redirects followed within one host; more are a loop.
const MAX_REDIRECTS: usize = 3;

/// How to reach one host, as configured.
pub(super) struct Connection {
    pub(super) tls: Tls,
    /// The paths that the certificates were read from.
    pub(super) files: [Option<String>; 3],
    pub(super) proxy: Option<ProxyRule>,
    pub(super) user_agent: &'static str,
    /// From the first byte of connecting to the last byte of the answer.
    pub(super) request_timeout: Duration,
    pub(super) allow_link_local: bool,
}

impl Connection {
    /// Whether one client serves both.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        (&self.files, &self.proxy, self.user_agent, self.request_timeout, self.allow_link_local)
            == (&other.files, &other.proxy, other.user_agent, other.request_timeout, other.allow_link_local)
    }

    /// The client for these URLs. Lives on the worker's runtime.
    pub(super) fn open(&self, urls: &[&Url]) -> Result<reqwest::Client, Failure> {
        let is_tls = |url: &&Url| url.scheme() == "https";
        let mut builder = reqwest::Client::builder()
            .user_agent(self.user_agent)
            .tls_backend_preconfigured(self.tls.config(urls.iter().any(is_tls))?)
            .https_only(urls.iter().all(is_tls))
            .redirect(redirect::Policy::custom(follow))
            // Only `ProxyRule` decides: what the library would read from the environment is not checked.
            .no_proxy()
            .timeout(self.request_timeout)
            .pool_max_idle_per_host(1);
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.to_proxy().ok_or(Failure::Setup)?);
        }
        if !self.allow_link_local {
            builder = builder.dns_resolver(Resolver);
        }
        builder.build().map_err(|_| Failure::Setup)
    }
}

/// Posts a body, and returns the status and the body of an answer that `is_verdict` holds for.
pub(super) async fn post(
    http: &reqwest::Client,
    url: &Url,
    headers: HeaderMap,
    body: Vec<u8>,
    is_verdict: impl Fn(StatusCode) -> bool,
) -> Result<(StatusCode, Vec<u8>), Failure> {
    answered(http.post(url.clone()).headers(headers).body(body), is_verdict).await
}

/// Sends a request and returns the status and body of an answer whose status `is_verdict`.
pub(super) async fn answered(
    request: RequestBuilder,
    is_verdict: impl Fn(StatusCode) -> bool,
) -> Result<(StatusCode, Vec<u8>), Failure> {
    let response = request.send().await.map_err(|error| failure(&error))?;
    let status = response.status();
    if !is_verdict(status) {
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|header| header.to_str().ok());
        return Err(Failure::Status {
            code: status.as_u16(),
            retry_after: retry_after.and_then(|header| retry::retry_after(header, SystemTime::now())),
        });
    }
    Ok((status, bounded_body(response).await?))
}

/// Follows 307 and 308, which repeat the request as it is, and only on the same scheme, host and port: elsewhere a
/// redirect would carry records and keys to somebody whom the configuration does not name. Any other redirect is the
/// answer.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let repeats = matches!(attempt.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let is_same = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if repeats && is_same && attempt.previous().len() <= MAX_REDIRECTS { attempt.follow() } else { attempt.stop() }
}

async fn bounded_body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(Failure::VerdictTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(super) fn failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        Failure::Timeout
    } else if error.is_connect() {
        Failure::Connect
    } else if error.is_builder() {
        Failure::Request
    } else {
        Failure::Connection
    }
}
