//! Scrubs the worst inputs in two sizes each, for a tool that counts the instructions of `measured`; `run.py` says what
//! doubling costs. Prints each counted call, in order, as `KIND<tab>NAME<tab>BYTES`.

#[path = "../../core/tests/hostile/mod.rs"]
mod hostile;

use std::hint::black_box;

use scrubjay_core::{Config, Engine, Error};

/// The smaller size in bytes: above every bound of a verifier, so that doubling it shows how work grows beyond them.
const BYTES: usize = 5_000;

/// The one function that is counted.
#[inline(never)]
fn measured(engine: &Engine, text: &str, is_document: bool) {
    if is_document {
        black_box(engine.scrub_json(black_box(text).as_bytes()).to_json());
    } else {
        black_box(engine.scrub_text(black_box(text)));
    }
}

fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::default())?;
    // What is made once, at the first call, is not counted.
    measured(&engine, "a@b.co", false);
    for (kind, inputs) in hostile::WORST {
        for input in *inputs {
            for bytes in [BYTES, 2 * BYTES] {
                let text = input.text(bytes);
                measured(&engine, &text, input.is_document());
                println!("{kind}\t{}\t{}", input.name(), text.len());
            }
        }
    }
    Ok(())
}
