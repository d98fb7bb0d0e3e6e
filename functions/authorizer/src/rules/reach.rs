//! Whether a policy for one route, as IAM matches it, reaches a path that another route governs. Pure.
//!
//! IAM's `*` spans slashes, so `GET/orders/*` for `/orders/{id}` also matches `/orders/42/lines`. It may be nothing
//! too: `/orders/` matches, which gateways take for `/orders`, and `GET/orders/*/lines` matches `/orders//lines`, of which
//! whatever merges slashes makes `/orders/lines`, in front of the gateway or in it. So to IAM a parameter is any number of
//! segments, none included. The question is decided exactly, by walking the paths that both sides accept, segment by
//! segment; of the segments that no pattern names, one stands for all.

use std::collections::BTreeSet;

use super::pattern::{Pattern, Segment};

/// Walks longer than this are given up, and their routes called ambiguous. Real tables need a few dozen steps.
const MAX_STATES: usize = 20_000;

/// One segment of a path.
#[derive(Clone, Copy)]
enum Symbol<'p> {
    /// One that some pattern names.
    Named(&'p str),
    /// Any that none names.
    Other,
}

/// Whether some path that `governed` governs is matched by IAM's reading of `wide`. `patterns` are all of one verb.
pub(super) fn reaches(wide: &Pattern, governed: &Pattern, patterns: &[&Pattern]) -> bool {
    if part_ways(wide, governed) || !meet(wide, governed, &[]) {
        return false;
    }
    // A path that a more specific pattern covers is that pattern's.
    let specific: Vec<&Pattern> = patterns
        .iter()
        .copied()
        .filter(|other| other.precedence(governed).is_gt() && overlap(other, governed))
        .collect();
    specific.is_empty() || meet(wide, governed, &specific)
}

/// Whether they name different segments before either has a parameter: most pairs of a long table do.
fn part_ways(one: &Pattern, other: &Pattern) -> bool {
    let mut pairs = one.segments().iter().zip(other.segments());
    let first = pairs.find(|(one, other)| one != other || !matches!(one, Segment::Literal(_)));
    matches!(first, Some((Segment::Literal(_), Segment::Literal(_))))
}

/// Whether both cover some path.
fn overlap(one: &Pattern, other: &Pattern) -> bool {
    let walk = Walk {
        readers: vec![Reader::Covers(one), Reader::Covers(other)],
        needed: 2,
    };
    walk.finds_any()
}

fn meet(wide: &Pattern, governed: &Pattern, specific: &[&Pattern]) -> bool {
    let mut readers = vec![Reader::Iam(wide), Reader::Covers(governed)];
    readers.extend(specific.iter().map(|pattern| Reader::Covers(pattern)));
    let walk = Walk { readers, needed: 2 };
    walk.finds_any()
}

/// A pattern as an automaton over segments. Its states are a set of bits, one for each number of its own segments that
/// were read.
enum Reader<'p> {
    /// IAM: a parameter is any number of segments.
    Iam(&'p Pattern),
    /// Route lookup: a parameter is one segment, and one or more in `{name+}`.
    Covers(&'p Pattern),
}

impl<'p> Reader<'p> {
    fn pattern(&self) -> &'p Pattern {
        match self {
            Self::Iam(pattern) | Self::Covers(pattern) => pattern,
        }
    }

    fn start(&self) -> u64 {
        self.past_empty(1)
    }

    fn step(&self, states: u64, symbol: Symbol<'_>) -> u64 {
        let mut next = 0;
        for (at, segment) in self.pattern().segments().iter().enumerate() {
            let (before, after) = (1 << at, 1 << (at + 1));
            if states & before != 0 && takes(segment, symbol) {
                next |= after;
            }
            let runs_on = match self {
                Self::Iam(_) => !matches!(segment, Segment::Literal(_)),
                Self::Covers(_) => *segment == Segment::Rest,
            };
            if states & after != 0 && runs_on {
                next |= after;
            }
        }
        self.past_empty(next)
    }

    /// The same, and what comes behind parameters that stand for nothing.
    fn past_empty(&self, mut states: u64) -> u64 {
        if let Self::Iam(pattern) = self {
            for (at, segment) in pattern.segments().iter().enumerate() {
                if states & (1 << at) != 0 && !matches!(segment, Segment::Literal(_)) {
                    states |= 1 << (at + 1);
                }
            }
        }
        states
    }

    fn accepts(&self, states: u64) -> bool {
        states & (1 << self.pattern().segments().len()) != 0
    }
}

fn takes(segment: &Segment, symbol: Symbol<'_>) -> bool {
    match (segment, symbol) {
        (Segment::Literal(literal), Symbol::Named(name)) => literal == name,
        (Segment::Literal(_), Symbol::Other) => false,
        (Segment::One | Segment::Rest, _) => true,
    }
}

struct Walk<'p> {
    readers: Vec<Reader<'p>>,
    /// So many readers, from the first, must accept; the others must not.
    needed: usize,
}

