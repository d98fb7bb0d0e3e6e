//! Which way dependencies point: functions know `shared`, `shared` knows no function, pure modules know no outside.

use super::source;
use super::{FUNCTIONS, Files};

/// Modules that compute and do nothing else, as files and folders below `functions/`.
pub const PURE: [&str; 6] = [
    "authorizer/src/token",
    "authorizer/src/claims",
    "authorizer/src/rules",
    "authorizer/src/policy",
    "hipchat-proxy/src/message",
    "lambda-invoker/src/routes",
];

/// What a pure module never names: AWS SDKs, HTTP clients, the clock, the environment, sockets.
const OUTSIDE: [&str; 15] = [
    "aws_config",
    "aws_credential_types",
    "aws_sdk_",
    "aws_sigv4",
    "aws_smithy_",
    "lambda_runtime",
    "reqwest",
    "tokio",
    "SystemTime",
    "Instant::now",
    "SystemClock",
    "ProcessEnv",
    "std::env",
    "TcpStream",
    "UdpSocket",
];

/// The names of the crates that a `Cargo.toml` depends on in any of its dependency tables.
pub fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            inside = table.ends_with("dependencies");
            // The long form: [dependencies.name]
            if let Some((before, name)) = table.rsplit_once('.')
                && before.ends_with("dependencies")
            {
                names.push(name.to_owned());
            }
        } else if inside && !line.starts_with('#') && line.contains('=') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            names.push(name.trim_matches('"').to_owned());
        }
    }
    names
}

/// Crates that depend on what they must not know.
pub fn wrong_crates(files: &Files) -> Vec<String> {
    let functions = FUNCTIONS.iter().map(|function| format!("functions/{function}"));
    let mut faults = Vec::new();
    for folder in functions.chain(["shared".to_owned()]) {
        let manifest = format!("{folder}/Cargo.toml");
        let Some(text) = files.get(&manifest) else {
            faults.push(format!("{manifest}: is missing"));
            continue;
        };
        for name in dependencies(text) {
            if FUNCTIONS.contains(&name.as_str()) || ["local", "tests", "bench"].contains(&name.as_str()) {
                faults.push(format!("{manifest}: must not depend on {name}"));
            }
        }
    }
    faults
}

/// Pure modules that name something of the outside, and pure modules that are gone.
pub fn impure_modules(files: &Files) -> Vec<String> {
    let mut faults = Vec::new();
    for module in PURE {
        let (file, folder) = (format!("functions/{module}.rs"), format!("functions/{module}/"));
        let mut seen = false;
        for (path, text) in files {
            if *path == file || (path.starts_with(&folder) && path.ends_with(".rs")) {
                seen = true;
                if source::is_test(path) {
                    continue;
                }
                let code = source::parse(text).code;
                let named = OUTSIDE.iter().filter(|word| code.contains(**word));
                faults.extend(named.map(|word| format!("{path}: a pure module names {word}")));
            }
        }
        if !seen {
            faults.push(format!(
                "functions/{module}: the pure module is gone; adjust the list of pure modules"
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dependency_table_is_read() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\nshared.workspace = true\n# no = 1\nserde = { version = \"1\" }\n\
                        [dev-dependencies]\nlocal.workspace = true\n[target.'cfg(unix)'.dependencies]\nrustix = \"1\"\n\
                        [dependencies.http]\nversion = \"1\"\n[lints]\nworkspace = true\n";
        assert_eq!(dependencies(manifest), ["shared", "serde", "local", "rustix", "http"]);
    }

    fn manifests(shared: &str, authorizer: &str) -> Files {
        let mut files: Files = FUNCTIONS
            .iter()
            .map(|function| (format!("functions/{function}/Cargo.toml"), String::new()))
            .collect();
        files.insert("shared/Cargo.toml".to_owned(), shared.to_owned());
        files.insert("functions/authorizer/Cargo.toml".to_owned(), authorizer.to_owned());
        files
    }

    #[test]
    fn wrong_directions_are_found() {
        assert!(wrong_crates(&manifests("", "[dependencies]\nshared.workspace = true\n")).is_empty());
        assert_eq!(
            wrong_crates(&manifests("[dependencies]\nauthorizer.workspace = true\n", "")).len(),
            1
        );
        assert_eq!(
            wrong_crates(&manifests("", "[dev-dependencies]\nhipchat-proxy = { path = \"x\" }\n")),
            ["functions/authorizer/Cargo.toml: must not depend on hipchat-proxy"]
        );
        assert_eq!(wrong_crates(&Files::new()).len(), 4);
    }

    #[test]
    fn impure_and_missing_modules_are_found() {
        let mut files: Files = PURE
            .iter()
            .map(|module| (format!("functions/{module}.rs"), "fn pure() {}".to_owned()))
            .collect();
        assert!(impure_modules(&files).is_empty());
        files.insert(
            "functions/hipchat-proxy/src/message/html.rs".to_owned(),
            "use std::env;".to_owned(),
        );
        files.insert(
            "functions/authorizer/src/claims.rs".to_owned(),
            "// reqwest\nlet t = SystemTime::now();".to_owned(),
        );
        files.remove("functions/authorizer/src/token.rs");
        let faults = impure_modules(&files);
        assert_eq!(faults.len(), 3, "{faults:?}");
    }
}
