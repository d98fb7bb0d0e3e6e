//! Small habits of every file: what stands in its first line, above a dependency, and what stands nowhere.

use super::Files;

/// Paths of one machine and hosts of registries, put together here so that this file does not hold them.
const NOWHERE: [&str; 7] = [
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/ro", "ot/"),
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("npmjs", ".org"),
    concat!("debian", ".org"),
];

/// Files that tools write with such names in them, or that name registries as policy.
const EXEMPT: [&str; 3] = ["Cargo.lock", "package-lock.json", "deny.toml"];

/// Lines that hold a path of one machine, or the host of a registry.
pub fn machine_names(files: &Files) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in files {
        if EXEMPT.contains(&path.rsplit('/').next().unwrap_or(path)) {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            for word in NOWHERE.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{path}:{}: holds {word}", index + 1));
            }
        }
    }
    faults
}

/// Rust files whose first line does not say what lives there.
pub fn silent_files(files: &Files) -> Vec<String> {
    files
        .iter()
        .filter(|(path, _)| path.ends_with(".rs") && (path.contains("/src/") || path.contains("/tests/")))
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| format!("{path}: its first line must be `//! ` and what lives there"))
        .collect()
}

/// Dependencies of the workspace without a comment right above that gives the reason.
pub fn dependencies_without_reason(manifest: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (mut inside, mut above) = (false, "");
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if inside
            && let Some((name, value)) = line.split_once('=')
            && !line.starts_with('#')
            && !value.contains("path =")
            && !above.starts_with("# ")
        {
            faults.push(format!(
                "{}: has no comment above it that gives the reason",
                name.trim()
            ));
        }
        above = line;
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, text: &str) -> Files {
        Files::from([(path.to_owned(), text.to_owned())])
    }

    #[test]
    fn names_of_machines_and_registries_are_found() {
        for word in NOWHERE {
            assert_eq!(
                machine_names(&one("a/b.md", &format!("fine\nsee {word}x\n"))).len(),
                1,
                "{word}"
            );
            assert!(machine_names(&one("Cargo.lock", word)).is_empty());
        }
        assert!(machine_names(&one("a/b.md", "the network of the registry")).is_empty());
    }

    #[test]
    fn silent_files_are_found() {
        assert!(silent_files(&one("shared/src/lib.rs", "//! Says it.\n")).is_empty());
        assert_eq!(silent_files(&one("shared/src/lib.rs", "use x;\n")).len(), 1);
        assert_eq!(silent_files(&one("tests/tests/a.rs", "")).len(), 1);
    }

    #[test]
    fn dependencies_without_reason_are_found() {
        let manifest = "[package]\na = 1\n[workspace.dependencies]\nshared = { path = \"shared\" }\n# Why.\nb = \"1\"\n\
                        c = \"1\"\n\nd = \"1\"\n[profile.dev]\ne = 1\n";
        let faults = dependencies_without_reason(manifest);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("c:") && faults[1].starts_with("d:"));
    }
}
