//! Whom and what a record speaks of, as far as keys depend on it, and what was spent on it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::pseudonym::{Keyring, Pseudonyms};

/// One record, or one text.
#[derive(Debug, Default)]
pub(super) struct Subject {
    tenant: Option<Box<str>>,
    id: Option<Box<str>>,
    /// The tenant's key, derived when the first pseudonym is asked for.
    key: OnceLock<Pseudonyms>,
    /// Values that were sealed.
    sealed: AtomicUsize,
}

// A copy is a new record: it derives its own key and has spent nothing.
impl Clone for Subject {
    fn clone(&self) -> Self {
        Self::new(self.tenant.as_deref(), self.id.as_deref())
    }
}

impl Subject {
    pub(super) fn new(tenant: Option<&str>, id: Option<&str>) -> Self {
        Self { tenant: tenant.map(Into::into), id: id.map(Into::into), ..Self::default() }
    }

    /// The key of the record's tenant.
    pub(super) fn key(&self, keyring: &Keyring) -> &Pseudonyms {
        self.key.get_or_init(|| keyring.of(self.tenant.as_deref()))
    }

    /// The record's tenant and id; empty where it has none.
    pub(super) fn context(&self) -> [&str; 2] {
        [&self.tenant, &self.id].map(|part| part.as_deref().unwrap_or_default())
    }

    /// Whether one more value may be sealed, of at most `most`.
    pub(super) fn may_seal(&self, most: usize) -> bool {
        self.sealed.fetch_add(1, Ordering::Relaxed) < most
    }
}
