//! What a receiver answers: `Export…ServiceResponse`, whose messages have the same numbers in all signals.

use serde::Deserialize;
use serde_json::Value;

use crate::export::{Failure, Verdict};
use crate::json_value;

/// `partial_success` of the response.
#[derive(Debug, Default, PartialEq, Eq)]
struct PartialSuccess {
    rejected: u64,
    has_message: bool,
}

/// Reads the answer to a protobuf request of `records` records.
pub(super) fn protobuf(body: &[u8], records: u64) -> Result<Verdict, Failure> {
    let mut partial = PartialSuccess::default();
    let mut response = Fields(body);
    while let Some((number, value)) = response.next()? {
        let (1, Wire::Bytes(inner)) = (number, value) else { continue };
        let mut fields = Fields(inner);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (1, Wire::Number(rejected)) => partial.rejected = rejected,
                (2, Wire::Bytes(message)) => partial.has_message = !message.is_empty(),
                _ => {}
            }
        }
    }
    Ok(verdict(&partial, records))
}

/// Reads the answer to a JSON request of `records` records.
pub(super) fn json(body: &[u8], records: u64) -> Result<Verdict, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Written {
        partial_success: Option<WrittenPartial>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct WrittenPartial {
        #[serde(alias = "rejectedLogRecords", alias = "rejectedDataPoints", alias = "rejectedSpans")]
        rejected: Option<Value>,
        error_message: Option<String>,
    }
    // Some receivers answer a bare 200.
    if body.trim_ascii().is_empty() {
        return Ok(verdict(&PartialSuccess::default(), records));
    }
    let written: Written = json_value::from_slice(body).ok_or(Failure::Verdict)?;
    let partial = written.partial_success.map(|partial| PartialSuccess {
        rejected: partial.rejected.as_ref().map_or(0, count),
        has_message: partial.error_message.is_some_and(|message| !message.is_empty()),
    });
    Ok(verdict(&partial.unwrap_or_default(), records))
}

/// A 64-bit integer of proto3 JSON: a string or a number.
fn count(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

fn verdict(partial: &PartialSuccess, records: u64) -> Verdict {
    // A negative count, or one beyond what was sent, accounts for everything at most.
    Verdict {
        refused: partial.rejected.min(records),
        codes: Vec::new(),
        why: None,
        warned: partial.rejected == 0 && partial.has_message,
    }
}

/// The fields of a message.
struct Fields<'a>(&'a [u8]);

enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<(u64, Wire<'a>)>, Failure> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Wire::Number(self.varint()?),
            1 => Wire::Bytes(self.take(8)?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Failure::Verdict)?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Bytes(self.take(4)?),
            _ => return Err(Failure::Verdict),
        };
        Ok(Some((tag >> 3, value)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Failure> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Failure::Verdict)?;
        self.0 = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Failure> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Failure::Verdict)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
    use prost::Message;

    use super::*;

    fn answer(rejected: i64, message: &str) -> ExportLogsServiceResponse {
        let error_message = message.to_owned();
        ExportLogsServiceResponse {
            partial_success: Some(ExportLogsPartialSuccess { rejected_log_records: rejected, error_message }),
        }
    }

    fn expected(refused: u64, warned: bool) -> Verdict {
        Verdict { refused, codes: Vec::new(), why: None, warned }
    }

    #[test]
    fn rejected_records_are_counted_in_both_encodings() {
        for (rejected, message, refused, warned) in [
            (0, "", 0, false),
            (3, "too old", 3, false),
            (0, "slow down", 0, true),
            (99, "", 7, false),
            (-1, "", 7, false),
        ] {
            let answer = answer(rejected, message);
            assert_eq!(protobuf(&answer.encode_to_vec(), 7), Ok(expected(refused, warned)), "{rejected}");
            if rejected >= 0 {
                let text = serde_json::to_vec(&answer).unwrap();
                assert_eq!(json(&text, 7), Ok(expected(refused, warned)), "{rejected}");
            }
        }
    }

    #[test]
    fn an_empty_answer_is_full_success() {
        let empty = ExportLogsServiceResponse { partial_success: None };
        assert_eq!(protobuf(&empty.encode_to_vec(), 7), Ok(expected(0, false)));
        for text in ["{}", "", "{\"partialSuccess\":{}}", "{\"partialSuccess\":null,\"new\":[]}"] {
            assert_eq!(json(text.as_bytes(), 7), Ok(expected(0, false)), "{text}");
        }
    }

    #[test]
    fn counts_come_as_strings_or_numbers_and_by_the_signals_name() {
        for text in [
            r#"{"partialSuccess":{"rejectedLogRecords":"2"}}"#,
            r#"{"partialSuccess":{"rejectedDataPoints":2}}"#,
            r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"x"}}"#,
        ] {
            assert_eq!(json(text.as_bytes(), 7), Ok(expected(2, false)), "{text}");
        }
    }

    #[test]
    fn a_page_of_a_captive_portal_is_no_answer() {
        for body in ["<html>Welcome</html>", "\u{8}", "\n\u{7f}x"] {
            assert_eq!(protobuf(body.as_bytes(), 7), Err(Failure::Verdict), "{body:?}");
            assert_eq!(json(body.as_bytes(), 7), Err(Failure::Verdict), "{body:?}");
        }
    }
}
