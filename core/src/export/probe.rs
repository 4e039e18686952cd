//! Asks the endpoint once, with an empty batch: is it there, does it know us, and what time does it have?

use reqwest::Url;
use reqwest::header::DATE;
use tokio::runtime::Builder;

use super::body::compress;
use super::http::failure;
use super::otlp;
use super::target::{Destination, Http, Target};
use super::{Failure, Signal};

/// What the endpoint answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The `Date` header as it was written (RFC 9110).
    pub(crate) date: Option<String>,
}

/// Sends the empty batch and waits for the answer, as long as a request may take. Nothing where nobody is asked: records
/// go to a file or to standard error.
pub(crate) fn probe(target: &Target) -> Option<Result<Answer, Failure>> {
    let (http, url, body) = match &target.destination {
        Destination::Collector(http, url) => (&**http, url, b"[]".to_vec()),
        Destination::Otlp(otlp) => {
            let route = otlp.route(Signal::Logs);
            let body = otlp::encode(Signal::Logs, route.protocol, &otlp.resource, &[]).body;
            (&route.http, &route.url, body)
        }
        Destination::File(_) | Destination::Console => return None,
    };
    let Ok(runtime) = Builder::new_current_thread().enable_all().max_blocking_threads(1).build() else {
        return Some(Err(Failure::Setup));
    };
    let answer = runtime.block_on(ask(http, url, body));
    runtime.shutdown_background();
    Some(answer)
}

async fn ask(http: &Http, url: &Url, body: Vec<u8>) -> Result<Answer, Failure> {
    let client = http.connection.open(&[url])?;
    let body = compress(body, http.compression).map_err(|_| Failure::Request)?;
    let request = client.post(url.clone()).headers(http.headers.clone()).body(body);
    let response = request.send().await.map_err(|error| failure(&error))?;
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    Ok(Answer { status: response.status().as_u16(), date })
}
