//! Passes the linker flags of a Node addon, and has its declarations written.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    napi_build::setup();
    // Where napi-derive writes what each exported item is for TypeScript, and `scripts/build.js` finds it: in cargo's own
    // folder, so that it belongs to this very build.
    let folder = env::var_os("OUT_DIR").map(|out| PathBuf::from(out).join("types"));
    if let Some(folder) = folder {
        fs::create_dir_all(&folder)?;
        println!("cargo::rustc-env=NAPI_TYPE_DEF_TMP_FOLDER={}", folder.display());
    }
    Ok(())
}
