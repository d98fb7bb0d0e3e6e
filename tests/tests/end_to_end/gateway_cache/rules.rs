//! Random route rules that a policy can hold, and which of them governs a path.

use std::collections::BTreeSet;

use proptest::prelude::*;

pub(super) type Scopes = BTreeSet<&'static str>;

/// What begins a path in the rules, and one more that is in none.
pub(super) const SEGMENTS: [&str; 3] = ["a", "b", "c"];
/// The scopes of routes.
pub(super) const SCOPES: [&str; 3] = ["read", "write", "admin"];
const DEEPEST: usize = 4;

/// One entry of `AUTHZ_ROUTE_SCOPES`.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) verb: &'static str,
    /// Literals, `{p1}`, and at the end perhaps `{rest+}`.
    segments: Vec<String>,
    pub(super) scopes: Scopes,
}

impl Rule {
    pub(super) fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    pub(super) fn key(&self) -> String {
        format!("{} {}", self.verb, self.path())
    }

    fn takes(&self, method: &str) -> bool {
        self.verb == "*" || self.verb == method
    }

    /// How exactly it covers a path, segment by segment: literals before parameters before the rest.
    fn cover(&self, path: &[&str]) -> Option<Vec<u8>> {
        let mut exactness = Vec::new();
        let mut given = path.iter();
        for segment in &self.segments {
            if segment == "{rest+}" {
                given.next()?;
                exactness.push(0);
                return Some(exactness);
            }
            let given = given.next()?;
            match segment.starts_with('{') {
                true => exactness.push(1),
                false if segment == given => exactness.push(2),
                false => return None,
            }
        }
        given.next().is_none().then_some(exactness)
    }

    /// Whether IAM takes it for a path, however many slashes stand between its segments and at its ends.
    fn reaches(&self, path: &[&str]) -> bool {
        reaches(&self.segments, path)
    }
}

/// To IAM a parameter is anything, slashes and nothing at all included.
fn reaches(pattern: &[String], path: &[&str]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((segment, rest)) if segment.starts_with('{') => (0..=path.len()).any(|at| reaches(rest, &path[at..])),
        Some((segment, rest)) => path.first() == Some(&segment.as_str()) && reaches(rest, &path[1..]),
    }
}

/// The rule that governs a path: the most exact one; a verb by its name before `*`.
pub(super) fn governing<'r>(rules: &'r [Rule], method: &str, path: &[&str]) -> Option<&'r Rule> {
    let covering = rules.iter().filter(|rule| rule.takes(method));
    covering
        .filter_map(|rule| Some(((rule.cover(path)?, rule.verb != "*"), rule)))
        .max_by(|(one, _), (other, _)| one.cmp(other))
        .map(|(_, rule)| rule)
}

/// One to six rules, their scopes such that a wider one never lets in what a narrower one forbids.
pub(super) fn rule_sets() -> impl Strategy<Value = (Vec<Rule>, bool)> {
    (proptest::collection::vec(rule(), 1..7), any::<bool>()).prop_map(|(rules, any_mode)| {
        let mut seen = BTreeSet::new();
        let mut rules: Vec<Rule> = rules.into_iter().filter(|rule| seen.insert(rule.key())).collect();
        reconcile(&mut rules, any_mode);
        (rules, any_mode)
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let verb = prop::sample::select(vec!["GET", "POST", "*"]);
    let segment = prop::sample::select(vec!["a", "b", "{}"]);
    let scopes = prop::sample::subsequence(SCOPES.to_vec(), 0..=2);
    (verb, proptest::collection::vec(segment, 0..4), any::<bool>(), scopes).prop_map(|(verb, kinds, rest, scopes)| {
        let mut segments: Vec<String> = kinds
            .into_iter()
            .enumerate()
            .map(|(at, kind)| match kind {
                "{}" => format!("{{p{at}}}"),
                literal => literal.to_owned(),
            })
            .collect();
        if rest && segments.len() < 3 {
            segments.push("{rest+}".to_owned());
        }
        Rule {
            verb,
            segments,
            scopes: scopes.into_iter().collect(),
        }
    })
}

/// Takes scopes away, or adds some where any suffices, until whoever satisfies a rule satisfies all that it reaches.
fn reconcile(rules: &mut [Rule], any_mode: bool) {
    let paths = paths();
    loop {
        let mut changed = false;
        for method in ["GET", "POST", "PUT"] {
            for path in &paths {
                let Some(governing) = governing(rules, method, path).map(Rule::key) else {
                    continue;
                };
                for wide in 0..rules.len() {
                    if !rules[wide].takes(method) || !rules[wide].reaches(path) {
                        continue;
                    }
                    let wider = rules[wide].scopes.clone();
                    let narrow = rules.iter_mut().find(|rule| rule.key() == governing).unwrap();
                    let fitting: Scopes = match any_mode {
                        false => narrow.scopes.intersection(&wider).copied().collect(),
                        true if wider.is_empty() || narrow.scopes.is_empty() => Scopes::new(),
                        true => narrow.scopes.union(&wider).copied().collect(),
                    };
                    changed |= narrow.scopes != fitting;
                    narrow.scopes = fitting;
                }
            }
        }
        if !changed {
            return;
        }
    }
}

/// Every path of the segments, down to the deepest.
fn paths() -> Vec<Vec<&'static str>> {
    let mut all: Vec<Vec<&str>> = vec![vec![]];
    let mut from = 0;
    for _ in 0..DEEPEST {
        let to = all.len();
        for at in from..to {
            for segment in SEGMENTS {
                let mut longer = all[at].clone();
                longer.push(segment);
                all.push(longer);
            }
        }
        from = to;
    }
    all
}
