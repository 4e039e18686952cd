//! The user's name in the path of a home directory: `/home/ann/…`, `/Users/ann/…`, `C:\Users\ann\…`. The name alone
//! goes; the rest of the path says what the program did. A directory must follow: `/home/feed` is a route.

use super::{before, byte, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// The parents of home directories, without their separators.
const PARENTS: [&[u8]; 3] = [b"home", b"Users", b"Documents and Settings"];

/// Directories beside people's, which are nobody's.
const NOBODY: [&[u8]; 5] = [b"Public", b"Shared", b"Default", b"All Users", b"runner"];

/// The longest user name of the systems in use is shorter.
const MAX_NAME: usize = 64;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::UserPath],
    gates: &[Gate {
        before2: |byte| matches!(byte, b'm' | b'r' | b'g'),
        before: |byte| matches!(byte, b'e' | b's'),
        ..Gate::new(Lane::Slash, |byte| matches!(byte, b'/' | b'\\'), verify)
    }],
};

/// Looks at the separator behind the parent.
fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    let Some(parent) = PARENTS.iter().find(|parent| text[floor.min(at)..at].ends_with(parent)) else { return miss };
    let start = at - parent.len();
    let separator = text[at];
    if start == 0 || text[start - 1] != separator || !is_root(text, start, separator) {
        return miss;
    }
    let name = if text[at..].starts_with(br"\\") { at + 2 } else { at + 1 };
    let is_name = |b: u8| is_word(b) || matches!(b, b'.' | b'-' | b' ' | b'+');
    let end = run(&text[..text.len().min(name + MAX_NAME)], name, is_name);
    let found = &text[name..end];
    let is_somebody =
        !found.is_empty() && !found.starts_with(b".") && !found.contains(&b' ') && !NOBODY.contains(&found);
    if is_somebody && byte(text, end) == separator { Verdict::Hit { start: name, end } } else { miss }
}

/// Whether the separator before `start` begins a path: after a drive, a space, a quote, a sign.
fn is_root(text: &[u8], start: usize, separator: u8) -> bool {
    let mut root = start - 1;
    if separator == b'\\' && root > 0 && text[root - 1] == b'\\' {
        root -= 1;
    }
    let first = before(text, root);
    // `file:///home/ann`, `/mnt/c/Users/ann`, `C:/Users/ann`; no host name.
    !(is_word(first) || matches!(first, b'.' | b'-' | b'~' | b'%' | b'}')) || text[..root].ends_with(b"/mnt/c")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn users_names_go_and_paths_stay() {
        hits(
            Rule::UserPath,
            &[
                "/home/«ann»/src/main.rs:3",
                "at file:///Users/«ann.b»/x.js",
                r"C:\Users\«ann»\Desktop",
                r"C:\\Users\\«ann»\\Desktop",
                "--registry=/home/«ann»/a, /home/«bob»/b",
                "C:/Users/«ann»/x",
            ],
        );
    }

    #[test]
    fn routes_and_shared_directories_are_left() {
        misses(
            Rule::UserPath,
            &[
                "/home/feed",
                "https://example.com/home/a/b",
                "/var/home",
                "/Users/Shared/x",
                "/home//x",
                "home/ann/x",
                "/home/",
            ],
        );
    }
}
