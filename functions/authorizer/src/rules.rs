//! Routes, scopes and principal: from checked claims to yes or no. Pure and total.

mod ambiguity;
mod path;
mod pattern;
mod reach;
mod route;
mod routes;

pub(crate) use path::Path;
pub(crate) use route::VERBS;
pub use routes::{Granted, RouteDefault, RouteRules};

use crate::claims::{ClaimRules, Claims, Mode};
use crate::error::Problem;
use crate::event::AuthorizationRequest;

/// How a granted scope covers a needed one. The algorithms are those of fosite, Ory Hydra's OAuth library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeStrategy {
    /// Byte for byte.
    Exact,
    /// `a` covers `a`, `a.b` and `a.b.c`.
    Hierarchic,
    /// In a granted scope, an inner `*` stands for one segment, a trailing `*` for one or more: `a.*` covers `a.b`
    /// and `a.b.c`, but not `a`.
    Wildcard,
}

impl ScopeStrategy {
    /// Whether `granted` covers `needed`.
    pub fn covers(self, granted: &str, needed: &str) -> bool {
        match self {
            Self::Exact => granted == needed,
            Self::Hierarchic => match needed.strip_prefix(granted) {
                Some(rest) => rest.is_empty() || rest.starts_with('.'),
                None => false,
            },
            Self::Wildcard => wildcard_covers(granted, needed),
        }
    }
}

fn wildcard_covers(granted: &str, needed: &str) -> bool {
    let mut needed = needed.split('.');
    let mut granted = granted.split('.').peekable();
    while let Some(pattern) = granted.next() {
        let Some(segment) = needed.next() else { return false };
        if pattern == "*" {
            if segment.is_empty() {
                return false;
            }
            if granted.peek().is_none() {
                return true;
            }
        } else if pattern != segment {
            return false;
        }
    }
    needed.next().is_none()
}

/// Which scopes a token needs.
#[derive(Debug, Clone)]
pub struct ScopeRules {
    /// The needed scopes; empty needs none.
    pub required: Vec<String>,
    /// Whether all of them are needed.
    pub mode: Mode,
    /// How granted scopes cover needed ones.
    pub strategy: ScopeStrategy,
}

impl ScopeRules {
    /// Whether the scopes in `granted`, separated by spaces, suffice.
    pub fn satisfied_by(&self, granted: &str) -> bool {
        self.covers(&self.required, granted)
    }

    /// Whether the scopes in `granted`, separated by spaces, suffice for a list of needed ones; an empty list needs none.
    pub fn covers(&self, needed: &[String], granted: &str) -> bool {
        if needed.is_empty() {
            return true;
        }
        let mut required = needed.iter().map(|needed| {
            let mut granted = granted.split(' ').filter(|scope| !scope.is_empty());
            granted.any(|scope| self.strategy.covers(scope, needed))
        });
        match self.mode {
            Mode::All => required.all(|covered| covered),
            Mode::Any => required.any(|covered| covered),
        }
    }
}

/// Everything that decides about a token's claims.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Which scopes are needed everywhere.
    pub scopes: ScopeRules,
    /// Which scopes single routes need beyond these.
    pub routes: RouteRules,
}

impl Rules {
    /// Checks an active token at a moment, as far as that goes without the request: what its server's claims must say, and
    /// scopes. Runs again on every use of cached claims.
    ///
    /// # Errors
    /// Why the token is refused; the first reason in the order of checks.
    pub fn check(&self, claims: &Claims, must: &ClaimRules, now_secs: u64) -> Result<(), Problem> {
        claims.check(must, now_secs)?;
        if self.scopes.satisfied_by(claims.scope()?) {
            Ok(())
        } else {
            Err(Problem::Scope)
        }
    }

    /// Decides about a request with an active token. `single` says that the answer is for this one request; otherwise it
    /// is for all that the token may do, whichever was asked for first.
    ///
    /// # Errors
    /// Why the request is refused; the first reason in the order of checks.
    pub fn decide(
        &self,
        claims: &Claims,
        must: &ClaimRules,
        request: &AuthorizationRequest<'_>,
        single: bool,
        now_secs: u64,
    ) -> Result<Granted, Problem> {
        self.check(claims, must, now_secs)?;
        let granted = self.routes.grant(&self.scopes, claims.scope()?, request, single)?;
        match claims.principal() {
            Some(_) => Ok(granted),
            None => Err(Problem::NoPrincipal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_scopes() {
        assert!(ScopeStrategy::Exact.covers("a.b", "a.b"));
        assert!(!ScopeStrategy::Exact.covers("a", "a.b"));
        assert!(!ScopeStrategy::Exact.covers("A", "a"));
        assert!(!ScopeStrategy::Exact.covers("*", "a"));
    }

    #[test]
    fn hierarchic_scopes() {
        let covers = |granted, needed| ScopeStrategy::Hierarchic.covers(granted, needed);
        for needed in ["foo", "foo.bar", "foo.bar.baz"] {
            assert!(covers("foo", needed), "{needed}");
        }
        assert!(!covers("foo", "foobar"));
        assert!(!covers("foo.bar", "foo"));
        assert!(!covers("foo.bar", "foo.baz"));
        assert!(!covers("foo.ba", "foo.bar"));
        assert!(!covers("foo.*", "foo.bar"));
    }

    #[test]
    fn wildcard_scopes() {
        let covers = |granted, needed| ScopeStrategy::Wildcard.covers(granted, needed);
        for (granted, needed, expected) in [
            ("foo", "foo", true),
            ("foo", "foo.bar", false),
            ("foo.*", "foo.bar", true),
            ("foo.*", "foo.bar.baz", true),
            ("foo.*", "foo", false),
            ("foo.*", "foo.", false),
            ("foo.*", "foo..bar", false),
            ("foo.*.baz", "foo.x.baz", true),
            ("foo.*.baz", "foo.x.y.baz", false),
            ("foo.*.baz", "foo..baz", false),
            ("*", "anything", true),
            ("*", "any.thing", true),
            ("*", "", false),
            ("*.*", "a", false),
            ("foo.bar.*", "foo.bar", false),
            ("foo.b*", "foo.bar", false),
            ("foo.bar", "foo.*", false),
        ] {
            assert_eq!(covers(granted, needed), expected, "{granted} {needed}");
        }
    }

    #[test]
    fn all_or_any_of_the_required_scopes() {
        let rules = |mode| ScopeRules {
            required: vec!["a".to_owned(), "b".to_owned()],
            mode,
            strategy: ScopeStrategy::Exact,
        };
        assert!(rules(Mode::All).satisfied_by("b  a"));
        assert!(!rules(Mode::All).satisfied_by("a"));
        assert!(!rules(Mode::All).satisfied_by("a\tb"));
        assert!(rules(Mode::Any).satisfied_by("c b"));
        assert!(!rules(Mode::Any).satisfied_by(""));
        let none = ScopeRules {
            required: vec![],
            mode: Mode::Any,
            strategy: ScopeStrategy::Exact,
        };
        assert!(none.satisfied_by(""));
    }
}
