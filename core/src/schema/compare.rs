//! Two plans side by side: what each keyword accepted, and what it accepts now.

use std::cmp::Ordering;

use super::diff::{Change, ChangeKind};
use super::format::Format;
use super::plan::{Plan, Unplanned};
use super::shape::{Number, Pii, Shape, ShapeId, Types};
use super::written::join;

/// A schema of one of the plans; nothing for what accepts anything.
type Side = Option<ShapeId>;

/// A comparison that is under way.
pub(super) struct Comparison<'a> {
    old: &'a Plan,
    new: &'a Plan,
    /// Pairs of schemas that are still to be compared.
    todo: Vec<(String, Side, Side)>,
    changes: Vec<Change>,
}

impl<'a> Comparison<'a> {
    /// All changes from `old` to `new`. A list of pairs that are still to be compared, not recursion.
    pub(super) fn run(old: &'a Plan, new: &'a Plan) -> Vec<Change> {
        let mut comparison = Self { old, new, todo: Vec::new(), changes: Vec::new() };
        comparison.plans();
        while let Some((path, old, new)) = comparison.todo.pop() {
            comparison.shapes(&path, old, new);
        }
        comparison.changes
    }

    fn breaks(&mut self, path: String, kind: ChangeKind, reason: impl Into<String>) {
        self.changes.push(Change { path, kind, is_breaking: true, reason: reason.into() });
    }

    fn allows(&mut self, path: String, kind: ChangeKind, reason: impl Into<String>) {
        self.changes.push(Change { path, kind, is_breaking: false, reason: reason.into() });
    }

    fn plans(&mut self) {
        let path = || "/unplanned".to_owned();
        match (self.old.unplanned(), self.new.unplanned()) {
            (Unplanned::Allow, Unplanned::Reject) => {
                self.breaks(path(), ChangeKind::Tightened, "events that the plan does not name were accepted");
            }
            (Unplanned::Reject, Unplanned::Allow) => {
                self.allows(path(), ChangeKind::Loosened, "events that the plan does not name are accepted now");
            }
            (Unplanned::Allow, Unplanned::Allow) | (Unplanned::Reject, Unplanned::Reject) => {}
        }
        for (event, old) in self.old.roots() {
            let path = join("/events", event);
            match root(self.new, event) {
                Some(new) => self.todo.push((path, Some(*old), Some(new))),
                None if self.new.unplanned() == Unplanned::Reject => {
                    self.breaks(path, ChangeKind::Removed, "its records would be rejected");
                }
                None => self.allows(path, ChangeKind::Removed, "its records are accepted without a check"),
            }
        }
        for (event, new) in self.new.roots() {
            if root(self.old, event).is_none() {
                let path = join("/events", event);
                self.allows(path.clone(), ChangeKind::Added, "the event is planned now");
                // Without a plan any payload was accepted.
                if self.old.unplanned() == Unplanned::Allow {
                    self.todo.push((path, None, Some(*new)));
                }
            }
        }
    }

    fn shapes(&mut self, path: &str, old_id: Side, new_id: Side) {
        static ANY: Shape = Shape::ANY;
        if old_id.is_none() && new_id.is_none() {
            return;
        }
        let (old_plan, new_plan) = (self.old, self.new);
        let old = old_id.map_or(&ANY, |id| old_plan.shape(id));
        let new = new_id.map_or(&ANY, |id| new_plan.shape(id));
        match (old.is_never, new.is_never) {
            (true, true) => return,
            (true, false) => return self.allows(path.to_owned(), ChangeKind::Loosened, "values are accepted here now"),
            (false, true) => {
                return self.breaks(path.to_owned(), ChangeKind::Tightened, "values were accepted here");
            }
            (false, false) => {}
        }
        self.pii(path, old.pii, new.pii);
        self.types(path, old.types, new.types);
        self.values(path, old, new);
        // What no record could hold cannot be rejected.
        if old.types.meets(Types::NUMBER) {
            let bounds = |a: &&Number, b: &&Number| a.decimal().cmp(&b.decimal());
            self.bound(join(path, "minimum"), compare(old.minimum.as_ref(), new.minimum.as_ref(), bounds));
            let reversed = |a: &&Number, b: &&Number| b.decimal().cmp(&a.decimal());
            self.bound(join(path, "maximum"), compare(old.maximum.as_ref(), new.maximum.as_ref(), reversed));
        }
        if old.types.meets(Types::STRING) {
            self.bound(join(path, "minLength"), compare(old.min_length, new.min_length, u64::cmp));
            self.bound(join(path, "maxLength"), compare(old.max_length, new.max_length, |a, b| b.cmp(a)));
            let written = |shape: &Shape| shape.pattern.as_ref().map(|pattern| pattern.written().to_owned());
            self.form(join(path, "pattern"), written(old).as_deref(), written(new).as_deref());
            let format = |shape: &Shape| shape.format.map(Format::as_str);
            self.form(join(path, "format"), format(old), format(new));
        }
        if old.types.meets(Types::ARRAY) {
            self.todo.push((join(path, "items"), old.items, new.items));
        }
        if old.types.meets(Types::OBJECT) {
            self.members(path, old, new);
        }
    }

