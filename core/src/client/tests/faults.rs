//! The table of faults names tests that exist.

use std::fs;
use std::path::Path;

/// The text of every source file below a folder.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "py") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_that_the_table_of_faults_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/faults.md")).unwrap();
    let mut text = String::new();
    sources(&root.join("core/src"), &mut text);
    sources(&root.join("bindings-python/tests"), &mut text);
    // Sentences: what stands in code and is shorter is a file, a command or a call.
    let is_test = |word: &&str| word.trim_matches('_').matches('_').count() >= 3 && !word.contains('.');
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_test).collect();
    assert!(named.len() > 60, "{}", named.len());
    let missing: Vec<&&str> = named
        .iter()
        .filter(|name| !["fn ", "def "].iter().any(|word| text.contains(&format!("{word}{name}("))))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
