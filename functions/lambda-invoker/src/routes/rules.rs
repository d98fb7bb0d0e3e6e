//! A route's rules for the path and the query of what goes out.

use super::reader::{Fields, Problems};
use super::spelling::spelt_out;

/// `path`: how the path is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathRules {
    /// What the route's `*` took is appended to the target's own path.
    pub append_tail: bool,
    /// What is cut off the path, instead of the route's own part of it; a path that does not begin with it stays
    /// whole. Encoded.
    pub strip_prefix: Option<String>,
    /// The stage of an API Gateway is kept before the path.
    pub include_stage: bool,
    /// The front hands the path over decoded, so a `%` is a character of its own.
    pub decoded: bool,
}

impl Default for PathRules {
    fn default() -> Self {
        Self {
            append_tail: true,
            strip_prefix: None,
            include_stage: false,
            decoded: false,
        }
    }
}

impl PathRules {
    pub(super) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Self {
        let Some(mut fields) = fields else {
            return Self::default();
        };
        let strip_prefix = fields.text("strip_prefix", problems);
        let strip_prefix = strip_prefix.map(spelt_out);
        if strip_prefix.as_deref().is_some_and(|prefix| !prefix.starts_with('/')) {
            problems.add(&fields.path_of("strip_prefix"), "must start with \"/\"");
        }
        let rules = Self {
            append_tail: fields.flag("append_tail", true, problems),
            strip_prefix,
            include_stage: fields.flag("include_stage", false, problems),
            decoded: fields.choice("encoding", false, &[("preserve", false), ("decoded", true)], problems),
        };
        fields.finish(problems);
        rules
    }
}

/// `query`: how the query is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryRules {
    /// The client's parameters are passed on.
    pub forward: bool,
    /// A client's parameter is passed on also if the target's URL has one of the same name.
    pub allow_same_name: bool,
    /// The only names that are passed on; `None` is all.
    pub allow: Option<Vec<String>>,
    /// Names that are not passed on.
    pub deny: Vec<String>,
    /// A `+` is a space.
    pub plus_as_space: bool,
}

impl Default for QueryRules {
    fn default() -> Self {
        Self {
            forward: true,
            allow_same_name: true,
            allow: None,
            deny: Vec::new(),
            plus_as_space: true,
        }
    }
}

impl QueryRules {
    pub(super) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Self {
        let Some(mut fields) = fields else {
            return Self::default();
        };
        let mut names = |name: &'static str, problems: &mut Problems| {
            let texts = fields.texts(name, problems)?;
            Some(texts.into_iter().map(|(_, text)| text.to_owned()).collect::<Vec<_>>())
        };
        let (allow, deny) = (names("allow", problems), names("deny", problems));
        let rules = Self {
            forward: fields.flag("forward", true, problems),
            allow_same_name: fields.flag("override", true, problems),
            allow,
            deny: deny.unwrap_or_default(),
            plus_as_space: fields.flag("plus_as_space", true, problems),
        };
        fields.finish(problems);
        rules
    }
}
