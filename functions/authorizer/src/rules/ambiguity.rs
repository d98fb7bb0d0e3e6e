//! Which routes cannot stand together in a policy for the whole API, because granting one lets in requests of another
//! that needs more. Pure.

use super::ScopeRules;
use super::pattern::Pattern;
use super::reach::reaches;
use super::route::{Route, VERBS};
use crate::claims::Mode;

/// So many are told; whoever mends these sees the next.
const MOST_TOLD: usize = 16;

/// The pairs of routes of which one, in a policy, lets in requests of the other without its scopes: a sentence for each.
/// `entries` are the scopes that the routes need.
pub(super) fn find(routes: &[Route], entries: &[Vec<String>], everywhere: &ScopeRules) -> Vec<String> {
    let mut found = Vec::new();
    let scopes = |route: &Route| entries.get(route.entry).map(Vec::as_slice).unwrap_or_default();
    let mut looked_at: Vec<Vec<usize>> = Vec::new();
    for verb in VERBS {
        let routes: Vec<(&Route, &Pattern)> = routes
            .iter()
            .filter(|route| route.verb == verb)
            .filter_map(|route| Some((route, route.pattern.as_ref()?)))
            .collect();
        // Most verbs have the same routes, namely those of `*`.
        let alike: Vec<usize> = routes.iter().map(|(route, _)| route.entry).collect();
        if looked_at.contains(&alike) {
            continue;
        }
        looked_at.push(alike);
        let patterns: Vec<&Pattern> = routes.iter().map(|(_, pattern)| *pattern).collect();
        for (wide, wide_pattern) in &routes {
            for (governed, governed_pattern) in &routes {
                if !implies(scopes(wide), scopes(governed), everywhere)
                    && reaches(wide_pattern, governed_pattern, &patterns)
                {
                    let told = sentence(wide, governed, everywhere.mode);
                    if !found.contains(&told) {
                        found.push(told);
                    }
                    if found.len() == MOST_TOLD {
                        return found;
                    }
                }
            }
        }
    }
    found
}

/// Whether whoever satisfies one list of scopes satisfies the other.
fn implies(one: &[String], other: &[String], everywhere: &ScopeRules) -> bool {
    match everywhere.mode {
        Mode::All => other
            .iter()
            .all(|scope| one.contains(scope) || everywhere.required.contains(scope)),
        Mode::Any if other.is_empty() => true,
        Mode::Any => !one.is_empty() && one.iter().all(|scope| other.contains(scope)),
    }
}

fn sentence(wide: &Route, governed: &Route, mode: Mode) -> String {
    let way_out = match mode {
        Mode::All => "give the first those scopes too",
        Mode::Any => "give the first no scopes but those of the second",
    };
    format!(
        "{:?} as a policy, where * spans slashes or is nothing, also lets in requests for {:?}, without the scopes that \
         this one needs: {way_out}, or set AUTHZ_POLICY_SCOPE=method and switch API Gateway's cache off",
        wide.key, governed.key
    )
}
