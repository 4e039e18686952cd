//! Tracking plans: JSON Schemas for the payload of each `channel.event`, and what is to be done with each field.
//!
//! A plan is read and compiled once ([`Plan::from_json`]), which is the only place where it can be refused. A record
//! is checked in one pass over the reader's nodes: no tree, no recursion, and no cost where there is no plan. The
//! vocabulary is a closed part of JSON Schema 2020-12 ([`written`]) with its meaning, plus `pii`.
//!
//! A token that scrubbing wrote (`[email]`) satisfies any keyword, so that a collector with the same plan accepts what
//! a client sent.

mod allowed;
mod compare;
mod compile;
mod decimal;
mod diff;
mod format;
mod locate;
mod pattern;
mod plan;
mod shape;
mod uri;
mod validate;
mod written;

pub use self::diff::{Change, ChangeKind, PlanDiff};
pub use self::plan::Plan;

pub(crate) use self::locate::located;
pub(crate) use self::plan::{Checked, Event};
pub(crate) use self::shape::Pii;
