//! Finds the known name that a misspelt one was likely meant to be.

/// The known name that differs least from `name`, if that is by no more than two letters, or one of a short name: a letter
/// added, dropped, replaced, or swapped with its neighbour counts as one.
pub(super) fn meant<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    // Nobody misspells a name into something this long, and the distance costs its square.
    if name.len() > 64 {
        return None;
    }
    let most = if name.len() <= 4 { 1 } else { 2 };
    let name: Vec<char> = name.to_ascii_lowercase().chars().collect();
    let distances = known.iter().map(|known| (distance(&name, known), *known));
    let nearest = distances.min_by_key(|(distance, _)| *distance)?;
    (nearest.0 <= most).then_some(nearest.1)
}

/// The rows of the table of distances between the beginnings of both words, of which three are looked at.
fn distance(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    let at = |rows: &[Vec<usize>], row: usize, column: usize| {
        rows.get(row)
            .and_then(|row| row.get(column))
            .copied()
            .unwrap_or(usize::MAX / 2)
    };
    for (row, letter) in from.iter().enumerate() {
        rows.push(vec![row + 1]);
        for (column, wanted) in to.iter().enumerate() {
            let replaced = at(&rows, row, column) + usize::from(letter != wanted);
            let mut least = replaced
                .min(at(&rows, row, column + 1) + 1)
                .min(at(&rows, row + 1, column) + 1);
            if row > 0 && column > 0 && from.get(row - 1) == Some(wanted) && to.get(column - 1) == Some(letter) {
                least = least.min(at(&rows, row - 1, column - 1) + 1);
            }
            if let Some(current) = rows.last_mut() {
                current.push(least);
            }
        }
    }
    at(&rows, from.len(), to.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name() {
        let known = ["name", "kind", "jwks_url", "issuers", "client_secret", "client_id"];
        for (name, expected) in [
            ("jwks_uri", Some("jwks_url")),
            ("issuer", Some("issuers")),
            ("Issuers", Some("issuers")),
            ("cleint_id", Some("client_id")),
            ("clientsecret", Some("client_secret")),
            ("knid", Some("kind")),
            ("kin", Some("kind")),
            ("scopes", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(meant(name, &known), expected, "{name}");
        }
        assert_eq!(meant(&"name".repeat(1000), &known), None);
        assert_eq!(meant("naem", &[]), None);
    }
}
