//! Parameters by name, and their values as clients mean them: `null` is absent, a number is its text, a boolean has
//! many spellings.

use serde_json::{Map, Value};
use shared::http::pairs_of;

use super::charset;

/// The parameters of a request, from a JSON body, a form or a query string.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields(Map<String, Value>);

/// A parameter that is there but holds a list or an object where a text is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAText;

/// A parameter that is there but is no whole number from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber;

/// What a boolean parameter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// Absent, `null` or empty.
    Absent,
    /// One of the spellings of true.
    True,
    /// One of the spellings of false, or nothing that is known.
    False,
}

impl Fields {
    /// Fields of a JSON object.
    pub fn from_object(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// Fields of a query string, or of a form that is written like one.
    pub fn from_encoded(encoded: &[u8]) -> Self {
        Self::from_pairs(pairs_of(encoded, |bytes| charset::text(&bytes).into_owned()))
    }

    /// Fields of a form or query. Of several values the last one that is not empty counts.
    pub fn from_pairs(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let mut fields = Map::new();
        for (name, value) in pairs {
            if !value.is_empty() || !fields.contains_key(&name) {
                fields.insert(name, Value::String(value));
            }
        }
        Self(fields)
    }

    /// These fields and those of `over`, which win where both have a value.
    #[must_use]
    pub fn overlaid_by(mut self, over: Self) -> Self {
        for (name, value) in over.0 {
            if !is_absent(&value) || !self.0.contains_key(&name) {
                self.0.insert(name, value);
            }
        }
        self
    }

    /// A text; a number or boolean is its text, `null` is absent.
    ///
    /// # Errors
    /// [`NotAText`] for a list or an object.
    pub fn text(&self, name: &str) -> Result<Option<String>, NotAText> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
            Some(Value::Array(_) | Value::Object(_)) => Err(NotAText),
        }
    }

    /// A text that is not empty; everything else is absent.
    pub fn some_text(&self, name: &str) -> Option<String> {
        self.text(name).ok().flatten().filter(|text| !text.is_empty())
    }

    /// A whole number from 0; `Ok(None)` when absent or empty.
    ///
    /// # Errors
    /// [`NotANumber`].
    pub fn number(&self, name: &str) -> Result<Option<usize>, NotANumber> {
        match self.text(name) {
            Ok(None) => Ok(None),
            Ok(Some(text)) if text.trim().is_empty() => Ok(None),
            Ok(Some(text)) => text.trim().parse().map(Some).map_err(|_| NotANumber),
            Err(NotAText) => Err(NotANumber),
        }
    }

    /// A boolean: `true`, `yes`, `1` and `false`, `no`, `0`, as JSON values or texts, in any case. What is none of
    /// these is false: a message is worth more than a ping.
    pub fn flag(&self, name: &str) -> Parameter {
        match self.some_text(name).as_deref().map(str::trim) {
            None => Parameter::Absent,
            Some(text) if ["true", "yes", "1"].iter().any(|word| text.eq_ignore_ascii_case(word)) => Parameter::True,
            Some(_) => Parameter::False,
        }
    }

    /// The value of a parameter, whatever it is; `null` is absent.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        match value {
            Value::Object(object) => Fields::from_object(object),
            _ => Fields::default(),
        }
    }

    #[test]
    fn booleans_have_many_spellings() {
        for value in [
            json!(true),
            json!("true"),
            json!("True"),
            json!(1),
            json!("1"),
            json!("YES"),
        ] {
            assert_eq!(fields(json!({"n": value})).flag("n"), Parameter::True, "{value}");
        }
        for value in [
            json!(false),
            json!("False"),
            json!(0),
            json!("0"),
            json!("no"),
            json!("x"),
            json!(2),
        ] {
            assert_eq!(fields(json!({"n": value})).flag("n"), Parameter::False, "{value}");
        }
        for value in [json!(null), json!(""), json!([1]), json!({})] {
            assert_eq!(fields(json!({"n": value})).flag("n"), Parameter::Absent, "{value}");
        }
    }

    #[test]
    fn texts_are_what_was_meant() {
        let fields = fields(json!({"n": 5, "b": true, "z": null, "l": []}));
        assert_eq!(fields.text("n"), Ok(Some("5".to_owned())));
        assert_eq!(fields.text("b"), Ok(Some("true".to_owned())));
        assert_eq!(fields.text("z"), Ok(None));
        assert_eq!(fields.text("l"), Err(NotAText));
        assert_eq!((fields.number("n"), fields.number("z")), (Ok(Some(5)), Ok(None)));
        assert_eq!(
            (fields.number("b"), fields.number("l")),
            (Err(NotANumber), Err(NotANumber))
        );
        assert_eq!(fields.value("l"), Some(&json!([])));
        assert!(fields.value("z").is_none() && fields.value("none").is_none());
    }

    #[test]
    fn the_body_wins_over_the_query_unless_it_is_empty() {
        let query = fields(json!({"a": "query", "b": "query", "c": "query"}));
        let body = fields(json!({"a": "body", "b": "", "c": null, "d": "body"}));
        let union = query.overlaid_by(body);
        assert_eq!(
            union,
            fields(json!({"a": "body", "b": "query", "c": "query", "d": "body"}))
        );
    }

    #[test]
    fn of_several_values_the_last_that_is_not_empty_counts() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = Fields::from_pairs([pair("a", "1"), pair("a", "2"), pair("a", ""), pair("b", "")].into_iter());
        assert_eq!(fields.some_text("a").as_deref(), Some("2"));
        assert_eq!(fields.text("b"), Ok(Some(String::new())));
    }
}
