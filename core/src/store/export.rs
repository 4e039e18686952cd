//! Records for other programs, page by page, so that an export of any length takes the memory of a page.

use std::fmt::Write as _;

use super::TenantStore;
use super::model::Page;
use super::pick::pick;
use super::spec::{QuerySpec, invalid};
use crate::error::Result;
use crate::json::write_string;
use crate::record::Head;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// An array a page.
    Json,
    /// A record a line.
    Ndjson,
    /// RFC 4180; the first page begins with the names of the columns.
    Csv,
}

impl ExportFormat {
    /// Reads `json`, `ndjson` or `csv`.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "json" => Ok(Self::Json),
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            _ => Err(invalid("/format", "expected json, ndjson or csv")),
        }
    }
}

/// One page of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its text.
    pub content: String,
    /// Records in it.
    pub records: usize,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl Export {
    /// `{"content":text,"records":n,"next":cursor|null}`.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.content.len() + self.content.len() / 8 + 64);
        out.push_str("{\"content\":");
        write_string(&self.content, &mut out);
        let next = self.next.as_ref().map_or_else(|| "null".to_owned(), |next| format!("\"{next}\""));
        let _ = write!(out, ",\"records\":{},\"next\":{next}}}", self.records);
        out
    }
}

/// The columns of a CSV export. `record` is the whole record as JSON.
const COLUMNS: [&str; 11] = [
    "schema",
    "id",
    "timestamp",
    "channel",
    "event",
    "user_id",
    "session_id",
    "trace_id",
    "sample_rate",
    "value",
    "record",
];

impl TenantStore<'_> {
    /// One page of an export.
    ///
    /// # Errors
    /// As for a query.
    pub fn export(&self, spec: &QuerySpec, format: ExportFormat) -> Result<Export> {
        let Page { records, next } = self.query(spec)?;
        let content = match format {
            ExportFormat::Json => format!("[{}]", records.join(",\n")),
            ExportFormat::Ndjson => records.iter().fold(String::new(), |lines, record| lines + record + "\n"),
            ExportFormat::Csv => {
                let mut out = if spec.cursor.is_none() { COLUMNS.join(",") + "\r\n" } else { String::new() };
                for record in &records {
                    write_row(record, &mut out);
                }
                out
            }
        };
        Ok(Export { content, records: records.len(), next: next.map(|next| next.to_string()) })
    }
}

fn write_row(record: &str, out: &mut String) {
    let Some(head) = Head::of(record) else { return };
    let (channel, event) = head.series();
    let value = ["value".to_owned()];
    for (i, column) in COLUMNS.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        match column {
            "channel" => write_cell(&channel, out),
            "event" => write_cell(&event, out),
            "trace_id" => write_cell(&head.text(column).or_else(|| head.context(column)).unwrap_or_default(), out),
            // Numbers stay numbers, signs and all.
            "sample_rate" => out.push_str(&head.text(column).unwrap_or_default()),
            "value" => {
                if pick(record, &value).is_some_and(|value| value.as_number().is_some()) {
                    out.push_str(&head.text(column).unwrap_or_default());
                }
            }
            "record" => write_cell(record, out),
            _ => write_cell(&head.text(column).unwrap_or_default(), out),
        }
    }
    out.push_str("\r\n");
}

/// A cell that no spreadsheet takes for a formula.
fn write_cell(text: &str, out: &mut String) {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !is_formula && !text.contains(['"', ',', '\r', '\n']) {
        return out.push_str(text);
    }
    out.push('"');
    if is_formula {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_never_a_formula() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("-cmd", "\"'-cmd\""),
            ("@x", "\"'@x\""),
            ("\tx", "\"'\tx\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            let mut out = String::new();
            write_cell(text, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_negative_value_stays_a_number() {
        let record =
            r#"{"schema":"telemetry_metric_v1","id":"i","timestamp":"t","name":"a","type":"gauge","value":-1.5}"#;
        let mut out = String::new();
        write_row(record, &mut out);
        assert!(out.starts_with("telemetry_metric_v1,i,t,metric,a,,,,,-1.5,\"{"), "{out}");
    }
}
