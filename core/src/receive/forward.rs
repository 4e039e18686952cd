//! What of a body goes on to another receiver: the records that were accepted, under the ids that they were given.

use std::collections::HashSet;

use serde::Deserialize;

use super::text::object;
use crate::error::{Error, ErrorKind, Result};
use crate::json::Document;
use crate::record::batch::{Format, split};
use crate::scan::Lanes;

/// As much of a verdict as says what was accepted, and under which id.
#[derive(Deserialize)]
struct Verdict {
    #[serde(default)]
    opted_out: usize,
    #[serde(default)]
    refused: usize,
    /// Places of the records that look accepted to their senders and are kept nowhere.
    #[serde(default)]
    withheld: HashSet<usize>,
    results: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    status: String,
    id: Option<String>,
}

/// The records of a body that its verdict accepted, as they came but with the id and tenant that they were kept under;
/// none where some were withheld and the verdict does not say which. They are raw: only an engine may take them on.
///
/// # Errors
/// `argument_invalid` for a format or verdict that is none, `batch_unreadable` as the body itself.
pub(crate) fn forwarded(format: &str, body: &[u8], verdict: &str, tenant: &str) -> Result<Vec<String>> {
    let verdict: Verdict = serde_json::from_str(verdict)
        .map_err(|_| Error::new(ErrorKind::ArgumentInvalid, "/verdict", "expected the verdict on this body"))?;
    if verdict.withheld.len() != verdict.opted_out + verdict.refused {
        return Ok(Vec::new());
    }
    let slots = split(Format::parse(format)?, body)?;
    let results = slots.iter().zip(&verdict.results).enumerate();
    let accepted = results.filter(|(n, (_, entry))| entry.status == "accepted" && !verdict.withheld.contains(n));
    Ok(accepted.filter_map(|(_, (slot, entry))| named(slot, entry.id.as_deref(), tenant)).collect())
}

fn named(slot: &[u8], id: Option<&str>, tenant: &str) -> Option<String> {
    let document = Document::read(slot, Lanes::none()).ok()?;
    let has = |wanted: &[&str]| {
        document.members(0).any(|(name, _)| wanted.contains(&document.text(document.node(name)).as_ref()))
    };
    let text = std::str::from_utf8(slot).ok()?;
    let rest = text.trim_start().strip_prefix('{')?.trim_start();
    let mut out = String::with_capacity(text.len() + 96);
    object(&mut out, |out| {
        out.optional("id", id.filter(|_| !has(&["id"])));
        out.optional("tenant_id", Some(tenant).filter(|_| !has(&["tenant_id", "tenantId"])));
    });
    // The object that was just closed goes on with the record's own members, where either has any.
    out.pop();
    out.push_str(if out.len() > 1 && rest != "}" { "," } else { "" });
    out.push_str(rest);
    Some(out)
}
