//! `make bench`: the engine against peers in one run. Ratios are what counts; a machine's speed drifts, a ratio less.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, missing_docs, reason = "a benchmark may fail loudly")]

mod support {
    pub(crate) mod corpus;
    pub(crate) mod rounds;
}

use std::hint::black_box;

use scrubjay_core::{Config, Engine};
use serde_json::json;

use support::corpus::events;
use support::rounds::{Contender, medians};

/// Large enough to leave the caches, small enough for a round of a tenth of a second.
const EVENTS: usize = 20_000;

fn main() {
    let events = events(EVENTS);
    let bytes: usize = events.iter().map(Vec::len).sum();
    println!("{EVENTS} events, {} bytes on average, one thread, medians of interleaved rounds", bytes / EVENTS);
    let engine = Engine::new(&Config::default()).unwrap();
    let mut contenders: Vec<Contender<'_>> = vec![
        (
            "scrubjay: read, validate, scrub, write",
            Box::new(|| events.iter().for_each(|event| drop(black_box(engine.process(event, None))))),
        ),
        (
            "sonic-rs: parse only (IgnoredAny)",
            Box::new(|| {
                for event in &events {
                    black_box(sonic_rs::from_slice::<serde::de::IgnoredAny>(event).unwrap());
                }
            }),
        ),
        (
            "serde_json: parse to a tree and write it",
            Box::new(|| {
                for event in &events {
                    let tree: serde_json::Value = serde_json::from_slice(event).unwrap();
                    black_box(tree.to_string());
                }
            }),
        ),
    ];
    let times: Vec<f64> = medians(&mut contenders).into_iter().map(|time| time / EVENTS as f64).collect();
    for ((name, _), time) in contenders.iter().zip(&times) {
        println!("{name:45} {time:8.0} ns/event");
    }
    let ratio =
        |theirs: f64| json!({"ratio": theirs / times[0], "ours": times[0], "theirs": theirs, "unit": "ns/event"});
    let result = json!({"engine_vs_parse": ratio(times[1]), "engine_vs_serde_tree": ratio(times[2])});
    for (name, row) in result.as_object().unwrap() {
        println!("{name:45} {:8.3} x", row["ratio"].as_f64().unwrap());
    }
    let target = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::fs::create_dir_all(&target).unwrap();
    std::fs::write(target.join("bench.json"), format!("{result:#}\n")).unwrap();
}