    fn types(&mut self, path: &str, old: Types, new: Types) {
        let path = join(path, "type");
        match (new.holds_all(old), old.holds_all(new)) {
            (true, true) => {}
            (true, false) => self.allows(path, ChangeKind::Loosened, format!("accepts {} now", new.words())),
            (false, true) => self.breaks(path, ChangeKind::Tightened, format!("{} was accepted", old.words())),
            (false, false) => self.breaks(path, ChangeKind::Changed, format!("{} was accepted", old.words())),
        }
    }

    fn values(&mut self, path: &str, old: &Shape, new: &Shape) {
        let path = join(path, "enum");
        match (&old.allowed, &new.allowed) {
            (None, None) => {}
            (Some(_), None) => self.allows(path, ChangeKind::Loosened, "other values are accepted now"),
            (None, Some(_)) => self.breaks(path, ChangeKind::Tightened, "other values were accepted"),
            (Some(old), Some(new)) => match (new.hold_all(old), old.hold_all(new)) {
                (true, true) => {}
                (true, false) => self.allows(path, ChangeKind::Loosened, "more values are accepted now"),
                (false, true) => self.breaks(path, ChangeKind::Tightened, "more values were accepted"),
                (false, false) => self.breaks(path, ChangeKind::Changed, "values are gone that were accepted"),
            },
        }
    }

    /// A bound of which `order` says how the new one stands to the old: less is looser.
    fn bound(&mut self, path: String, order: Ordering) {
        match order {
            Ordering::Equal => {}
            Ordering::Less => self.allows(path, ChangeKind::Loosened, "the bound is wider"),
            Ordering::Greater => self.breaks(path, ChangeKind::Tightened, "values beyond the bound were accepted"),
        }
    }

    fn form(&mut self, path: String, old: Option<&str>, new: Option<&str>) {
        match (old, new) {
            (None, Some(_)) => self.breaks(path, ChangeKind::Tightened, "strings of any form were accepted"),
            (Some(_), None) => self.allows(path, ChangeKind::Loosened, "strings of any form are accepted now"),
            (Some(old), Some(new)) if old != new => {
                self.breaks(path, ChangeKind::Changed, "strings of the old form may be rejected");
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    fn members(&mut self, path: &str, old: &Shape, new: &Shape) {
        let required = |shape: &Shape, name: &str| shape.property(name).is_some_and(|property| property.is_required);
        let names = old.properties.iter().chain(&new.properties).map(|property| &*property.name);
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            match (required(old, name), required(new, name)) {
                (false, true) => {
                    let reason = format!("records without {name} were accepted");
                    self.breaks(join(path, "required"), ChangeKind::Tightened, reason);
                }
                (true, false) => {
                    let reason = format!("records without {name} are accepted now");
                    self.allows(join(path, "required"), ChangeKind::Loosened, reason);
                }
                (true, true) | (false, false) => {}
            }
            let declared = |shape: &Shape| shape.property(name).is_some_and(|property| property.is_declared);
            let place = join(&join(path, "properties"), name);
            match (declared(old), declared(new)) {
                (false, false) => continue,
                (false, true) => self.allows(place.clone(), ChangeKind::Added, "the property is planned now"),
                (true, false) => self.allows(place.clone(), ChangeKind::Removed, "the property is no longer planned"),
                (true, true) => {}
            }
            self.todo.push((place, side(old, name), side(new, name)));
        }
        self.todo.push((join(path, "additionalProperties"), old.others, new.others));
    }

    fn pii(&mut self, path: &str, old: Option<Pii>, new: Option<Pii>) {
        let path = join(path, "pii");
        match (old, new) {
            (old, new) if old == new => {}
            (_, Some(Pii::Keep)) => self.allows(path, ChangeKind::Loosened, "only secrets are removed from it now"),
            (None | Some(Pii::Keep), None) => {
                self.breaks(path, ChangeKind::Tightened, "personal data in it was kept");
            }
            (Some(_), None) => {
                self.allows(path, ChangeKind::Loosened, "only what detectors find is removed from it now");
            }
            (Some(Pii::Remove), Some(_)) | (Some(Pii::Replace), Some(Pii::Mask | Pii::Hash)) => {
                self.allows(path, ChangeKind::Loosened, "more of the value is kept now");
            }
            (None | Some(Pii::Keep), Some(_)) => self.breaks(path, ChangeKind::Tightened, "the value was kept"),
            (Some(Pii::Replace | Pii::Mask | Pii::Hash | Pii::FreeText), Some(_)) => {
                self.breaks(path, ChangeKind::Changed, "what was kept of the value is lost");
            }
        }
    }
}

/// The schema of an event's payload.
fn root(plan: &Plan, event: &str) -> Option<ShapeId> {
    let found = plan.roots().binary_search_by(|(name, _)| (**name).cmp(event)).ok()?;
    plan.roots().get(found).map(|(_, id)| *id)
}

/// What `shape` asks of its member `name`.
fn side(shape: &Shape, name: &str) -> Side {
    shape.property(name).filter(|property| property.is_declared).map_or(shape.others, |property| property.shape)
}

/// How a new bound stands to the old where `order` does so for two that are there.
fn compare<T>(old: Option<T>, new: Option<T>, order: impl Fn(&T, &T) -> Ordering) -> Ordering {
    match (old, new) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(old), Some(new)) => order(&new, &old),
    }
}
