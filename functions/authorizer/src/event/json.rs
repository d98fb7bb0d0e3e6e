//! JSON members as events have them: borrowed from the event's text, and absent when of another type.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A string; anything else counts as absent.
#[derive(Default)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl Text<'_> {
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.get() == Some(text)
    }
}

/// Strings of an array.
#[derive(Default)]
pub(super) struct Texts<'a>(Vec<Cow<'a, str>>);

impl Texts<'_> {
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// What API Gateway keeps an answer under: the values of the authorizer's identity sources, if it has any.
#[derive(Default)]
pub(super) struct Sources<'a>(Option<Vec<Cow<'a, str>>>);

impl Sources<'_> {
    /// Whether there are none: absent, null or an empty list. Whatever else stands there counts as some.
    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.0
            .as_ref()
            .is_some_and(|texts| texts.iter().any(|known| known == text))
    }
}

/// Names with their strings. A member that holds an array gives one pair for each of its strings.
#[derive(Default)]
pub(super) struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Pairs<'_> {
    pub(super) fn all_values(&self) -> impl Iterator<Item = &str> {
        self.values(|_| true)
    }

    pub(super) fn values(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(name, _)| wanted(name))
            .map(|(_, value)| value.as_ref())
    }
}

/// An object of a known shape; anything else counts as absent.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

// Values may be tokens, so none of these prints what it holds.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Text" } else { "Absent" })
    }
}

impl fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Texts({})", self.0.len())
    }
}

impl fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "Absent" } else { "Sources" })
    }
}

impl fmt::Debug for Pairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pairs({})", self.0.len())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(AnyValue)? {
            Value::Text(text) => Ok(Self(Some(text))),
            Value::Texts { .. } | Value::Other => Ok(Self(None)),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(AnyValue)? {
            Value::Texts { texts, .. } => Ok(Self(texts)),
            Value::Text(_) | Value::Other => Ok(Self::default()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Sources<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Option::<Value<'a>>::deserialize(deserializer)? {
            None => None,
            Some(Value::Texts { texts, others: 0 }) if texts.is_empty() => None,
            Some(Value::Texts { texts, .. }) => Some(texts),
            Some(Value::Text(_) | Value::Other) => Some(Vec::new()),
        }))
    }
}

/// A value as far as anyone here looks into it.
enum Value<'a> {
    Text(Cow<'a, str>),
    Texts {
        texts: Vec<Cow<'a, str>>,
        /// How many items are no texts.
        others: usize,
    },
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// Gives the visitor methods for all that is not wanted.
macro_rules! ignore {
    ($other:expr; $($method:ident: $type:ty),+) => {
        $(fn $method<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok($other)
        })+

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($other)
        }
    };
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (mut texts, mut others) = (Vec::new(), 0);
        while let Some(item) = items.next_element::<Value<'de>>()? {
            match item {
                Value::Text(text) => texts.push(text),
                Value::Texts { .. } | Value::Other => others += 1,
            }
        }
        Ok(Value::Texts { texts, others })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    ignore!(Value::Other; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyPairs)
    }
}

struct AnyPairs;

impl<'de> Visitor<'de> for AnyPairs {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = members.next_entry::<Value<'de>, Value<'de>>()? {
            let Value::Text(name) = name else { continue };
            match value {
                Value::Text(value) => pairs.push((name, value)),
                Value::Texts { texts, .. } => pairs.extend(texts.into_iter().map(|value| (name.clone(), value))),
                Value::Other => {}
            }
        }
        Ok(Pairs(pairs))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Pairs::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Pairs::default())
    }

    ignore!(Pairs::default(); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyObject(PhantomData))
    }
}

struct AnyObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyObject<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(|object| Object(Some(object)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Object(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Object(None))
    }

    ignore!(Object(None); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
}
