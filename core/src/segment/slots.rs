//! One folder for many processes: each has a slot, a log of its own, that it owns by lock.
//!
//! Processes that share one log would have to take turns at every sync. With a slot each they share only the bound on
//! bytes. A process takes the first slot that is free, together with what a dead owner left there; what other dead
//! owners left it adopts and delivers. So there are never more slots than there were processes at one time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::clock::Time;
use super::disk::{Disk, Failure};
use super::format;
use super::log::{Log, Options};
use super::real::{self, Folder};

/// More processes than this in one folder are a mistake, or keep their records in memory.
const MAX_SLOTS: usize = 64;

/// The folders of all logs of `root`, made or not.
pub(crate) fn slots(root: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let root = root.to_owned();
    (0..MAX_SLOTS).map(move |n| root.join(format!("slot-{n:03}")))
}

/// The log of this process, and its slot's folder.
pub(crate) fn claim(root: &Path, time: &Arc<dyn Time>, options: &Options) -> Result<(Log, PathBuf), Failure> {
    real::make_root(root)?;
    let mut refused = Failure::Busy;
    for slot in slots(root) {
        match open(&slot, time, options) {
            Ok(Some(log)) => return Ok((log, slot)),
            Ok(None) => {}
            // Another key's records stay for whoever has it.
            Err(Failure::OtherKey) => refused = Failure::OtherKey,
            Err(failure) => return Err(failure),
        }
    }
    Err(refused)
}

/// The logs that dead owners left with records in them, and their slots.
pub(crate) fn adopt(root: &Path, own: &Path, time: &Arc<dyn Time>, options: &Options) -> Vec<(Log, PathBuf)> {
    let left = slots(root).filter(|slot| slot != own && segment_bytes(slot) > 0);
    // What cannot be opened stays where it is, for another time or a person.
    left.filter_map(|slot| Some((open(&slot, time, options).ok().flatten()?, slot)))
        .filter(|(log, _)| log.pending() > 0)
        .collect()
}

fn open(slot: &Path, time: &Arc<dyn Time>, options: &Options) -> Result<Option<Log>, Failure> {
    let Some(folder) = Folder::own(slot)? else { return Ok(None) };
    let (root, own) = (slot.parent().map(Path::to_owned).unwrap_or_default(), slot.to_owned());
    let elsewhere = move || slots(&root).filter(|slot| *slot != own).map(|slot| segment_bytes(&slot)).sum();
    let options = Options { elsewhere: Some(Arc::new(elsewhere)), ..options.clone() };
    Log::open(Arc::new(folder) as Arc<dyn Disk>, Arc::clone(time), options).map(Some)
}

/// The log of a slot that is there; nothing where its owner lives.
pub(crate) fn open_slot(slot: &Path, time: &Arc<dyn Time>, options: &Options) -> Result<Option<Log>, Failure> {
    open(slot, time, options)
}

/// Bytes of a slot's segments; none where there is no such slot.
fn segment_bytes(slot: &Path) -> u64 {
    let files = real::files(slot).unwrap_or_default();
    files.iter().filter(|(name, _)| format::base_of(name).is_some()).map(|(_, bytes)| bytes).sum()
}

/// Removes every record of every process from the folder, living owners' included: what they have open is empty, and
/// their next append finds that its file is gone.
///
/// # Errors
/// Where a file could not be removed. A folder that is not there is wiped.
pub(crate) fn wipe(root: &Path) -> Result<(), Failure> {
    for slot in slots(root).filter(|slot| slot.is_dir()) {
        wipe_slot(&slot)?;
    }
    Ok(())
}

/// The same for one slot.
pub(crate) fn wipe_slot(slot: &Path) -> Result<(), Failure> {
    super::forget::wipe(&real::Unowned::new(slot)?)
}
