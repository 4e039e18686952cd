//! Writes the record kinds' JSON Schema documents into `core/schemas`: `cargo run -p scrubjay-core --example
//! write_schemas`. A test holds the files to the code.

use std::error::Error;
use std::path::Path;

use serde_json::{Map, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    std::fs::create_dir_all(&folder)?;
    let all: Map<String, Value> = serde_json::from_str(&scrubjay_core::ffi::schemas())?;
    for (name, schema) in all {
        std::fs::write(folder.join(format!("{name}.json")), format!("{schema:#}\n"))?;
    }
    Ok(())
}
