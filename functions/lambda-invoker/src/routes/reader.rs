//! Reads a JSON document member by member: every problem is kept with its JSON path, no value of a secret is quoted,
//! and a member that nobody asked for is a problem of its own.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::problems::join;
pub(super) use super::problems::{Kind, Problems};
use super::suggestion::nearest;

/// One member: where it stands and what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    /// JSON path, such as `routes[0].timeout`.
    pub(crate) path: String,
    /// The value, never `null`.
    pub(crate) value: &'a Value,
}

impl<'a> Field<'a> {
    /// The text that must stand here.
    pub(crate) fn text(&self, problems: &mut Problems) -> Option<&'a str> {
        problems.takes(&self.path, || Kind::Text);
        match self.value {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => {
                problems.add(&self.path, "must be a string that is not empty");
                None
            }
        }
    }

    /// The elements of the list that must stand here.
    pub(crate) fn elements(&self, problems: &mut Problems) -> Vec<Field<'a>> {
        problems.takes(&self.path, || Kind::List);
        let Value::Array(elements) = self.value else {
            problems.add(&self.path, "must be a list");
            return Vec::new();
        };
        elements
            .iter()
            .enumerate()
            .map(|(at, value)| Field {
                path: format!("{}[{at}]", self.path),
                value,
            })
            .collect()
    }

    /// The members of the object that must stand here, whatever their names are; those that are `null` are left out.
    pub(crate) fn members(&self, problems: &mut Problems) -> Vec<(&'a str, Field<'a>)> {
        problems.takes(&self.path, || Kind::Map);
        let Value::Object(members) = self.value else {
            problems.add(&self.path, "must be an object");
            return Vec::new();
        };
        let present = members.iter().filter(|(_, value)| !value.is_null());
        present
            .map(|(name, value)| {
                let path = join(&self.path, name);
                (name.as_str(), Field { path, value })
            })
            .collect()
    }

    /// The members of the object that must stand here.
    pub(crate) fn object(&self, problems: &mut Problems) -> Option<Fields<'a>> {
        problems.takes(&self.path, || Kind::Object);
        match self.value {
            Value::Object(members) => Some(Fields::new(self.path.clone(), members)),
            _ => {
                problems.add(&self.path, "must be an object");
                None
            }
        }
    }
}

