//! The ambiguity of tables against a search of all short paths.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::tables::{a_mode, a_table, all_paths};
use super::*;

/// The ambiguity test, by trying every path.
fn is_ambiguous(rules: &RouteRules, everywhere: &ScopeRules, paths: &[String]) -> bool {
    let grants: Vec<Vec<bool>> = ["", "r", "w", "r w"]
        .map(|scope| rules.satisfied(everywhere, scope))
        .to_vec();
    let escapes = |wide: &Route, governed: &Route| {
        grants
            .iter()
            .any(|satisfied| satisfied[wide.entry] && !satisfied[governed.entry])
    };
    paths.iter().any(|path| {
        VERBS.into_iter().any(|verb| {
            let Some(governed) = rules.governing(verb, path).flatten() else {
                return false;
            };
            let asked = format!("{verb}{path}");
            let mut wide = rules.routes.iter().filter(|wide| wide.verb == verb);
            wide.any(|wide| iam_matches(&wide.resource, &asked) && escapes(wide, governed))
        })
    })
}

#[test]
fn ambiguity_is_what_a_search_of_all_paths_finds() {
    let paths = all_paths();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(96));
    let mut seen = [0; 2];
    let counts = std::cell::RefCell::new(&mut seen);
    let cases = (a_table(5), a_mode());
    let outcome = runner.run(&cases, |(table, mode)| {
        let everywhere = everywhere(mode, &[]);
        let Ok(rules) = ready(table, &everywhere) else {
            return Ok(());
        };
        let ambiguous = is_ambiguous(&rules, &everywhere, &paths);
        counts.borrow_mut()[usize::from(ambiguous)] += 1;
        prop_assert_eq!(!rules.ambiguities().is_empty(), ambiguous, "{:?}", rules.ambiguities());
        Ok(())
    });
    outcome.unwrap();
    assert!(seen.iter().all(|&count| count > 10), "{seen:?}");
}
