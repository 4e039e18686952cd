//! The segment log: append-only, checksummed, compressed files, from which acknowledged records disappear.
//!
//! The client's spool is one; the collector's ingest log is to be another. A [`Log`] belongs to one process;
//! [`claim`] gives each of many processes one in a shared folder. What `append` returned for survives a kill and
//! a power loss; a bad byte costs the frame in which it stands; whatever is lost is counted.

mod clock;
mod disk;
mod erase;
mod forget;
mod format;
mod frame;
mod inspect;
mod log;
mod position;
mod read;
mod real;
mod recover;
mod scan;
mod seal;
mod slots;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use self::clock::{MachineTime, Time};
pub(crate) use self::disk::Failure;
pub(crate) use self::inspect::{inspect, purge, records};
pub(crate) use self::log::{Log, Losses, Options};
pub(crate) use self::read::Chunk;
pub(crate) use self::seal::SealKey;
pub(crate) use self::slots::{adopt, claim, open_slot, slots, wipe, wipe_slot};
