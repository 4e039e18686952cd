//! Brings written files to the disk while the workers go on: a sync waits for the disk, not for a core.

use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::stage::failed;
use crate::error::Result;

/// Files that wait to be synced, and are open as long. Beyond it workers wait for the disk.
const MAX_WAITING: usize = 16;

/// A file that is written, but does not yet outlive a power cut.
pub(super) struct Written {
    pub(super) file: File,
    pub(super) path: PathBuf,
}

/// Where workers put files, and where [`sync`] takes them.
pub(super) fn queue() -> (SyncSender<Written>, Receiver<Written>) {
    sync_channel(MAX_WAITING)
}

/// Syncs files until no worker is left that could write another. After a failure the others are only closed: nothing of
/// the run will be kept.
pub(super) fn sync(queue: &Receiver<Written>) -> Result<()> {
    let mut done = Ok(());
    for Written { file, path } in queue {
        if done.is_ok() {
            done = file.sync_all().map_err(|error| failed("write", &path, &error));
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_synced_fails_the_run_and_workers_do_not_wait_for_it() {
        let (sender, receiver) = queue();
        let folder = tempfile::tempdir().unwrap();
        // A pipe has no disk.
        let (_reader, writer) = std::io::pipe().unwrap();
        let broken = Written { file: std::os::fd::OwnedFd::from(writer).into(), path: "broken".into() };
        let worker = std::thread::spawn(move || {
            sender.send(broken).unwrap();
            for number in 0..3 * MAX_WAITING {
                let path = folder.path().join(number.to_string());
                sender.send(Written { file: File::create(&path).unwrap(), path }).unwrap();
            }
        });
        let error = sync(&receiver).unwrap_err();
        assert!(error.to_string().contains("broken"), "{error}");
        worker.join().unwrap();
    }
}
