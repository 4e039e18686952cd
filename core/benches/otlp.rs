//! The OTLP encoder against OpenTelemetry's generated types: rows on standard output, as `benches/engine.rs` prints them.
//!
//! Both read the same canonical JSON with our reader. Ours writes protocol buffers from it; theirs builds structures,
//! for which a clone stands that allocates the same strings, and encodes them.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, missing_docs, reason = "a benchmark may fail loudly")]

mod support {
    pub(crate) mod corpus;
    pub(crate) mod rounds;
    pub(crate) mod row;
}

use std::hint::black_box;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use scrubjay_core::twin::{compressed, otlp_logs, read_json};
use scrubjay_core::{Config, Engine};

use support::corpus::events;
use support::rounds::{Contender, medians};
use support::row::row;

/// Records of a request, as the client sends them.
const BATCH: usize = 100;
/// Odd, as `medians` wants it.
const ROUNDS: usize = 101;

fn main() {
    let engine = Engine::new(&Config::default()).unwrap();
    let records: Vec<String> = events(BATCH).iter().filter_map(|event| engine.process(event, None).record).collect();
    let texts: Vec<&str> = records.iter().map(String::as_str).collect();
    let ready = ExportLogsServiceRequest::decode(otlp_logs(&texts).as_slice()).unwrap();
    eprintln!("{} records, {} bytes of JSON, {} of OTLP", texts.len(), texts.concat().len(), ready.encoded_len());
    let body = otlp_logs(&texts);
    let raw = events(BATCH);
    let mut contenders: Vec<Contender<'_>> = vec![
        ("OTLP of canonical JSON".into(), Box::new(|| drop(black_box(otlp_logs(black_box(&texts)))))),
        ("of which reading".into(), Box::new(|| _ = black_box(read_json(black_box(&texts))))),
        ("prost: build".into(), Box::new(|| drop(black_box(black_box(&ready).clone())))),
        ("prost: build and encode".into(), Box::new(|| drop(black_box(black_box(&ready).clone().encode_to_vec())))),
        ("engine".into(), Box::new(|| raw.iter().for_each(|event| drop(black_box(engine.process(event, None)))))),
        ("gzip".into(), Box::new(|| drop(black_box(compressed(body.clone(), "gzip"))))),
        ("zstd".into(), Box::new(|| drop(black_box(compressed(body.clone(), "zstd"))))),
    ];
    let times: Vec<f64> = medians(&mut contenders, ROUNDS).into_iter().map(|time| time / BATCH as f64).collect();
    for ((name, _), time) in contenders.iter().zip(&times) {
        eprintln!("{name:40} {time:8.0} ns/record");
    }
    let theirs = times[1] + times[3];
    row("otlp_vs_prost", theirs / times[0], times[0], theirs, "ns/record");
}
