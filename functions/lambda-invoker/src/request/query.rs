//! The query that goes out: the target's own parameters and those of the client.

pub use shared::sign::query::{Pair, encode, parse_pairs, write_pairs};

use crate::routes::QueryRules;

/// The query that goes out: the target's own pairs, then those of the client that the rules let through. Where the
/// front does not tell the client's order, names are sorted and repeats stay in theirs. Pairs that carry a signature
/// in the query (`X-Amz-…`) are dropped from a request that will be signed.
pub fn outgoing(base: &[Pair], client: &str, rules: &QueryRules, ordered: bool, signed: bool) -> Vec<Pair> {
    let mut pairs = base.to_vec();
    if !rules.forward || client.is_empty() {
        return pairs;
    }
    let mut forwarded = parse_pairs(client, rules.plus_as_space);
    forwarded.retain(|pair| {
        let taken = |names: &[String]| names.iter().any(|name| encode(name.as_bytes()) == pair.name);
        rules.allow.as_deref().is_none_or(taken)
            && !taken(&rules.deny)
            && (rules.allow_same_name || !base.iter().any(|own| own.name == pair.name))
            && !(signed && is_signature(&pair.name))
    });
    if !ordered {
        forwarded.sort_by(|left, right| left.name.cmp(&right.name));
    }
    pairs.append(&mut forwarded);
    pairs
}

fn is_signature(name: &str) -> bool {
    name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_pairs_come_first() {
        let base = parse_pairs("v=1&k=2", true);
        let out =
            |client: &str, rules: &QueryRules, ordered| write_pairs(&outgoing(&base, client, rules, ordered, true));
        let rules = QueryRules::default();
        assert_eq!(out("z=1&a=2&v=9&a=1", &rules, true), "v=1&k=2&z=1&a=2&v=9&a=1");
        assert_eq!(out("z=1&a=2&v=9&a=1", &rules, false), "v=1&k=2&a=2&a=1&v=9&z=1");
        assert_eq!(out("x-AMZ-Signature=1&X%2DAmz-Date=1&x=1", &rules, true), "v=1&k=2&x=1");
        let closed = QueryRules {
            allow_same_name: false,
            allow: Some(vec!["a b".to_owned(), "v".to_owned(), "d".to_owned()]),
            deny: vec!["d".to_owned()],
            ..QueryRules::default()
        };
        assert_eq!(
            out("a%20b=1&a+b=2&v=9&d=1&other=1", &closed, true),
            "v=1&k=2&a%20b=1&a%20b=2"
        );
        let silent = QueryRules {
            forward: false,
            ..QueryRules::default()
        };
        assert_eq!(out("a=1", &silent, true), "v=1&k=2");
    }
}
