//! Asks the collector to delete a user's records.

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::Failure;
use super::endpoint::continued;
use super::http::answered;
use super::target::{Http, collector};
use crate::config::{ClientConfig, ExporterKind};
use crate::json_value;

/// Behind it comes the user.
const ROUTE: [&str; 4] = ["api", "v1", "telemetry", "data"];
/// Lists deletions, for the same roles.
const LIST_ROUTE: [&str; 4] = ["api", "v1", "telemetry", "deletions"];

/// Bytes of a receipt's id at most: a UUID has half as many.
const MAX_ID_BYTES: usize = 72;

/// The way to the collector that was configured, whether anything is collected or not.
pub(crate) struct DeletionRoute {
    http: Http,
    base: Url,
}

/// The part of the collector's receipt that is kept.
#[derive(Deserialize)]
struct Receipt {
    request_id: String,
}

impl DeletionRoute {
    /// Nothing where records go to no collector, or where its address is none.
    pub(crate) fn new(client: &ClientConfig) -> Option<Self> {
        if client.export.exporter != ExporterKind::Collector {
            return None;
        }
        let (mut http, base) = collector(client).ok()?;
        // There is no body.
        http.headers.remove(CONTENT_TYPE);
        http.headers.remove(CONTENT_ENCODING);
        Some(Self { http, base })
    }

    /// The collector's base URL.
    pub(crate) fn endpoint(&self) -> &str {
        self.base.as_str()
    }

    /// Asks once, and waits for the answer as long as a request may take. Returns the receipt's id: the collector has
    /// deleted what it has, and takes in no more of it.
    pub(crate) async fn ask(&self, user_id: &str) -> Result<String, Failure> {
        let url = continued(&continued(&self.base, &ROUTE), &[user_id]);
        let client = self.http.connection.open(&[&url])?;
        let request = client.delete(url).headers(self.http.headers.clone());
        let (_, body) = answered(request, |status| status == StatusCode::OK).await?;
        let receipt: Receipt = json_value::from_slice(&body).ok_or(Failure::Verdict)?;
        let is_id = (1..=MAX_ID_BYTES).contains(&receipt.request_id.len()) && receipt.request_id.is_ascii();
        if is_id { Ok(receipt.request_id) } else { Err(Failure::Verdict) }
    }

    /// Whether the collector would let this client delete; nothing changes there.
    ///
    /// # Errors
    /// Why not, or why that cannot be told.
    pub(crate) async fn may_ask(&self) -> Result<(), Failure> {
        let url = continued(&self.base, &LIST_ROUTE);
        let client = self.http.connection.open(&[&url])?;
        let request = client.get(url).headers(self.http.headers.clone());
        match answered(request, |status| status == StatusCode::OK).await {
            // A long list is an answer too.
            Ok(_) | Err(Failure::VerdictTooLarge) => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

/// Whether a path can name the user: these two mean other places, however they are written.
pub(crate) fn is_addressable(user_id: &str) -> bool {
    !matches!(user_id, "" | "." | "..")
}
