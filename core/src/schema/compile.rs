//! From schemas as written to shapes. A list of what is still to be compiled, not recursion.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::allowed::Allowed;
use super::decimal::Decimal;
use super::format::Format;
use super::pattern::Pattern;
use super::shape::{Number, Pii, Property, Shape, ShapeId, Types};
use super::written::{ANNOTATIONS, KEYWORDS, Members, invalid, join, nearest, read};
use crate::error::Result;

/// Compiles any number of schemas into one list of shapes.
#[derive(Default)]
pub(super) struct Compiler<'a> {
    shapes: Vec<Shape>,
    /// Schemas that have a place in the list but are not compiled yet.
    todo: Vec<(ShapeId, &'a RawValue, String)>,
}

impl<'a> Compiler<'a> {
    /// Compiles the schema `raw` and all that is in it.
    pub(super) fn schema(&mut self, raw: &'a RawValue, path: String) -> Result<ShapeId> {
        let root = self.place(raw, path);
        while let Some((id, raw, path)) = self.todo.pop() {
            self.shapes[id] = match raw.get() {
                "true" => Shape::ANY,
                "false" => Shape::never(),
                _ => self.object(raw, &path)?,
            };
        }
        Ok(root)
    }

    /// The shape of a compiled schema.
    pub(super) fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id]
    }

    /// Everything that was compiled.
    pub(super) fn finish(self) -> Vec<Shape> {
        self.shapes
    }

    fn place(&mut self, raw: &'a RawValue, path: String) -> ShapeId {
        let id = self.shapes.len();
        self.shapes.push(Shape::ANY);
        self.todo.push((id, raw, path));
        id
    }

    /// The place of the schema `raw`; nothing where it is `true`.
    fn within(&mut self, raw: &'a RawValue, path: String) -> Option<ShapeId> {
        (raw.get() != "true").then(|| self.place(raw, path))
    }

    fn object(&mut self, raw: &'a RawValue, path: &str) -> Result<Shape> {
        if !raw.get().starts_with('{') {
            return Err(invalid(path, "expected a schema: an object, true or false"));
        }
        let members = Members::of(raw, path)?;
        members.refuse_others(&[&KEYWORDS[..], &ANNOTATIONS[..]].concat(), path, "keyword")?;
        let mut shape = Shape::ANY;
        let mut required = Vec::new();
        for (keyword, value) in &members.0 {
            let path = join(path, keyword);
            match keyword.as_str() {
                "type" => shape.types = types(value, &path)?,
                "enum" => shape.allowed = Some(allowed(value, &path)?),
                "minimum" => shape.minimum = Some(number(value, &path)?),
                "maximum" => shape.maximum = Some(number(value, &path)?),
                "minLength" => shape.min_length = Some(count(value, &path)?),
                "maxLength" => shape.max_length = Some(count(value, &path)?),
                "pattern" => shape.pattern = Some(pattern(value, &path)?),
                "format" => shape.format = Some(word(value, &path, &Format::ALL.map(Format::as_str)).map(format_of)?),
                "pii" => shape.pii = Some(word(value, &path, &Pii::ALL.map(Pii::as_str)).map(pii_of)?),
                "items" => shape.items = self.within(value, path),
                "properties" => shape.properties = self.properties(value, &path)?,
                "additionalProperties" => shape.others = self.within(value, path),
                "required" => required = names(value, &path)?,
                // An annotation.
                _ => {}
            }
        }
        check_order(&shape, path)?;
        require(&mut shape, required);
        Ok(shape)
    }

    fn properties(&mut self, raw: &'a RawValue, path: &str) -> Result<Vec<Property>> {
        let mut properties = Vec::new();
        for (name, schema) in Members::of(raw, path)?.0 {
            let shape = self.within(schema, join(path, &name));
            properties.push(Property { name: name.into(), shape, is_required: false, is_declared: true });
        }
        Ok(properties)
    }
}