/// The members of an object, with the members of another one behind it that stand in for what is missing.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    layers: Vec<(String, &'a Map<String, Value>)>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The members of `members`, which stand at `path`; the document itself has an empty path.
    pub(crate) fn new(path: String, members: &'a Map<String, Value>) -> Self {
        Self {
            layers: vec![(path, members)],
            asked: Vec::new(),
        }
    }

    /// Lets the members of `base`, which stand at `path`, stand in for missing ones.
    #[must_use]
    pub(crate) fn with_base(mut self, path: &str, base: Option<&'a Map<String, Value>>) -> Self {
        if let Some(base) = base {
            self.layers.push((path.to_owned(), base));
        }
        self
    }

    /// Where the object stands.
    pub(crate) fn path(&self) -> &str {
        self.layers.first().map(|(path, _)| path.as_str()).unwrap_or_default()
    }

    /// The path of a member that may be absent.
    pub(crate) fn path_of(&self, name: &str) -> String {
        join(self.path(), name)
    }

    /// A member of this object or of its base. `null` counts as absent, and hides the base's.
    pub(crate) fn get(&mut self, name: &'static str) -> Option<Field<'a>> {
        self.asked.push(name);
        let mut layers = self.layers.iter();
        layers
            .find(|(_, members)| members.contains_key(name))
            .and_then(|layer| member(layer, name))
    }

    /// Whether this object or its base has a member, be it `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.layers.iter().any(|(_, members)| members.contains_key(name))
    }

    /// A member of this object alone.
    pub(crate) fn own(&mut self, name: &'static str) -> Option<Field<'a>> {
        self.asked.push(name);
        self.layers.first().and_then(|layer| member(layer, name))
    }

    /// A member that is an object; its members stand before those of the base's object of the same name.
    pub(crate) fn object(&mut self, name: &'static str, problems: &mut Problems) -> Option<Fields<'a>> {
        self.asked.push(name);
        let mut layers = Vec::new();
        let is_null = |(_, members): &&(String, &'a Map<String, Value>)| members.get(name) == Some(&Value::Null);
        let shown = self.layers.iter().take_while(|layer| !is_null(layer));
        for field in shown.filter_map(|layer| member(layer, name)) {
            layers.extend(field.object(problems).map(|fields| fields.layers).unwrap_or_default());
        }
        (!layers.is_empty()).then_some(Self {
            layers,
            asked: Vec::new(),
        })
    }

    /// A text, or `None` when absent.
    pub(crate) fn text(&mut self, name: &'static str, problems: &mut Problems) -> Option<&'a str> {
        self.get(name)?.text(problems)
    }

    /// A boolean, or `default` when absent.
    pub(crate) fn flag(&mut self, name: &'static str, default: bool, problems: &mut Problems) -> bool {
        problems.takes(&self.path_of(name), || Kind::Flag);
        match self.get(name) {
            None => default,
            Some(Field {
                value: Value::Bool(flag),
                ..
            }) => *flag,
            Some(field) => {
                problems.add(&field.path, "must be true or false");
                default
            }
        }
    }

    /// A whole number within `range`, or `None` when absent or wrong.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        range: &RangeInclusive<i64>,
        problems: &mut Problems,
    ) -> Option<i64> {
        problems.takes(&self.path_of(name), || Kind::Number(*range.start(), *range.end()));
        let field = self.get(name)?;
        let Some(number) = field.value.as_i64() else {
            problems.add(&field.path, "must be a whole number");
            return None;
        };
        if number < *range.start() {
            problems.add(&field.path, format_args!("{number} is less than {}", range.start()));
        } else if number > *range.end() {
            problems.add(&field.path, format_args!("{number} is more than {}", range.end()));
        } else {
            return Some(number);
        }
        None
    }

    /// One of a few words; the first stands for absent.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        default: T,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> T {
        problems.takes(&self.path_of(name), || words_of(words));
        let Some(field) = self.get(name) else { return default };
        one_of(&field, words, problems).unwrap_or(default)
    }

    /// A list of a few words, or `None` when absent.
    pub(crate) fn choices<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<Vec<T>> {
        let field = self.get(name)?;
        let mut found = Vec::new();
        for element in field.elements(problems) {
            problems.takes(&element.path, || words_of(words));
            found.extend(one_of(&element, words, problems));
        }
        Some(found)
    }

    /// A list of texts, or `None` when absent; each with its path.
    pub(crate) fn texts(&mut self, name: &'static str, problems: &mut Problems) -> Option<Vec<(String, &'a str)>> {
        let field = self.get(name)?;
        let elements = field.elements(problems);
        Some(
            elements
                .into_iter()
                .filter_map(|element| element.text(problems).map(|text| (element.path.clone(), text)))
                .collect(),
        )
    }

    /// Ends the reading: a member that was not asked for is unknown.
    pub(crate) fn finish(self, problems: &mut Problems) {
        problems.knows(self.path(), &self.asked);
        for (path, members) in &self.layers {
            for name in members.keys() {
                if !self.asked.contains(&name.as_str()) {
                    unknown(&join(path, name), name, &self.asked, problems);
                }
            }
        }
    }
}

fn one_of<T: Copy>(field: &Field<'_>, words: &[(&str, T)], problems: &mut Problems) -> Option<T> {
    let word = field.value.as_str();
    if let Some((_, choice)) = words.iter().find(|(known, _)| Some(*known) == word) {
        return Some(*choice);
    }
    let known: Vec<String> = words.iter().map(|(known, _)| format!("\"{known}\"")).collect();
    problems.add(&field.path, format_args!("must be one of {}", known.join(", ")));
    None
}

fn words_of<T>(words: &[(&str, T)]) -> Kind {
    Kind::Words(words.iter().map(|(word, _)| (*word).to_owned()).collect())
}

fn unknown(path: &str, name: &str, known: &[&'static str], problems: &mut Problems) {
    match nearest(name, known) {
        Some(near) => problems.add(path, format_args!("unknown field, did you mean \"{near}\"?")),
        None => problems.add(path, "unknown field"),
    }
}

fn member<'a>((path, members): &(String, &'a Map<String, Value>), name: &str) -> Option<Field<'a>> {
    let value = members.get(name).filter(|value| !value.is_null())?;
    Some(Field {
        path: join(path, name),
        value,
    })
}
