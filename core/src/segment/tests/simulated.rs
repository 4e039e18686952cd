//! A disk in memory that loses power: what was not synced is lost, torn or written out of order.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::disk::{Disk, DiskFile};

/// What a device writes or loses as one.
const SECTOR: usize = 64;

#[derive(Clone, Default)]
pub(super) struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    names: Names,
    files: Vec<Contents>,
    /// Changes that were asked for; each is a place to fail at.
    steps: usize,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The process dies before this step: nothing after it happens.
    DeathAt(usize),
    /// This step fails, and only this.
    FailAt(usize, io::ErrorKind),
    /// No more than so many bytes fit; an append writes what it can.
    Room(usize),
}

/// Which file has which name: as the process sees it, as the disk keeps it, and what is on the way.
#[derive(Clone, Default)]
struct Names {
    seen: BTreeMap<String, usize>,
    kept: BTreeMap<String, usize>,
    pending: Vec<Naming>,
}

#[derive(Clone)]
enum Naming {
    Set(String, usize),
    Move(String, String),
    Remove(String),
}

#[derive(Clone, Default)]
struct Contents {
    seen: Vec<u8>,
    kept: Vec<u8>,
    pending: Vec<Write>,
}

#[derive(Clone)]
enum Write {
    At(usize, Vec<u8>),
    Cut(usize),
}

/// A small generator for what the power loss does; proptest gives the seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }
}

fn name(map: &mut BTreeMap<String, usize>, naming: &Naming) {
    match naming {
        Naming::Set(name, file) => drop(map.insert(name.clone(), *file)),
        Naming::Move(from, to) => {
            if let Some(file) = map.remove(from) {
                map.insert(to.clone(), file);
            }
        }
        Naming::Remove(name) => drop(map.remove(name)),
    }
}

fn write(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    if bytes.len() < at + new.len() {
        bytes.resize(at + new.len(), 0);
    }
    bytes[at..at + new.len()].copy_from_slice(new);
}

impl SimulatedDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn inject(&self, fault: Option<Fault>) {
        self.state().fault = fault;
    }

    pub(super) fn steps(&self) -> usize {
        self.state().steps
    }

    /// The disk after the process died: everything that it did is there.
    pub(super) fn after_death(&self) -> Self {
        let state = self.state();
        Self(Arc::new(Mutex::new(State { names: state.names.clone(), files: state.files.clone(), ..State::default() })))
    }

    /// The disk after the power was cut.
    pub(super) fn after_power_loss(&self, seed: u64) -> Self {
        let (state, mut dice) = (self.state(), Dice::new(seed));
        let mut kept = state.names.kept.clone();
        let survived = dice.below(state.names.pending.len() + 1);
        state.names.pending.iter().take(survived).for_each(|naming| name(&mut kept, naming));
        let files = state.files.iter().map(|contents| {
            let mut bytes = contents.kept.clone();
            for pending in &contents.pending {
                match (pending, dice.below(3)) {
                    (_, 0) => {}
                    (Write::Cut(length), _) => bytes.truncate(*length),
                    (Write::At(at, new), 1) => write(&mut bytes, *at, new),
                    (Write::At(at, new), _) => {
                        // Some sectors arrive, in any order; the length may grow before its contents are there.
                        for (i, sector) in new.chunks(SECTOR).enumerate() {
                            match dice.below(3) {
                                0 => {}
                                1 => write(&mut bytes, at + i * SECTOR, sector),
                                _ => write(&mut bytes, at + i * SECTOR, &vec![0; sector.len()]),
                            }
                        }
                    }
                }
            }
            Contents { seen: bytes.clone(), kept: bytes, pending: Vec::new() }
        });
        let files = files.collect();
        let names = Names { seen: kept.clone(), kept, pending: Vec::new() };
        Self(Arc::new(Mutex::new(State { names, files, ..State::default() })))
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.state().names.seen.keys().cloned().collect()
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        let state = self.state();
        state.files[state.names.seen[name]].seen.clone()
    }

    /// Puts a file there as if it had been there for long.
    pub(super) fn put(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.state();
        let file = state.files.len();
        state.files.push(Contents { seen: bytes.clone(), kept: bytes, pending: Vec::new() });
        state.names.seen.insert(name.to_owned(), file);
        state.names.kept.insert(name.to_owned(), file);
    }
}

impl State {
    /// Counts a change and fails where it should.
    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        match self.fault {
            Some(Fault::DeathAt(step)) if self.steps >= step => Err(io::ErrorKind::Other.into()),
            Some(Fault::FailAt(step, kind)) if self.steps == step => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn name(&mut self, naming: Naming) {
        name(&mut self.names.seen, &naming);
        self.names.pending.push(naming);
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.names.seen.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let state = self.state();
        Ok(state.names.seen.iter().map(|(name, file)| (name.clone(), state.files[*file].seen.len() as u64)).collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.step()?;
        if state.find(name).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = state.files.len();
        state.files.push(Contents::default());
        state.name(Naming::Set(name.to_owned(), file));
        Ok(Box::new(SimulatedFile { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = self.state().find(name)?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        state.find(from)?;
        state.name(Naming::Move(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.find(name)?;
        state.step()?;
        state.name(Naming::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        let names = &mut state.names;
        names.kept = names.seen.clone();
        names.pending.clear();
        Ok(())
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    file: usize,
}

impl DiskFile for SimulatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let died = state.step();
        let used: usize = state.names.seen.values().map(|file| state.files[*file].seen.len()).sum();
        let fits = match state.fault {
            Some(Fault::Room(room)) => bytes.len().min(room.saturating_sub(used)),
            // The one that the death interrupts gets half of its way; those after it never happen.
            Some(Fault::DeathAt(step)) if state.steps == step => bytes.len() / 2,
            _ if died.is_err() => 0,
            _ => bytes.len(),
        };
        let contents = &mut state.files[self.file];
        let at = contents.seen.len();
        contents.seen.extend_from_slice(&bytes[..fits]);
        contents.pending.push(Write::At(at, bytes[..fits].to_vec()));
        died?;
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step()?;
        let is_named = state.names.seen.values().any(|file| *file == self.file);
        let contents = &mut state.files[self.file];
        contents.kept.clone_from(&contents.seen);
        contents.pending.clear();
        if is_named { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn read(&mut self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let state = self.disk.state();
        let bytes = &state.files[self.file].seen;
        let start = usize::try_from(offset).unwrap().min(bytes.len());
        Ok(bytes[start..bytes.len().min(start.saturating_add(length))].to_vec())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step()?;
        let length = usize::try_from(length).unwrap();
        let contents = &mut state.files[self.file];
        contents.seen.truncate(length);
        contents.pending.push(Write::Cut(length));
        Ok(())
    }
}
