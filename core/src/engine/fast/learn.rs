//! Learns the structure of a record that was accepted: the ordinary way is gone once more and says what it does where.

use super::lists::ELEMENT;
use super::tree::{Edge, NONE, Plan, Point, Scalar as Spec, State, Step, Tree, Value};
use crate::engine::Engine;
use crate::json::{Document, Kind};
use crate::record::{Check, Reading, Slot};
use crate::scrub::{Named, Walk, push_segment};

/// What the ordinary way did at each node that has a value.
struct Traces {
    checks: Vec<Option<Check>>,
    named: Vec<Option<Named>>,
}

/// What was noted of some of `count` nodes, by node.
fn by_node<T: Copy>(count: usize, noted: &[(usize, T)]) -> Vec<Option<T>> {
    let mut all = vec![None; count];
    for (node, what) in noted {
        if let Some(place) = all.get_mut(*node) {
            *place = Some(*what);
        }
    }
    all
}

/// A container that is being learned.
#[derive(Clone, Copy)]
struct Open {
    /// As in reading: a point of an object, or what elements are.
    state: u32,
    is_object: bool,
    /// The node behind it.
    end: usize,
    /// How long its pointer is, of an array that of its elements.
    pointer: usize,
}

/// Adds the structure of `document`; nothing where what becomes of a record of this structure depends on more than it.
pub(super) fn learn(tree: &mut Tree, engine: &Engine, document: &Document<'_>) -> Option<()> {
    if !document.is_compact() || tree.is_full() || has_names_of_a_map(document) {
        return None;
    }
    let (reading, checks) = Reading::traced(document)?;
    let scrubber = engine.scrubber.of_record(|| None, None);
    let mut walk = Walk::new(&scrubber, document, reading.intact.nodes(), document.input().len()).traced();
    Engine::write_fields(&scrubber, document, &reading, &mut walk);
    let nodes = document.nodes().len();
    let traces = Traces { checks: by_node(nodes, &checks), named: by_node(nodes, &walk.finish_trace()?) };
    let mut top = Open { state: Tree::ROOT, is_object: true, end: document.node(0).next(), pointer: 0 };
    let mut pointer = String::new();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 1;
    loop {
        while at == top.end {
            if top.is_object {
                let end = if open.is_empty() { tree.plan(top.state, document, &reading)? } else { 0 };
                tree.states.get_mut(top.state as usize)?.end = end;
            }
            match open.pop() {
                Some(outer) => top = outer,
                None => return Some(()),
            }
        }
        let value = if top.is_object {
            let place = if open.is_empty() { reading.place(document, at)? } else { 0 };
            let decides = open.is_empty() && reading.decides(place);
            if decides && !stays(engine, document, at + 1, traces.named.get(at + 1).copied()?) {
                return None;
            }
            let edge = tree.edge(top.state, document, at, decides, place)?;
            top.state = edge.next;
            pointer.truncate(top.pointer);
            pointer.push('/');
            push_segment(document.raw(document.node(at)), &mut pointer);
            tree.point(edge.value, &pointer)?;
            at += 1;
            edge.value
        } else {
            pointer.truncate(top.pointer);
            top.state
        };
        let node = document.node(at);
        if value == NONE {
            at = node.next();
            continue;
        }
        match node.kind {
            Kind::Object | Kind::Array => {
                let is_object = node.kind == Kind::Object;
                open.push(top);
                let outer = if top.is_object { Point::object(top.state) } else { Point::array(top.state) };
                let state = tree.inside(value, is_object, outer)?;
                if !is_object {
                    pointer.push('/');
                    pointer.push(ELEMENT);
                    tree.point(state, &pointer)?;
                }
                top = Open { state, is_object, end: node.next(), pointer: pointer.len() };
            }
            Kind::Null => tree.values.get_mut(value as usize)?.has_null = true,
            kind => {
                let spec = spec(
                    engine,
                    kind,
                    traces.checks.get(at).copied()?,
                    traces.named.get(at).copied()?,
                    open.is_empty(),
                )?;
                let seen = tree.values.get_mut(value as usize)?.scalar_mut(kind)?;
                *seen = Some(spec);
            }
        }
        at += 1;
    }
}

/// Whether the document has more names than a structure has: those of a map, which come once. Learning them would cost
/// what reading the record does, for nothing.
fn has_names_of_a_map(document: &Document<'_>) -> bool {
    /// The largest records of applications have some two hundred, whatever their lists repeat.
    const MOST_NAMES: u32 = 1 << 9;
    /// Words of a bit for each hash: few names share one as far as to the limit.
    const WORDS: usize = 1 << 6;
    let mut seen = [0u64; WORDS];
    for hash in document.name_hashes() {
        let bit = (hash >> (u32::BITS - WORDS.ilog2() - u64::BITS.ilog2())) as usize;
        seen[bit / 64] |= 1 << (bit % 64);
    }
    seen.iter().map(|word| word.count_ones()).sum::<u32>() > MOST_NAMES
}

/// Whether the string at node `index` stays as it is.
fn stays(engine: &Engine, document: &Document<'_>, index: usize, named: Option<Named>) -> bool {
    let node = document.node(index);
    let is_clean = |Named { rule, place }| rule.is_none() && engine.scrubber.scrub(document.raw(node), place).is_none();
    // What no walk has come to is written as it should be, whatever stands there.
    node.kind == Kind::String && !node.escaped && named.is_none_or(is_clean)
}

