//! Appends records to a file of JSON Lines, and renames it when it is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::target::FileTarget;
use crate::export::Failure;

/// The file, opened for each batch: others may rename or remove it in between.
pub(super) fn append(target: &FileTarget, lines: &[u8]) -> Result<(), Failure> {
    write(target, lines).map_err(|_| Failure::File)
}

fn write(target: &FileTarget, lines: &[u8]) -> io::Result<()> {
    let mut file = open(&target.path)?;
    let size = file.metadata()?.len();
    if target.max_bytes > 0 && size > 0 && size + lines.len() as u64 > target.max_bytes {
        drop(file);
        rotate(target)?;
        file = open(&target.path)?;
    }
    // One call, so that lines of several processes do not mix.
    file.write_all(lines)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Telemetry is nobody else's business.
        options.mode(0o600);
    }
    options.open(path)
}

/// `file` becomes `file.1`, that `file.2`, and so on; the last one goes.
fn rotate(target: &FileTarget) -> io::Result<()> {
    if target.max_count == 0 {
        return fs::remove_file(&target.path);
    }
    for number in (1..target.max_count).rev() {
        match fs::rename(numbered(&target.path, number), numbered(&target.path, number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(&target.path, numbered(&target.path, 1))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(folder: &tempfile::TempDir, max_bytes: u64, max_count: u32) -> FileTarget {
        FileTarget { path: folder.path().join("t.jsonl"), max_bytes, max_count }
    }

    fn read(target: &FileTarget, number: u32) -> Option<String> {
        let path = if number == 0 { target.path.clone() } else { numbered(&target.path, number) };
        fs::read_to_string(path).ok()
    }

    #[test]
    fn a_full_file_is_renamed_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let target = target(&folder, 6, 2);
        for line in ["1\n", "2\n", "3\n", "4444444\n", "5\n", "6\n"] {
            append(&target, line.as_bytes()).unwrap();
        }
        let files: Vec<_> = (0..4).map(|number| read(&target, number)).collect();
        let expected = [Some("5\n6\n"), Some("4444444\n"), Some("1\n2\n3\n"), None];
        assert_eq!(files, expected.map(|text| text.map(str::to_owned)));
    }

    #[test]
    fn without_a_bound_one_file_grows_and_without_a_count_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let endless = target(&folder, 0, 2);
        (0..100).for_each(|_| append(&endless, b"line\n").unwrap());
        assert_eq!((read(&endless, 0).map(|text| text.len()), read(&endless, 1)), (Some(500), None));
        append(&target(&folder, 10, 0), b"new\n").unwrap();
        assert_eq!((read(&endless, 0).as_deref(), read(&endless, 1)), (Some("new\n"), None));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let target = target(&folder, 0, 0);
        append(&target, b"line\n").unwrap();
        assert_eq!(fs::metadata(&target.path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_a_failure_that_is_not_retried() {
        let folder = tempfile::tempdir().unwrap();
        let target = FileTarget { path: folder.path().join("none/t.jsonl"), max_bytes: 0, max_count: 0 };
        assert_eq!(append(&target, b"x\n"), Err(Failure::File));
        assert!(!Failure::File.is_retryable());
    }
}