impl<'p> Walk<'p> {
    /// Whether there is a path that the needed readers accept and the others do not.
    fn finds_any(&self) -> bool {
        let names: BTreeSet<&str> = self
            .readers
            .iter()
            .flat_map(|reader| reader.pattern().segments())
            .filter_map(|segment| match segment {
                Segment::Literal(literal) => Some(literal.as_str()),
                Segment::One | Segment::Rest => None,
            })
            .collect();
        let symbols: Vec<Symbol<'_>> = names.into_iter().map(Symbol::Named).chain([Symbol::Other]).collect();
        let start: Vec<u64> = self.readers.iter().map(Reader::start).collect();
        if self.accept(&start) {
            return true;
        }
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![start]);
        while let Some(states) = waiting.pop() {
            for symbol in &symbols {
                let next: Vec<u64> = self
                    .readers
                    .iter()
                    .zip(&states)
                    .map(|(reader, states)| reader.step(*states, *symbol))
                    .collect();
                if next.iter().take(self.needed).any(|states| *states == 0) {
                    continue;
                }
                if self.accept(&next) {
                    return true;
                }
                if seen.insert(next.clone()) {
                    waiting.push(next);
                }
            }
            if seen.len() > MAX_STATES {
                return true;
            }
        }
        false
    }

    fn accept(&self, states: &[u64]) -> bool {
        let mut accepts = self
            .readers
            .iter()
            .zip(states)
            .map(|(reader, states)| reader.accepts(*states));
        accepts.by_ref().take(self.needed).all(|accepts| accepts) && !accepts.any(|accepts| accepts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wide: &str, governed: &str, others: &[&str], expected: bool) {
        let parse = |path: &str| Pattern::parse(path).unwrap();
        let (wide, governed) = (parse(wide), parse(governed));
        let others: Vec<Pattern> = others.iter().map(|path| parse(path)).collect();
        let mut all: Vec<&Pattern> = others.iter().collect();
        all.extend([&wide, &governed]);
        assert_eq!(reaches(&wide, &governed, &all), expected);
    }

    #[test]
    fn what_iam_reaches() {
        check("/orders/{id}", "/orders/{id}/lines", &[], true);
        check("/orders/{id}", "/orders/export", &[], true);
        check("/orders/export", "/orders/{id}", &[], false);
        check("/orders/{id}", "/invoices/{id}", &[], false);
        check("/orders/{id}", "/{proxy+}", &[], true);
        check("/{proxy+}", "/orders", &[], true);
        check("/{a}/x", "/b/{c}/x", &[], true);
        check("/{a}/x", "/b/{c}/y", &[], false);
        check("/a/{x}/c", "/a/{x}/b/c", &[], true);
    }

    #[test]
    fn another_spelling_is_the_same_path() {
        check("/orders/{id}", "/orders", &[], true);
        check("/{proxy+}", "/", &[], true);
        check("/orders", "/orders/{id}", &[], false);
        check("/", "/{proxy+}", &[], false);
        check("/", "/orders", &[], false);
        check("/orders/{id}/lines", "/orders/lines", &[], true);
    }

    /// In front of a gateway, or in one, `/orders//lines` may become `/orders/lines`; IAM sees the slashes as they came.
    #[test]
    fn two_slashes_in_a_row_may_be_one() {
        check("/orders/{id}/lines", "/orders/{id}", &[], true);
        check("/{tenant}/admin", "/admin", &[], true);
        check("/a/{x}/b/{y}/c", "/a/b/c", &[], true);
        check("/a/{x}/{y}/c", "/a/c", &[], true);
        // Whatever is left of the path, it is another's.
        check("/orders/{id}/lines", "/orders/{id}", &["/orders/lines"], false);
        // Only where a parameter stands can nothing stand.
        check("/orders/lines", "/orders", &[], false);
        check("/orders/{id}/lines", "/orders", &[], false);
        check("/orders/{id}/lines", "/lines", &[], false);
        check("/a/b", "/{x}", &[], false);
        check("/", "/{x}", &[], false);
        check("/{x}/{y}", "/", &[], true);
        check("/{x}/b", "/", &[], false);
        check("/{x}/b", "/{y}/c", &[], false);
    }

    #[test]
    fn a_path_belongs_to_its_most_specific_pattern() {
        // All that `/{x}/b` has in common with `/a/{y}` is `/a/b`, which is not governed by `/{x}/b`.
        check("/a/b", "/{x}/b", &[], false);
        check("/a/{y}", "/{x}/b", &[], false);
        check("/{x}/b", "/a/{y}", &[], true);
        check("/a/{y}/c", "/{x}/b/c", &["/a/{rest+}"], false);
        check("/a/b/{c}", "/{x}/{rest+}", &["/a/{rest+}"], false);
        check("/a/b/{c}", "/{x}/{rest+}", &["/a/b/{c}/d"], true);
    }
}
