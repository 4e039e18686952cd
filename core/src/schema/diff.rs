//! What a new plan means for those who follow the old one.
//!
//! A change is breaking where the new plan would reject a record that the old one accepted, or would no longer keep a
//! value that the old one kept. Where that cannot be told (two patterns), it is assumed.

use super::compare::Comparison;
use super::plan::Plan;
use crate::json::write_string;

/// In which direction something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// An event or a property that was not there.
    Added,
    /// An event or a property that is gone.
    Removed,
    /// Less is accepted.
    Tightened,
    /// More is accepted.
    Loosened,
    /// Neither says more than the other, or that cannot be told.
    Changed,
}

impl ChangeKind {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Tightened => "tightened",
            Self::Loosened => "loosened",
            Self::Changed => "changed",
        }
    }
}

/// One difference between two plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// JSON Pointer into the plans.
    pub path: String,
    /// In which direction it goes.
    pub kind: ChangeKind,
    /// Whether the new plan rejects or loses what the old one accepted.
    pub is_breaking: bool,
    /// Why, for people.
    pub reason: String,
}

/// All differences between two plans, in order of their paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDiff {
    /// The old plan's own version.
    pub old_version: Option<String>,
    /// The new plan's own version.
    pub new_version: Option<String>,
    /// What changed.
    pub changes: Vec<Change>,
}

impl PlanDiff {
    pub(super) fn of(old: &Plan, new: &Plan) -> Self {
        let mut changes = Comparison::run(old, new);
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        let version = |plan: &Plan| plan.version().map(str::to_owned);
        Self { old_version: version(old), new_version: version(new), changes }
    }

    /// Whether one of the changes is breaking.
    pub fn is_breaking(&self) -> bool {
        self.changes.iter().any(|change| change.is_breaking)
    }

    /// `{"old_version":…,"new_version":…,"breaking":…,"changes":[{"path":…,"kind":…,"breaking":…,"reason":…}]}`.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{\"old_version\":");
        write_version(self.old_version.as_deref(), &mut out);
        out.push_str(",\"new_version\":");
        write_version(self.new_version.as_deref(), &mut out);
        out.push_str(if self.is_breaking() { ",\"breaking\":true" } else { ",\"breaking\":false" });
        out.push_str(",\"changes\":[");
        for (i, change) in self.changes.iter().enumerate() {
            out.push_str(if i == 0 { "{\"path\":" } else { ",{\"path\":" });
            write_string(&change.path, &mut out);
            out.push_str(",\"kind\":\"");
            out.push_str(change.kind.as_str());
            out.push_str(if change.is_breaking { "\",\"breaking\":true" } else { "\",\"breaking\":false" });
            out.push_str(",\"reason\":");
            write_string(&change.reason, &mut out);
            out.push('}');
        }
        out.push_str("]}");
        out
    }
}

fn write_version(version: Option<&str>, out: &mut String) {
    match version {
        Some(version) => write_string(version, out),
        None => out.push_str("null"),
    }
}
