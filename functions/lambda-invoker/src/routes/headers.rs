//! A route's rules for headers, both ways.

use http::header::{HeaderName, HeaderValue};

use super::reader::{Field, Fields, Kind, Problems};

/// Headers of one connection (RFC 9110, section 7.6.1, and the older ones that peers still send).
pub(crate) fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// `request_headers` or `response_headers`, in the order in which the rules are applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// Headers whose values are kept as they came under `x-original-<name>`, with that name.
    pub duplicate: Vec<(HeaderName, HeaderName)>,
    /// Headers that are dropped.
    pub remove: Vec<HeaderName>,
    /// Headers with this one value in place of any other.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Values that come behind those that are there.
    pub add: Vec<(HeaderName, HeaderValue)>,
}

impl HeaderRules {
    pub(super) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Self {
        let Some(mut fields) = fields else {
            return Self::default();
        };
        let set = read_values(fields.get("set"), problems);
        let add = read_values(fields.get("add"), problems);
        let remove = read_names(&mut fields, "remove", &["host", "via"], problems);
        let duplicate = read_names(&mut fields, "duplicate", &[], problems)
            .into_iter()
            .filter_map(|name| {
                let kept = HeaderName::from_bytes(format!("x-original-{name}").as_bytes()).ok()?;
                Some((name, kept))
            })
            .collect();
        fields.finish(problems);
        Self {
            duplicate,
            remove,
            set,
            add,
        }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// Headers that are made here, or that change what a request means to AWS or to the connection.
fn is_refused(name: &str) -> bool {
    matches!(name, "host" | "authorization" | "content-length" | "expect" | "via")
        || name.starts_with("x-amz-")
        || is_hop_by_hop(name)
}

fn read_values(field: Option<Field<'_>>, problems: &mut Problems) -> Vec<(HeaderName, HeaderValue)> {
    let mut values: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for (text, field) in field.map(|field| field.members(problems)).unwrap_or_default() {
        problems.takes(&field.path, || Kind::Text);
        let Some(name) = header_name(text, &field.path, problems) else {
            continue;
        };
        if is_refused(name.as_str()) {
            problems.add(&field.path, "this header cannot be set");
            continue;
        }
        if values.iter().any(|(known, _)| *known == name) {
            problems.add(&field.path, "this header stands twice");
            continue;
        }
        let value = field.value.as_str().filter(|value| value.trim() == *value);
        match value.and_then(|value| HeaderValue::from_str(value).ok()) {
            Some(value) => values.push((name, value)),
            None => problems.add(
                &field.path,
                "must be a string of visible ASCII characters and spaces between them",
            ),
        }
    }
    values
}

fn read_names(
    fields: &mut Fields<'_>,
    list: &'static str,
    refused: &[&str],
    problems: &mut Problems,
) -> Vec<HeaderName> {
    let mut names = Vec::new();
    for (path, text) in fields.texts(list, problems).unwrap_or_default() {
        let Some(name) = header_name(text, &path, problems) else {
            continue;
        };
        if refused.contains(&name.as_str()) || list == "duplicate" && is_hop_by_hop(name.as_str()) {
            problems.add(&path, format_args!("\"{name}\" is not allowed here"));
        } else if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Reads the name of a header; it may stand in any case.
pub(super) fn header_name(text: &str, path: &str, problems: &mut Problems) -> Option<HeaderName> {
    let name = HeaderName::from_bytes(text.as_bytes()).ok();
    if name.is_none() {
        problems.add(path, "must be the name of a header");
    }
    name
}

/// `forwarded`: what the target is told about the way of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Forwarded {
    /// What the client and the front wrote stays; what is missing is added.
    #[default]
    Append,
    /// Only what the front itself knows; what the client wrote is dropped.
    Replace,
    /// Nothing.
    Drop,
}

impl Forwarded {
    pub(super) fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Self {
        let words = [
            ("append", Self::Append),
            ("replace", Self::Replace),
            ("drop", Self::Drop),
        ];
        fields.choice("forwarded", Self::Append, &words, problems)
    }
}
