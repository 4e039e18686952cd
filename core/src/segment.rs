//! The segment log: append-only, checksummed, compressed files, from which acknowledged records disappear.
//!
//! The client's spool is one; the collector's ingest log is another. A [`Log`] belongs to one process;
//! [`claim`] gives each of many processes one in a shared folder. What `append` returned for survives a kill and
//! a power loss; a bad byte costs the frame in which it stands; whatever is lost is counted.

#![cfg_attr(not(feature = "client"), allow(dead_code, reason = "slots and the look into a spool are the client's"))]

mod clock;
mod disk;
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

pub(crate) use self::clock::MachineTime;
#[cfg(any(feature = "client", test))]
pub(crate) use self::clock::Time;
pub(crate) use self::disk::Failure;
#[cfg(feature = "client")]
pub(crate) use self::inspect::{inspect, purge, records};
#[cfg(any(feature = "client", test))]
pub(crate) use self::log::Losses;
pub(crate) use self::log::{Log, Options};
pub(crate) use self::read::Chunk;
#[cfg(feature = "store")]
pub(crate) use self::real::{Folder, owner};
pub(crate) use self::seal::SealKey;
#[cfg(any(feature = "client", test))]
pub(crate) use self::slots::{adopt, claim, wipe};
