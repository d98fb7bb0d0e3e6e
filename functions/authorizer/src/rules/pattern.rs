//! The path of a listed route, such as `/orders/{id}`: which paths it covers, and what IAM makes of it. Pure.

use std::cmp::Ordering;

/// More segments than API Gateway lets a route have.
const MAX_SEGMENTS: usize = 60;
/// The longest path, in bytes: with the longest ARN before it, it stays below the 512 characters of a `Resource`.
const MAX_BYTES: usize = 256;

/// A segment of a pattern. The order is that of precedence, the least specific first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    /// `{name+}`: the rest of the path, at least one segment.
    Rest,
    /// `{name}`: one segment.
    One,
    /// The segment itself.
    Literal(String),
}

/// A path with parameters. Names of parameters make no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Segment>);

impl Pattern {
    /// Reads a path as API Gateway writes it in routes.
    ///
    /// # Errors
    /// What is wrong, without the path.
    pub(super) fn parse(path: &str) -> Result<Self, &'static str> {
        let Some(inside) = path.strip_prefix('/') else {
            return Err("must have a path that begins with /");
        };
        if path.len() > MAX_BYTES {
            return Err("must have a path of at most 256 bytes");
        }
        if inside.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let segments = inside.split('/').map(segment).collect::<Result<Vec<_>, _>>()?;
        if segments.len() > MAX_SEGMENTS {
            return Err("must have a path of at most 60 segments");
        }
        if segments.iter().rev().skip(1).any(|segment| *segment == Segment::Rest) {
            return Err("must have {name+} at its end alone");
        }
        Ok(Self(segments))
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether these segments of a canonical path are covered.
    pub(super) fn covers(&self, path: &[&str]) -> bool {
        let mut path = path.iter();
        for wanted in &self.0 {
            match (wanted, path.next()) {
                (_, None) => return false,
                (Segment::Rest, Some(_)) => return true,
                (Segment::One, Some(_)) => {}
                (Segment::Literal(literal), Some(given)) if literal == given => {}
                (Segment::Literal(_), Some(_)) => return false,
            }
        }
        path.next().is_none()
    }

    /// Whether `{name}` stands anywhere in it.
    pub(super) fn has_single_parameter(&self) -> bool {
        self.0.contains(&Segment::One)
    }

    /// Whether this ends in `{name+}` and covers what another covers, also if a `{name}` of the other stood for several
    /// segments.
    pub(super) fn covers_below(&self, other: &Self) -> bool {
        let Some((Segment::Rest, prefix)) = self.0.split_last() else {
            return false;
        };
        // Behind the first parameter nothing stands in its place any more.
        let fixed = other
            .0
            .iter()
            .take_while(|segment| matches!(segment, Segment::Literal(_)))
            .count();
        prefix.len() <= fixed + 1
            && prefix.len() <= other.0.len()
            && prefix
                .iter()
                .zip(&other.0)
                .all(|(own, segment)| *own == Segment::One || own == segment)
    }

    /// API Gateway's precedence between patterns that cover the same path: from the left, a literal before `{p}` before
    /// `{p+}`.
    pub(super) fn precedence(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }

    /// The path as a policy names it: without the leading slash, parameters as `*`.
    pub(super) fn resource(&self) -> String {
        let segments: Vec<&str> = self
            .0
            .iter()
            .map(|segment| match segment {
                Segment::Literal(literal) => literal.as_str(),
                Segment::One | Segment::Rest => "*",
            })
            .collect();
        segments.join("/")
    }
}

fn segment(text: &str) -> Result<Segment, &'static str> {
    if let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        let (name, greedy) = match name.strip_suffix('+') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let good = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
        return match (good, greedy) {
            (false, _) => Err("must have parameters written as {name} or {name+}"),
            (true, true) => Ok(Segment::Rest),
            (true, false) => Ok(Segment::One),
        };
    }
    match text {
        "" => Err("must have no empty segment and no / at its end"),
        "." | ".." => Err("must have no dot segment"),
        // Neither `*` and `?`, which IAM would read as wildcards, nor an escape, which has two spellings.
        text if text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@".contains(&byte)) =>
        {
            Ok(Segment::Literal(text.to_owned()))
        }
        _ => Err("must have segments of letters, digits and -._~!$&'()+,;=:@, or of one parameter as a whole"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(path: &str) -> Pattern {
        Pattern::parse(path).unwrap()
    }

    #[test]
    fn what_a_pattern_covers() {
        for (path, given, expected) in [
            ("/", "", true),
            ("/", "a", false),
            ("/orders", "orders", true),
            ("/orders", "orders/42", false),
            ("/orders/{id}", "orders/42", true),
            ("/orders/{id}", "orders", false),
            ("/orders/{id}", "orders/42/lines", false),
            ("/orders/{id}/lines", "orders/42/lines", true),
            ("/{proxy+}", "orders/42/lines", true),
            ("/{proxy+}", "", false),
            ("/a/{rest+}", "a", false),
            ("/a/{rest+}", "a/b", true),
        ] {
            let segments: Vec<&str> = given.split('/').filter(|segment| !segment.is_empty()).collect();
            assert_eq!(pattern(path).covers(&segments), expected, "{path} {given}");
        }
    }

    #[test]
    fn literals_go_before_parameters_before_the_rest() {
        for (first, second) in [
            ("/orders/export", "/orders/{id}"),
            ("/orders/{id}", "/orders/{rest+}"),
            ("/a/{x}", "/{y}/b"),
            ("/a/{x}/{y}", "/a/{rest+}"),
        ] {
            assert_eq!(
                pattern(first).precedence(&pattern(second)),
                Ordering::Greater,
                "{first} {second}"
            );
        }
        assert_eq!(pattern("/a/{x}"), pattern("/a/{y}"));
    }

    #[test]
    fn what_policies_name() {
        assert_eq!(pattern("/").resource(), "");
        assert_eq!(pattern("/orders/{id}/lines").resource(), "orders/*/lines");
        assert_eq!(pattern("/v1/{proxy+}").resource(), "v1/*");
        assert_eq!(pattern("/v1/orders:export").resource(), "v1/orders:export");
    }

    #[test]
    fn bad_paths() {
        let long = format!("/{}", "x".repeat(256));
        let deep = "/x".repeat(61);
        for path in [
            "",
            "orders",
            "/a/",
            "/a//b",
            "//",
            "/.",
            "/a/../b",
            "/a*",
            "/a?",
            "/${x}",
            "/a%2fb",
            "/a{id}",
            "/{id",
            "/{}",
            "/{+}",
            "/{a b}",
            "/{rest+}/b",
            "/b\u{fc}cher",
            &long,
            &deep,
        ] {
            assert!(Pattern::parse(path).is_err(), "{path}");
        }
    }
}
