//! One request to the collector's batch route.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url, redirect};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::export::{Failure, Verdict, retry};

/// OTLP's bound for answers. A verdict on the largest batch stays far below.
const MAX_RESPONSE_BYTES: usize = 4 << 20;

/// Where records go, as configured.
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) authorization: Option<HeaderValue>,
    /// From the first byte of connecting to the last byte of the answer.
    pub(crate) request_timeout: Duration,
}

/// An HTTP client for one target. Lives on the worker's runtime.
pub(crate) struct Collector<'a> {
    target: &'a Target,
    pub(super) http: reqwest::Client,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(target: &'a Target) -> Result<Self, Failure> {
        let is_tls = target.url.scheme() == "https";
        let http = reqwest::Client::builder()
            .user_agent(concat!("scrubjay/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls(is_tls).map_err(|_| Failure::Setup)?)
            .https_only(is_tls)
            // A redirect could carry records and the key to another host.
            .redirect(redirect::Policy::none())
            // Nothing but the configuration says where records go.
            .no_proxy()
            .timeout(target.request_timeout)
            .pool_max_idle_per_host(1)
            .build()
            .map_err(|_| Failure::Setup)?;
        Ok(Self { target, http })
    }

    /// Sends a gzipped JSON array of `records` records and reads the verdict on them.
    pub(crate) async fn send(&self, body: Vec<u8>, records: u64) -> Result<Verdict, Failure> {
        let mut request = self
            .http
            .post(self.target.url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(CONTENT_ENCODING, HeaderValue::from_static("gzip"))
            .body(body);
        if let Some(authorization) = &self.target.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let response = request.send().await.map_err(|error| failure(&error))?;
        if response.status() != StatusCode::OK {
            let retry_after = response.headers().get(RETRY_AFTER).and_then(|header| header.to_str().ok());
            return Err(Failure::Status {
                code: response.status().as_u16(),
                retry_after: retry_after.and_then(retry::retry_after),
            });
        }
        Verdict::read(&bounded_body(response).await?, records)
    }
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

fn failure(error: &reqwest::Error) -> Failure {
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

/// TLS 1.2 and 1.3 by ring; trusts what the operating system trusts.
fn tls(is_used: bool) -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = if is_used {
        builder.with_platform_verifier()?
    } else {
        // Plain HTTP: an empty store costs nothing, reading the system's costs milliseconds.
        builder.with_root_certificates(rustls::RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}
