//! What the next requests would carry, byte for byte, without sending anything.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

use super::exporter::signal_of;
use super::request::Request;
use super::samples::CORRELATION_ID;
use super::target::{Destination, Target};
use crate::export::Failure;

/// Stands for a header's value that may be secret.
const HIDDEN: &str = "…";

impl Target {
    /// The requests that would carry these canonical records, as JSON:
    /// `[{"to":url or path,"headers":{name:value},"records":n,"body":text,"body_encoding":"utf-8"|"base64","bytes":n}…]`.
    ///
    /// `body` is what the other side reads after decompression; `bytes` is the size of what travels. Headers that may
    /// be secret are shown as `…`.
    pub(crate) fn preview(&self, records: &[&str]) -> Result<String, Failure> {
        let mut requests = Vec::new();
        let mut kinds = BTreeSet::new();
        kinds.extend(records.iter().map(|record| self.kind_of(record)));
        for kind in kinds {
            let of_kind: Vec<&str> = records.iter().copied().filter(|record| self.kind_of(record) == kind).collect();
            let at_once = if kind.is_single() { 1 } else { of_kind.len() };
            for together in of_kind.chunks(at_once) {
                requests.push(self.one(together)?);
            }
        }
        Ok(Value::Array(requests).to_string())
    }

    fn one(&self, records: &[&str]) -> Result<Value, Failure> {
        let Request { kind, body, left_out, correlation_id, .. } = self.plain(records);
        let (to, mut headers) = match &self.destination {
            Destination::Collector(http, url) => {
                let alone = self.samples.as_ref().and_then(|samples| samples.url(kind));
                (alone.unwrap_or(url).to_string(), shown(&http.headers))
            }
            Destination::Otlp(otlp) => {
                let route = otlp.route(signal_of(kind));
                (route.url.to_string(), shown(&route.http.headers))
            }
            Destination::File(target) => (target.path.to_string_lossy().into_owned(), Map::new()),
            Destination::Console => ("stderr".to_owned(), Map::new()),
        };
        if let Some(id) = correlation_id.as_ref().and_then(|id| id.to_str().ok()) {
            headers.insert(CORRELATION_ID.as_str().to_owned(), id.into());
        }
        let travels = self.request(records)?.bytes();
        let (body, encoding) = match String::from_utf8(body) {
            Ok(text) if !text.contains('\0') => (text, "utf-8"),
            Ok(text) => (STANDARD.encode(text), "base64"),
            Err(error) => (STANDARD.encode(error.as_bytes()), "base64"),
        };
        Ok(json!({
            "to": to,
            "headers": headers,
            "records": records.len() as u64 - left_out,
            "body": body,
            "body_encoding": encoding,
            "bytes": travels,
        }))
    }
}

fn shown(headers: &HeaderMap) -> Map<String, Value> {
    let value = |value: &reqwest::header::HeaderValue| match value.to_str() {
        Ok(text) if !value.is_sensitive() => text.to_owned(),
        _ => HIDDEN.to_owned(),
    };
    headers.iter().map(|(name, of)| (name.to_string(), Value::String(value(of)))).collect()
}