/// What a scalar needs; nothing where that cannot be said for all values of its kind.
fn spec(engine: &Engine, kind: Kind, check: Option<Check>, named: Option<Named>, is_top: bool) -> Option<Spec> {
    let is_proven = match check {
        // Written from what the check makes of them.
        Some(Check::Id | Check::Time) if is_top => true,
        Some(Check::Id | Check::Time) => return None,
        Some(Check::Hex(_) | Check::Nanoseconds) => true,
        _ => false,
    };
    let is_ruled = named.is_some_and(|named| named.rule.is_some());
    if is_proven && is_ruled || kind == Kind::String && named.is_none() && !is_proven {
        return None;
    }
    let is_looked_at = match kind {
        Kind::String => named.is_some_and(|named| engine.scrubber.looks_at(named)),
        Kind::Number => is_ruled,
        _ => false,
    };
    Some(Spec { check, named, is_looked_at, is_proven })
}

impl Tree {
    /// The member whose name stands at node `name`, behind the point `state`; with its value where that is to be fixed.
    fn edge(&mut self, state: u32, document: &Document<'_>, name: usize, decides: bool, place: usize) -> Option<Edge> {
        let (node, value) = (document.node(name), document.node(name + 1));
        // Written otherwise than it stands.
        if node.escaped {
            return None;
        }
        let span = node.span();
        let is_fixed = decides || value.kind == Kind::Null;
        let end = if is_fixed { value.span().end } else { span.end + 1 };
        let text = document.input().get(span.start..end)?;
        if let Some(edge) = self.find(state, text.as_bytes()).filter(|edge| self.text(edge) == text.as_bytes()) {
            return Some(*edge);
        }
        if !decides && self.has_many_members(state) {
            return None;
        }
        let next = u32::try_from(self.states.len()).ok()?;
        let outer = self.states.get(state as usize)?.outer;
        self.states.push(State { first: NONE, end: NONE, outer });
        let value = if is_fixed {
            NONE
        } else {
            self.values.push(Value::NEW);
            u32::try_from(self.values.len() - 1).ok()?
        };
        let (start, len) = (u32::try_from(self.texts.len()).ok()?, u32::try_from(text.len()).ok()?);
        self.texts.extend_from_slice(text.as_bytes());
        let index = u32::try_from(self.edges.len()).ok()?;
        let edge = Edge { start, len, sibling: NONE, next, value, place: u8::try_from(place).ok()? };
        self.edges.push(edge);
        self.append(state, index)?;
        Some(edge)
    }

    /// Whether so many members have come at the point `state` that looking through them costs more than it gains; a record
    /// has one place at most where what decides stands, and others many.
    fn has_many_members(&self, state: u32) -> bool {
        const MANY: usize = 1 << 6;
        let first = self.states.get(state as usize).and_then(|state| self.edges.get(state.first as usize));
        std::iter::successors(first, |edge| self.edges.get(edge.sibling as usize)).count() >= MANY
    }

    /// Notes where the values at the place `value` stand.
    fn point(&mut self, value: u32, pointer: &str) -> Option<()> {
        if let Some(place) = self.values.get_mut(value as usize).filter(|place| place.pointer.0 == NONE) {
            let start = u32::try_from(self.pointers.len()).ok()?;
            self.pointers.push_str(pointer);
            place.pointer = (start, u32::try_from(self.pointers.len()).ok()?);
        }
        Some(())
    }

    /// Puts the member `index` behind the others that come at the point `state`. What is fixed goes first: the name alone
    /// is the beginning of it.
    fn append(&mut self, state: u32, index: u32) -> Option<()> {
        let is_fixed = self.edges.get(index as usize)?.value == NONE;
        let mut last = self.states.get(state as usize)?.first;
        if is_fixed || last == NONE {
            self.edges.get_mut(index as usize)?.sibling = last;
            self.states.get_mut(state as usize)?.first = index;
            return Some(());
        }
        while self.edges.get(last as usize)?.sibling != NONE {
            last = self.edges.get(last as usize)?.sibling;
        }
        self.edges.get_mut(last as usize)?.sibling = index;
        Some(())
    }

    /// Where an object at the place `value` begins, or what the elements of an array are; it stands at `outer`.
    fn inside(&mut self, value: u32, is_object: bool, outer: Point) -> Option<u32> {
        let seen = self.values.get(value as usize)?;
        let known = if is_object { seen.object } else { seen.elements };
        if known != NONE {
            return Some(known);
        }
        let (states, values) = (u32::try_from(self.states.len()).ok()?, u32::try_from(self.values.len()).ok()?);
        if is_object {
            self.states.push(State { first: NONE, end: NONE, outer });
            self.values.get_mut(value as usize)?.object = states;
            Some(states)
        } else {
            self.values.push(Value { outer, ..Value::NEW });
            self.values.get_mut(value as usize)?.elements = values;
            Some(values)
        }
    }

    /// How a record is written that ends at the point `state`.
    fn plan(&mut self, state: u32, document: &Document<'_>, reading: &Reading) -> Option<u32> {
        let known = self.states.get(state as usize)?.end;
        if known != NONE {
            return Some(known);
        }
        let mut steps = Vec::new();
        for (place, field) in reading.kind.fields().iter().enumerate() {
            let step = match field.check {
                Check::Schema => Step::Text(format!("{{\"{}\":\"{}\"", field.name, reading.kind.table().schema).into()),
                Check::Id => Step::Id,
                Check::Time => Step::Time,
                _ => match reading.slot(document, place, field) {
                    Slot::Absent => continue,
                    Slot::Known(text) => Step::Text(format!(",\"{}\":\"{text}\"", field.name).into()),
                    Slot::Node(_) => Step::Field(u8::try_from(place).ok()?),
                    Slot::Proven(_) | Slot::Cut(..) => return None,
                },
            };
            steps.push(step);
        }
        self.plans.push(Plan { steps });
        u32::try_from(self.plans.len() - 1).ok()
    }
}
