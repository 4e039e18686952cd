//! What scrubbing did to a text: each kind of change once. Nearly always it is one, which takes no memory of its own.

use super::rule::Rule;
use crate::outcome::Action;

/// A rule and what it did.
pub(crate) type Change = (Rule, Action);

/// Each kind of change once, in order of its first occurrence.
#[derive(Debug, Default)]
pub(crate) enum Changes {
    #[default]
    None,
    One([Change; 1]),
    Many(Vec<Change>),
}

impl Changes {
    /// Adds a kind of change, once.
    pub(crate) fn note(&mut self, change: Change) {
        match self {
            Self::None => *self = Self::One([change]),
            Self::One(one) if *one == [change] => {}
            Self::One([one]) => *self = Self::Many(vec![*one, change]),
            Self::Many(many) if many.contains(&change) => {}
            Self::Many(many) => many.push(change),
        }
    }
}

impl std::ops::Deref for Changes {
    type Target = [Change];

    fn deref(&self) -> &[Change] {
        match self {
            Self::None => &[],
            Self::One(one) => one,
            Self::Many(many) => many,
        }
    }
}

impl From<Change> for Changes {
    fn from(change: Change) -> Self {
        Self::One([change])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_change_is_noted_once_in_order_of_its_first_occurrence() {
        let (mail, card) = ((Rule::Email, Action::Replace), (Rule::Card, Action::Mask));
        let mut changes = Changes::default();
        for (change, noted) in
            [(mail, &[mail][..]), (mail, &[mail]), (card, &[mail, card]), (mail, &[mail, card]), (card, &[mail, card])]
        {
            changes.note(change);
            assert_eq!(*changes, *noted);
        }
    }
}
