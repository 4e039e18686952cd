//! What the time of an answer tells of an API key: nothing (A11), by the method of dudect (Reparaz, Balasch,
//! Verbauwhede 2017).

use std::hint::black_box;
use std::time::Instant;

use super::*;

/// Lookups of one measurement.
const LOOKUPS: usize = 20_000;
/// Above it the two classes differ: dudect's own threshold.
const LEAK: f64 = 4.5;
/// A leak is there each time; a machine that is disturbed is not.
const TRIES: usize = 4;

/// Whether times of the classes differ: Welch's t, without the slowest tenth, which are interruptions.
fn welch(samples: &[(bool, f64)]) -> f64 {
    let mut times: Vec<f64> = samples.iter().map(|(_, time)| *time).collect();
    times.sort_unstable_by(f64::total_cmp);
    let slowest = times[times.len() * 9 / 10];
    let figures = |class: bool| {
        let of: Vec<f64> = samples.iter().filter(|(c, time)| *c == class && *time < slowest).map(|(_, t)| *t).collect();
        #[allow(clippy::cast_precision_loss, reason = "thousands")]
        let count = of.len() as f64;
        let mean = of.iter().sum::<f64>() / count;
        (mean, of.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0) / count)
    };
    let ((a, spread_a), (b, spread_b)) = (figures(true), figures(false));
    (a - b) / (spread_a + spread_b).sqrt()
}

/// The least difference of several measurements of `look` on keys of both classes, in random order.
fn leak(near: &str, mut look: impl FnMut(&str)) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..TRIES {
        let mut random = vec![[0_u8; 48]; LOOKUPS];
        getrandom::fill(random.as_flattened_mut()).unwrap();
        let keys: Vec<(bool, String)> = random
            .iter()
            .map(|bytes| {
                let letters = |from: usize, to: usize| {
                    bytes[from..to].iter().map(|b| char::from(b'a' + b % 26)).collect::<String>()
                };
                let is_near = bytes[47] % 2 == 0;
                // The last of a key's 43 letters is wrong, or all but what every key begins with.
                let known = if is_near { near[..near.len() - 1].to_owned() } else { near[..4].to_owned() };
                let mut tried = known.clone() + &letters(0, near.len() - known.len());
                if tried == near {
                    tried = known + "-";
                }
                (is_near, tried)
            })
            .collect();
        let samples: Vec<(bool, f64)> = keys
            .iter()
            .map(|(class, key)| {
                let start = Instant::now();
                look(black_box(key));
                (*class, start.elapsed().as_secs_f64())
            })
            .collect();
        least = least.min(welch(&samples).abs());
        if least < LEAK {
            break;
        }
    }
    least
}

#[test]
fn the_time_of_an_answer_does_not_tell_how_much_of_a_key_is_right() {
    let bench = Bench::new();
    let made: Value =
        serde_json::from_str(&bench.store.api_key_add("acme", r#"{"roles":["ingest"]}"#).unwrap()).unwrap();
    let key = made["key"].as_str().unwrap();
    let found = leak(key, |tried| assert_eq!(bench.store.api_key_find(tried).unwrap(), "null"));
    assert!(found < LEAK, "t = {found}");
}

#[test]
fn a_comparison_that_ends_at_the_first_wrong_letter_would_be_noticed() {
    let key = "sjk_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr";
    let found = leak(key, |tried| {
        for (a, b) in tried.bytes().zip(key.bytes()) {
            if black_box(a) != black_box(b) {
                break;
            }
            // As much as a step of such a comparison takes where the machine's clock is coarse.
            black_box((0..black_box(100)).fold(0_u32, |sum, n| sum ^ n));
        }
    });
    assert!(found > LEAK, "t = {found}");
}
