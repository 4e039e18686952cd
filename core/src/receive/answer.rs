//! What a receiver of OTLP answers, in the request's own encoding.

use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;

use super::text::object;
use super::{Encoding, Signal};

/// The answer of a request that was taken, whole where `rejected` is 0 and in part otherwise.
pub(crate) fn answer(signal: Signal, encoding: Encoding, rejected: u64, reason: &str) -> Vec<u8> {
    match encoding {
        Encoding::Json => json(signal, rejected, reason),
        Encoding::Protobuf => protobuf(signal, i64::try_from(rejected).unwrap_or(i64::MAX), reason),
    }
}

fn json(signal: Signal, rejected: u64, reason: &str) -> Vec<u8> {
    let name = match signal {
        Signal::Logs => "rejectedLogRecords",
        Signal::Metrics => "rejectedDataPoints",
        Signal::Traces => "rejectedSpans",
    };
    let mut out = String::new();
    object(&mut out, |out| {
        if rejected > 0 {
            out.object("partialSuccess", |out| {
                out.string(name, &rejected.to_string());
                out.string("errorMessage", reason);
            });
        }
    });
    out.into_bytes()
}

fn protobuf(signal: Signal, rejected: i64, reason: &str) -> Vec<u8> {
    let is_partial = rejected > 0;
    let error_message = reason.to_owned();
    match signal {
        Signal::Logs => {
            let partial = ExportLogsPartialSuccess { rejected_log_records: rejected, error_message };
            ExportLogsServiceResponse { partial_success: is_partial.then_some(partial) }.encode_to_vec()
        }
        Signal::Metrics => {
            let partial = ExportMetricsPartialSuccess { rejected_data_points: rejected, error_message };
            ExportMetricsServiceResponse { partial_success: is_partial.then_some(partial) }.encode_to_vec()
        }
        Signal::Traces => {
            let partial = ExportTracePartialSuccess { rejected_spans: rejected, error_message };
            ExportTraceServiceResponse { partial_success: is_partial.then_some(partial) }.encode_to_vec()
        }
    }
}

/// `google.rpc.Status`, which every refusal carries. Its details are ours to leave out.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
}

/// The body of a refusal with an HTTP status, by the numbers of `google.rpc.Code`.
pub(crate) fn refusal(encoding: Encoding, http_status: u16, message: &str) -> Vec<u8> {
    let code = match http_status {
        // INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, RESOURCE_EXHAUSTED, UNAVAILABLE.
        400 | 415 | 422 => 3,
        401 => 16,
        403 => 7,
        404 | 405 => 5,
        413 | 429 => 8,
        503 => 14,
        // INTERNAL.
        _ => 13,
    };
    match encoding {
        Encoding::Protobuf => Status { code, message: message.to_owned() }.encode_to_vec(),
        Encoding::Json => {
            let mut out = String::new();
            object(&mut out, |out| {
                out.json("code", code);
                out.string("message", message);
            });
            out.into_bytes()
        }
    }
}
