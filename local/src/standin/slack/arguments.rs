//! Arguments of a Web API call, from JSON, a form or the query, and the token that comes with them.

use http::{HeaderMap, Method};
use serde_json::{Map, Value};

use super::super::wire::{bearer, form_object, media_type};

/// A code of the Web API's `error` member.
pub(super) type Code = &'static str;

/// What a call was given.
pub(super) struct Arguments {
    members: Map<String, Value>,
    token: Option<String>,
    /// JSON came without `charset=utf-8`, which Slack takes but warns of.
    pub(super) missing_charset: bool,
}

impl Arguments {
    /// Reads a call's arguments and token.
    pub(super) fn read(method: &Method, query: &str, headers: &HeaderMap, body: &[u8]) -> Result<Self, Code> {
        let mut arguments = Self {
            members: object(form_object(query)),
            token: None,
            missing_charset: false,
        };
        let mut json = false;
        if method == Method::POST && !body.is_empty() {
            let text = std::str::from_utf8(body).map_err(|_| "invalid_charset")?;
            match media_type(headers).as_str() {
                "application/x-www-form-urlencoded" => arguments.members.extend(object(form_object(text))),
                "application/json" => {
                    json = true;
                    arguments.missing_charset = !content_type(headers).contains("charset=");
                    match serde_json::from_str(text).map_err(|_| "invalid_json")? {
                        Value::Object(members) => arguments.members.extend(members),
                        _ => return Err("json_not_object"),
                    }
                }
                "" => return Err("missing_post_type"),
                _ => return Err("invalid_post_type"),
            }
        }
        // A token in a JSON document is not looked at: with JSON it belongs in the header.
        let member = arguments.members.remove("token").filter(|_| !json);
        arguments.token = bearer(headers)
            .map(str::to_owned)
            .or_else(|| member.as_ref().and_then(text_of));
        Ok(arguments)
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// An argument as text; numbers and booleans count as theirs, empty text as absent.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.members.get(name).and_then(text_of).filter(|text| !text.is_empty())
    }

    /// An argument that is a list: of JSON itself, or as text that holds JSON, as forms have it. Empty when absent.
    pub(super) fn list(&self, name: &str, code: Code) -> Result<Vec<Value>, Code> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items.clone()),
            Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| code),
            Some(_) => Err(code),
        }
    }

    /// True for `true`, `"true"`, `1` and `"1"`.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.text(name).as_deref(), Some("true" | "1"))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.to_ascii_lowercase()
}
