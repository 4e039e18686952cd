//! What a walk notes of values for whoever learns what it does.

use crate::scrub::value::Named;

/// What stands around values, by their nodes.
pub(super) enum Trace {
    Unwanted,
    Into(Vec<(usize, Named)>),
    /// It depends on what other values say.
    Impossible,
}

impl Trace {
    pub(super) const fn is_wanted(&self) -> bool {
        !matches!(self, Self::Unwanted)
    }

    pub(super) fn give_up(&mut self) {
        if self.is_wanted() {
            *self = Self::Impossible;
        }
    }
}
