//! The engine against peers, for `make bench`: rows on standard output. Ratios are what counts; a machine's speed drifts,
//! a ratio less. With the arguments `events COUNT` it prints the corpus instead, for the peers of other runtimes.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, missing_docs, reason = "a benchmark may fail loudly")]

mod support {
    pub(crate) mod corpus;
    #[path = "../../tests/hostile/mod.rs"]
    pub(crate) mod hostile;
    pub(crate) mod naive;
    pub(crate) mod rounds;
    pub(crate) mod row;
    pub(crate) mod sizes;
}

use std::hint::black_box;
use std::io::Write;

use scrubjay_core::twin::force_portable;
use scrubjay_core::{Config, Engine, Status};

use support::corpus::events;
use support::naive::Naive;
use support::rounds::{Contender, medians};
use support::row::row;
use support::sizes::{hostile, large, small};

/// Beyond the caches near the core, and a round of a few milliseconds.
const PARSED: usize = 8_000;
/// The naive design takes tens of microseconds an event.
const SCRUBBED: usize = 500;
/// Odd, as `medians` wants it.
const ROUNDS: usize = 61;
/// Of the hostile records, which are slower.
const HOSTILE_ROUNDS: usize = 21;
/// Passes over the 60 KB records and their parts in one round.
const PASSES: usize = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "events") {
        let mut out = std::io::stdout().lock();
        for event in events(arguments[at + 1].parse().unwrap()) {
            out.write_all(&event).unwrap();
            out.write_all(b"\n").unwrap();
        }
        return;
    }
    let engine = Engine::new(&Config::default()).unwrap();
    let events = events(PARSED);
    let bytes: usize = events.iter().map(Vec::len).sum();
    eprintln!("{PARSED} events of {} bytes on average, one thread", bytes / PARSED);
    against_parsers(&engine, &events);
    against_naive(&engine, &events[..SCRUBBED]);
    against_itself(&engine, &events);
}

/// One round over `events`.
fn process(engine: &Engine, events: &[impl AsRef<[u8]>]) {
    for event in events {
        black_box(engine.process(black_box(event.as_ref()), None));
    }
}

fn against_parsers(engine: &Engine, events: &[Vec<u8>]) {
    assert!(events.iter().all(|event| engine.process(event, None).status == Status::Accepted));
    let mut contenders: Vec<Contender<'_>> = vec![
        ("scrubjay".into(), Box::new(|| process(engine, events))),
        (
            "scrubjay, portable".into(),
            Box::new(|| {
                force_portable(true);
                process(engine, events);
                force_portable(false);
            }),
        ),
        (
            "sonic-rs, IgnoredAny".into(),
            Box::new(|| {
                for event in events {
                    black_box(sonic_rs::from_slice::<serde::de::IgnoredAny>(black_box(event)).unwrap());
                }
            }),
        ),
        (
            "serde_json, to a tree and back".into(),
            Box::new(|| {
                for event in events {
                    let tree: serde_json::Value = serde_json::from_slice(black_box(event)).unwrap();
                    black_box(tree.to_string());
                }
            }),
        ),
    ];
    let times = per_unit(&mut contenders, ROUNDS, events.len());
    let (ours, portable, parse, tree) = (times[0], times[1], times[2], times[3]);
    row("engine_vs_parse", parse / ours, ours, parse, "ns/event");
    row("engine_vs_parse_portable", parse / portable, portable, parse, "ns/event");
    row("engine_vs_serde_tree", tree / ours, ours, tree, "ns/event");
}

fn against_naive(engine: &Engine, events: &[Vec<u8>]) {
    let naive = Naive::new();
    assert!(events.iter().all(|event| naive.process(event).0), "the naive design refuses an event");
    let mut contenders: Vec<Contender<'_>> = vec![
        ("scrubjay".into(), Box::new(|| process(engine, events))),
        (
            "tree, jsonschema, regular expressions".into(),
            Box::new(|| {
                for event in events {
                    black_box(naive.process(black_box(event)));
                }
            }),
        ),
    ];
    let times = per_unit(&mut contenders, ROUNDS, events.len());
    row("engine_vs_naive", times[1] / times[0], times[0], times[1], "ns/event");
}

