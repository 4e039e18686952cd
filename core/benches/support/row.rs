//! Rows of the table of `make bench`: one JSON object a line on standard output; everything for people goes to standard
//! error.

use serde_json::json;

/// Prints one row.
pub(crate) fn row(name: &str, ratio: f64, ours: f64, theirs: f64, unit: &str) {
    println!("{}", json!({"name": name, "ratio": ratio, "ours": ours, "theirs": theirs, "unit": unit}));
}
