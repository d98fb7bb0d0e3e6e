//! Any paths, as whoever stands behind the gateway reads them: no resource stands for two, and both kinds of APIs agree.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// What servers that read escapes take a REST path for: its segments, resolved once.
fn read_by_others(path: &str) -> Vec<String> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let resolve = |segment: &str| {
        percent_encoding::percent_decode_str(segment)
            .decode_utf8_lossy()
            .into_owned()
    };
    segments.map(resolve).collect()
}

proptest! {
    /// Two paths share a resource only when they are spellings of one path.
    #[test]
    fn one_resource_is_one_path(
        paths in proptest::collection::vec("(/{1,2}([ab:%.\\\\]|%3A|%3a|%25|%2F|%61|%2E|\u{fc}){0,4}){0,4}", 12),
    ) {
        let rules = rules("{segments}");
        let mut seen: HashMap<String, Vec<String>> = HashMap::new();
        for path in paths {
            let answer = asked(&rules, &token(&format!("GET/{path}")));
            if answer == "permission_resource" {
                continue;
            }
            let segments = read_by_others(&path);
            prop_assert!(!segments.iter().any(|segment| segment.contains(['/', '\\', '%']) || segment == ".." || segment == "."));
            let first = seen.entry(answer.clone()).or_insert_with(|| segments.clone());
            prop_assert_eq!(&*first, &segments, "{} for {}", answer, path);
        }
    }

    /// An HTTP API and a REST API ask the same of what a client sends, or one of them refuses.
    #[test]
    fn both_kinds_of_apis_agree(path in "(/([ab:.]|%3A|%25|%41|%20|\u{fc}){0,4}){0,4}") {
        let rules = rules("{segments}");
        let rest = asked(&rules, &token(&format!("GET{}{path}", if path.is_empty() { "/" } else { "" })));
        let resolved = percent_encoding::percent_decode_str(&path).decode_utf8_lossy();
        let http = asked(&rules, &http_v2("GET", &resolved, "GET /{p+}"));
        prop_assert!(rest == http || [rest.as_str(), http.as_str()].contains(&"permission_resource"), "{} {}", rest, http);
    }
}