fn against_itself(engine: &Engine, events: &[Vec<u8>]) {
    let small = small(events);
    let large = large(&small);
    let attacks = hostile();
    assert!(large.iter().all(|record| engine.process(record, None).status == Status::Accepted));
    let size = |records: &mut dyn Iterator<Item = usize>| records.sum::<usize>() as f64;
    let small_bytes = size(&mut small.iter().map(|record| record.len()));
    let large_bytes = size(&mut large.iter().map(Vec::len));
    eprintln!(
        "{} records of {:.0} bytes, {} of {:.0} with the same content",
        small.len(),
        small_bytes / small.len() as f64,
        large.len(),
        large_bytes / large.len() as f64
    );

    let mut contenders: Vec<Contender<'_>> = vec![
        ("small".into(), Box::new(|| (0..PASSES).for_each(|_| process(engine, &small)))),
        ("large".into(), Box::new(|| (0..PASSES).for_each(|_| process(engine, &large)))),
    ];
    let times = medians(&mut contenders, ROUNDS);
    let per_byte = |time: f64, bytes: f64| time / PASSES as f64 / bytes;
    let (one, hundred) = (per_byte(times[0], small_bytes), per_byte(times[1], large_bytes));
    row("engine_linear", hundred / one, hundred, one, "ns/byte");

    explained(engine, &small);
    let worst = worst(engine, &attacks);
    let mut contenders: Vec<Contender<'_>> =
        vec![("small".into(), Box::new(|| (0..PASSES).for_each(|_| process(engine, &small))))];
    for (_, name, record) in &worst {
        contenders.push(((*name).into(), Box::new(|| process(engine, std::slice::from_ref(record)))));
    }
    let slowest: f64 = worst.iter().map(|(time, ..)| time).sum();
    let rounds = if slowest > SLOW_NS { FEW_ROUNDS } else { HOSTILE_ROUNDS };
    let times = medians(&mut contenders, rounds);
    let one = per_byte(times[0], small_bytes);
    let mut found: Vec<(f64, &str)> =
        times[1..].iter().zip(&worst).map(|(time, (_, name, record))| (time / record.len() as f64, *name)).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (time, name) in &found {
        eprintln!("hostile: {:6.2} times, {time:6.2} ns/byte, {name}", time / one);
    }
    row("engine_linear_hostile", found[0].0 / one, found[0].0, one, "ns/byte");
}

/// What an explanation costs; the bar is twenty times what processing does.
fn explained(engine: &Engine, events: &[&Vec<u8>]) {
    let mut contenders: Vec<Contender<'_>> = vec![
        ("process".into(), Box::new(|| process(engine, events))),
        (
            "explain".into(),
            Box::new(|| {
                for event in events {
                    black_box(engine.explain(black_box(event), None));
                }
            }),
        ),
    ];
    let times = per_unit(&mut contenders, ROUNDS, events.len());
    row("engine_explain_vs_process", times[1] / times[0], times[1], times[0], "ns/event");
}

/// The slowest attacks for their size, after one round: nanoseconds, name and record.
fn worst<'a>(engine: &Engine, attacks: &'a [(String, Vec<u8>)]) -> Vec<(f64, &'a str, &'a [u8])> {
    let mut contenders: Vec<Contender<'_>> = Vec::new();
    for (name, record) in attacks {
        contenders.push((name.clone(), Box::new(|| process(engine, std::slice::from_ref(record)))));
    }
    let times = medians(&mut contenders, 1).into_iter();
    let mut all: Vec<_> = times.zip(attacks).map(|(time, (name, record))| (time, &**name, &**record)).collect();
    all.sort_by(|a, b| (b.0 / b.2.len() as f64).total_cmp(&(a.0 / a.2.len() as f64)));
    all.truncate(SHOWN);
    all
}

/// Nanoseconds of a round of hostile records from which on few rounds tell enough: the bar is missed by far.
const SLOW_NS: f64 = 1e9;
const FEW_ROUNDS: usize = 1;

/// Attacks that are measured often, and named.
const SHOWN: usize = 10;

/// Nanoseconds of each contender for one of `count` units of a round, which are also told.
fn per_unit(contenders: &mut [Contender<'_>], rounds: usize, count: usize) -> Vec<f64> {
    let times: Vec<f64> = medians(contenders, rounds).into_iter().map(|time| time / count as f64).collect();
    for ((name, _), time) in contenders.iter().zip(&times) {
        eprintln!("{name:40} {time:8.0} ns/event");
    }
    times
}