/// Marks what is required and brings the properties into order.
fn require(shape: &mut Shape, required: Vec<String>) {
    shape.required = required.len();
    let others = shape.others;
    in_order(&mut shape.properties);
    let mut undeclared = Vec::new();
    for name in required {
        if let Ok(found) = shape.properties.binary_search_by(|property| (*property.name).cmp(&name)) {
            shape.properties[found].is_required = true;
        } else {
            undeclared.push(Property { name: name.into(), shape: others, is_required: true, is_declared: false });
        }
    }
    shape.properties.append(&mut undeclared);
    in_order(&mut shape.properties);
}

/// One function, because each sort is 5 KB of code.
fn in_order(properties: &mut [Property]) {
    properties.sort_unstable_by(|a, b| a.name.cmp(&b.name));
}

/// Bounds that no value can satisfy are a slip.
fn check_order(shape: &Shape, path: &str) -> Result<()> {
    if let (Some(minimum), Some(maximum)) = (&shape.minimum, &shape.maximum)
        && minimum.decimal() > maximum.decimal()
    {
        return Err(invalid(&join(path, "minimum"), "is above maximum; no number can satisfy both"));
    }
    if let (Some(min), Some(max)) = (shape.min_length, shape.max_length)
        && min > max
    {
        return Err(invalid(&join(path, "minLength"), "is above maxLength; no string can satisfy both"));
    }
    Ok(())
}

fn types(raw: &RawValue, path: &str) -> Result<Types> {
    let named = |name: &str, path: &str| Types::named(name).ok_or_else(|| invalid(path, one_of(name, &Types::NAMES)));
    if !raw.get().starts_with('[') {
        return named(&read::<String>(raw, path, "expected a type or a list of types")?, path);
    }
    let mut types = Types::NONE;
    for (i, name) in names(raw, path)?.iter().enumerate() {
        types = types.or(named(name, &join(path, &i.to_string()))?);
    }
    if types == Types::NONE {
        return Err(invalid(path, "expected at least one type"));
    }
    Ok(types)
}

/// A list of strings, each once.
fn names(raw: &RawValue, path: &str) -> Result<Vec<String>> {
    let names: Vec<String> = read(raw, path, "expected a list of strings")?;
    let mut seen = HashSet::new();
    match names.iter().position(|name| !seen.insert(name)) {
        Some(i) => Err(invalid(&join(path, &i.to_string()), "stands twice; remove one of them")),
        None => Ok(names),
    }
}

fn allowed(raw: &RawValue, path: &str) -> Result<Allowed> {
    let values: Vec<&RawValue> = read(raw, path, "expected a list of values")?;
    if values.is_empty() {
        return Err(invalid(path, "expected at least one value"));
    }
    let mut allowed = Allowed::default();
    for (i, value) in values.iter().enumerate() {
        allowed.add(value.get()).map_err(|reason| invalid(&join(path, &i.to_string()), reason))?;
    }
    Ok(allowed)
}

fn number(raw: &RawValue, path: &str) -> Result<Number> {
    let is_number = raw.get().starts_with(|first: char| first == '-' || first.is_ascii_digit());
    if is_number { Ok(Number(raw.get().into())) } else { Err(invalid(path, "expected a number")) }
}

fn count(raw: &RawValue, path: &str) -> Result<u64> {
    let expected = || invalid(path, "expected a whole number of characters, 0 or more");
    let number = number(raw, path).map_err(|_| expected())?;
    Decimal::of(&number.0).count().ok_or_else(expected)
}

fn pattern(raw: &RawValue, path: &str) -> Result<Pattern> {
    let written: String = read(raw, path, "expected a string")?;
    Pattern::new(&written).map_err(|reason| invalid(path, reason))
}

/// The place in `known` of the word that `raw` holds.
fn word(raw: &RawValue, path: &str, known: &[&'static str]) -> Result<usize> {
    let word: String = read(raw, path, &format!("expected one of {}", known.join(", ")))?;
    known.iter().position(|known| *known == word).ok_or_else(|| invalid(path, one_of(&word, known)))
}

fn format_of(place: usize) -> Format {
    Format::ALL[place]
}

fn pii_of(place: usize) -> Pii {
    Pii::ALL[place]
}

fn one_of(word: &str, known: &[&'static str]) -> String {
    let hint = nearest(word, known).map_or_else(String::new, |known| format!("; did you mean {known}?"));
    format!("expected one of {}{hint}", known.join(", "))
}
