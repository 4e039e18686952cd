//! Files as earlier versions wrote them, which every later version reads.

use super::super::{Options, SealKey};
use super::simulated::SimulatedDisk;
use super::{drain, open, options};

/// Version 1: two frames, stored and compressed; then one sealed.
const PLAIN: &[u8] = include_bytes!("../golden/v1-plain.segment");
const SEALED: &[u8] = include_bytes!("../golden/v1-sealed.segment");

fn key() -> Option<SealKey> {
    SealKey::from_base64(&format!("{}=", "E".repeat(43)))
}

fn golden_records() -> (String, Vec<String>) {
    (r#"{"n":1}"#.to_owned(), (2..8).map(|n| format!(r#"{{"n":{n},"text":"the same words again"}}"#)).collect())
}

#[test]
fn segments_of_the_first_version_are_read() {
    for (bytes, key) in [(PLAIN, None), (SEALED, key())] {
        let disk = SimulatedDisk::default();
        disk.put("00000000000000000001.segment", bytes.to_vec());
        let (first, rest) = golden_records();
        let log = open(&disk, &Options { max_age: None, key, ..options() }).unwrap();
        assert_eq!(drain(&log), ([vec![first], rest].concat(), 0, 0));
    }
}

/// How the golden files were made. They are never made again: a new format gets new ones.
#[test]
#[ignore = "writes files into the source tree"]
fn write_golden_files() {
    for (name, key) in [("v1-plain", None), ("v1-sealed", key())] {
        let disk = SimulatedDisk::default();
        let log = open(&disk, &Options { key, ..options() }).unwrap();
        let (first, rest) = golden_records();
        log.append(&[first]).unwrap();
        log.append(&rest).unwrap();
        std::mem::forget(log);
        let path = format!("{}/src/segment/golden/{name}.segment", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, disk.bytes("00000000000000000001.segment")).unwrap();
    }
}
