//! One engine for privacy-first telemetry: configuration, validation, scrubbing, batching, export and storage.
//!
//! [`Engine`] is a pure function from a configuration and a record to an [`Outcome`]:
//!
//! ```
//! use scrubjay_core::{Config, Engine, Status};
//!
//! let engine = Engine::new(&Config::default())?;
//! let outcome = engine.process(
//!     br#"{"channel":"app","event":"login","timestamp":"2026-01-02T03:04:05Z","payload":{"to":"ann@example.com"}}"#,
//!     None,
//! );
//! assert_eq!(outcome.status, Status::Accepted);
//! assert_eq!(outcome.redactions[0].rule, "email");
//! assert!(outcome.record.is_some_and(|record| record.contains(r#""to":"[email]""#)));
//! # Ok::<(), scrubjay_core::Error>(())
//! ```
//!
//! With feature `client`, `Client` adds a bounded queue, one worker and an exporter; with feature `store`, `Store`
//! keeps what a collector accepted and answers questions about it. [`ffi`] is the text facade of all three that
//! the Python, Node and Dart packages call. See `ARCHITECTURE.md` beside this crate.

mod capture;
mod codes;
mod config;
mod contain;
mod engine;
mod error;
mod explanation;
#[cfg(any(feature = "client", feature = "store"))]
mod gathered;
mod hash;
mod json;
mod json_value;
mod kept;
mod outcome;
#[cfg(feature = "segment")]
mod packing;
#[cfg(feature = "receive")]
mod receive;
mod record;
#[cfg(feature = "report")]
mod report;
mod sampling;
mod scan;
mod schema;
mod scrub;
#[cfg(feature = "segment")]
mod segment;
mod stamp;
#[cfg(feature = "store")]
mod store;
mod traceparent;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod consent;
#[cfg(feature = "client")]
mod export;
#[cfg(feature = "client")]
mod metrics;

pub mod ffi;
#[cfg(feature = "twin")]
#[doc(hidden)]
pub mod twin;

pub use crate::capture::CapturedRecord;
#[cfg(feature = "client")]
pub use crate::client::{Client, Span, Timer};
pub use crate::config::{
    AllowConfig, ClientConfig, Compression, Config, CustomRule, ExportConfig, ExporterKind, MetricTemporality,
    MetricsConfig, OtlpProtocol, PrivacyConfig, PrivacyMode, Purpose, RuleAction, SamplingConfig, SealConfig,
    SignalConfig, SpoolConfig,
};
pub use crate::engine::{Engine, ScrubbedJson, ScrubbedText};
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::explanation::{Decision, Explanation, Reason};
#[cfg(feature = "client")]
pub use crate::metrics::{Measurement, MetricKind};
pub use crate::outcome::{Action, Code, Outcome, RecordId, Redaction, Status, Violation};
pub use crate::record::limits;
#[cfg(feature = "arrow")]
pub use crate::report::ArrowRecords;
#[cfg(feature = "report")]
pub use crate::report::Report;
pub use crate::schema::{Change, ChangeKind, Plan, PlanDiff};
pub use crate::stamp::Stamp;
pub use crate::traceparent::SpanContext;

#[cfg(feature = "store")]
pub use crate::store::{
    Adopted, AggregateSpec, Aggregation, ApiKey, Appended, AuditEntry, AuditState, Audited, Bucket, Buckets, Checked,
    Consent, Cursor, Day, DayStats, Deletion, EventStore, Export, ExportFormat, GroupKey, IngestOptions, KeptDeletion,
    LogStats, MetaStore, Page, Part, Pointer, QuerySpec, Retained, Retention, Selection, Store, StoreOptions,
    StoreStats, StoredEvent, Subjects, Tenant, TenantStore, Verdict,
};

/// The README's Rust example, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The quick start's Rust example, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../docs/quick-start.md")]
struct QuickStart;
