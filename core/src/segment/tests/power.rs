//! Deaths and power losses at every step: what was reported as written is there, in order, and nothing else is.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::{Log, Options, SealKey};
use super::simulated::{Dice, Fault, SimulatedDisk};
use super::{open, options, record};

#[derive(Clone, Debug)]
enum Act {
    Append {
        records: usize,
    },
    /// Reads and acknowledges.
    Settle {
        records: usize,
    },
    /// Dies, with or without the power, after so many steps of what follows.
    Crash {
        steps: usize,
        power: Option<u64>,
    },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1_usize..12).prop_map(|records| Act::Append { records }),
        3 => (1_usize..20).prop_map(|records| Act::Settle { records }),
        3 => (1_usize..25, prop::option::weighted(0.7, any::<u64>()))
            .prop_map(|(steps, power)| Act::Crash { steps, power }),
    ]
}

/// What the process was told.
#[derive(Default)]
struct Told {
    /// Records that were reported as written, in order.
    written: Vec<usize>,
    /// Records that were tried.
    tried: usize,
    /// Records that were reported as acknowledged since the power was last cut: the position may lag behind then.
    settled: BTreeSet<usize>,
    /// Records that may be acknowledged.
    maybe_settled: BTreeSet<usize>,
}

fn number(text: &[u8]) -> usize {
    let text = std::str::from_utf8(text).unwrap();
    let n = text.strip_prefix(r#"{"n":""#).and_then(|rest| rest.split('"').next()).unwrap().parse().unwrap();
    assert!(text.starts_with(&record(n)), "never garbage");
    n
}

/// Records of many sizes, so that frames end anywhere.
fn sized(n: usize) -> Vec<u8> {
    let mut text = record(n).into_bytes();
    let mut dice = Dice::new(n as u64 * 7_919 + 3);
    text.extend((0..dice.below(400)).map(|_| b'a' + u8::try_from(dice.below(26)).unwrap()));
    text
}

fn settle(log: &Log, told: &mut Told, records: usize) {
    let Some(chunk) = log.read(records, usize::MAX) else { return };
    assert_eq!((chunk.corrupt, chunk.expired), (0, 0), "a power loss costs nothing that was reported as written");
    let numbers: Vec<usize> = chunk.records.iter().map(|record| number(record)).collect();
    assert!(numbers.is_sorted(), "in order");
    assert!(numbers.iter().all(|n| !told.settled.contains(n)), "what is acknowledged is not read again");
    told.maybe_settled.extend(&numbers);
    log.acknowledge(chunk.end);
    if log.persist(None).is_ok() {
        told.settled.extend(numbers);
    }
}

/// Everything that must still be there, is; then all of it is read.
fn verify(disk: &SimulatedDisk, told: &mut Told, options: &Options) {
    let log = open(disk, options).unwrap();
    let mut seen = Vec::new();
    while let Some(chunk) = log.read(5, usize::MAX) {
        assert_eq!((chunk.corrupt, chunk.expired), (0, 0));
        seen.extend(chunk.records.iter().map(|record| number(record)));
        log.acknowledge(chunk.end);
        assert!(log.persist(None).is_ok());
    }
    assert!(seen.is_sorted() && seen.iter().all(|n| *n < told.tried && !told.settled.contains(n)));
    let seen: BTreeSet<usize> = seen.into_iter().collect();
    for n in &told.written {
        assert!(seen.contains(n) || told.maybe_settled.contains(n), "{n} was reported as written and is gone");
    }
    told.maybe_settled.extend(&seen);
    told.settled.extend(seen);
}

fn run(acts: Vec<Act>, options: &Options) {
    let mut disk = SimulatedDisk::default();
    let mut told = Told::default();
    let mut log = open(&disk, options).ok();
    let mut doom = None;
    for act in acts {
        match (act, &log) {
            (Act::Append { records }, Some(log)) => {
                let numbers = told.tried..told.tried + records;
                told.tried += records;
                let batch: Vec<Vec<u8>> = numbers.clone().map(sized).collect();
                if log.append(&batch).is_ok() {
                    told.written.extend(numbers);
                }
            }
            (Act::Settle { records }, Some(log)) => settle(log, &mut told, records),
            (Act::Crash { steps, power }, _) => {
                // The earlier crash comes now at the latest, and this one while recovering or after.
                let next = match doom.replace(power) {
                    None => disk.clone(),
                    Some(None) => disk.after_death(),
                    Some(Some(seed)) => {
                        told.settled.clear();
                        disk.after_power_loss(seed)
                    }
                };
                // The dead process's log does not run its end.
                std::mem::forget(log.take());
                disk = next;
                disk.inject(Some(Fault::DeathAt(disk.steps() + steps)));
                log = open(&disk, options).ok();
            }
            (_, None) => {}
        }
    }
    std::mem::forget(log.take());
    let disk = match doom {
        None | Some(None) => disk.after_death(),
        Some(Some(seed)) => {
            told.settled.clear();
            disk.after_power_loss(seed)
        }
    };
    verify(&disk, &mut told, options);
    // Recovering what was recovered changes nothing.
    verify(&disk.after_death(), &mut told, options);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn what_was_reported_as_written_survives_deaths_and_power_losses(acts in prop::collection::vec(act(), 1..40)) {
        run(acts, &Options { max_age: None, ..options() });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn sealing_changes_nothing_about_that(acts in prop::collection::vec(act(), 1..30)) {
        let key = SealKey::from_base64(&format!("{}=", "E".repeat(43)));
        run(acts, &Options { max_age: None, key, ..options() });
    }
}

#[test]
fn a_death_at_every_single_step_loses_nothing_that_was_reported() {
    let options = Options { segment_bytes: 600, ..options() };
    let plan = || (0..12).flat_map(|i| [Act::Append { records: 1 + i % 3 }, Act::Settle { records: 2 }]);
    for steps in 1..120 {
        for power in [None, Some(steps as u64 * 31)] {
            run([Act::Crash { steps, power }].into_iter().chain(plan()).collect(), &options);
        }
    }
}

/// Found by the test above: a killed process leaves names and bytes in the system's memory, where the next process sees
/// them although the disk has never had them.
#[test]
fn what_a_killed_process_left_unsynced_is_synced_before_anything_is_built_on_it() {
    let crash = |steps, power| Act::Crash { steps, power };
    for seed in 0..200 {
        for steps in 9..13 {
            let acts = vec![
                crash(steps, None),
                Act::Append { records: 4 },
                Act::Settle { records: 4 },
                Act::Append { records: 1 },
                crash(5, None),
                Act::Append { records: 1 },
                crash(1, Some(seed * 7_919 + 1)),
            ];
            run(acts, &Options { max_age: None, ..options() });
        }
    }
}

#[test]
fn a_recovery_that_dies_again_and_again_ends_where_one_that_lives_does() {
    let options = Options { segment_bytes: 600, ..options() };
    let disk = SimulatedDisk::default();
    let log = open(&disk, &options).unwrap();
    super::append(&log, 0..40);
    std::mem::forget(log);
    // A torn end, and an acknowledgement that was on its way.
    let last = disk.names().into_iter().filter(|name| name.ends_with(".segment")).max().unwrap();
    let torn = disk.bytes(&last);
    disk.put(&last, torn[..torn.len() - 3].to_vec());
    disk.put("acknowledged.json.new", b"{".to_vec());
    let mut dying = disk.after_death();
    for step in 1..30 {
        dying.inject(Some(Fault::DeathAt(step)));
        if let Ok(log) = open(&dying, &options) {
            std::mem::forget(log);
        }
        dying = dying.after_death();
    }
    let (dying, alive) = (open(&dying, &options).unwrap(), open(&disk.after_death(), &options).unwrap());
    assert_eq!((dying.pending(), alive.found.torn_bytes > 0), (39, true));
    assert_eq!(super::drain(&dying), super::drain(&alive));
}
