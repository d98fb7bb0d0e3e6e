//! What comes from elsewhere is pinned: actions by commit, tools by version; workflows may read and nothing else; what guards
//! the supply is really called.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

use tests::tidy::{self, Files, root};

fn repository() -> Files {
    tidy::read(&root()).unwrap()
}

/// What is loose in a workflow.
fn loose(workflow: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let is_commit = |pin: &str| pin.len() == 40 && pin.bytes().all(|byte| byte.is_ascii_hexdigit());
    for line in workflow.lines() {
        let Some((_, used)) = line.split_once("uses: ") else {
            continue;
        };
        let (action, version) = used.split_once(" # v").unwrap_or((used, ""));
        let pin = action.split('@').nth(1).unwrap_or_default();
        if !is_commit(pin) || version.is_empty() {
            faults.push(format!("{used}: is not pinned by commit, with its version beside"));
        }
    }
    if !workflow.contains("\npermissions:\n  contents: read\n\n") || workflow.matches("permissions:").count() != 1 {
        faults.push("may do more than read".to_owned());
    }
    if workflow.matches("actions/checkout@").count() != workflow.matches("persist-credentials: false").count() {
        faults.push("leaves its credentials in the clone".to_owned());
    }
    if workflow.matches("runs-on:").count() != workflow.matches("timeout-minutes:").count() {
        faults.push("may run for ever".to_owned());
    }
    faults
}

#[test]
fn workflows_are_pinned_and_may_read_alone() {
    let files = repository();
    let workflows: Vec<_> = files
        .iter()
        .filter(|(path, _)| path.starts_with(".github/workflows/"))
        .collect();
    assert_eq!(workflows.len(), 2);
    for (path, workflow) in workflows {
        assert_eq!(loose(workflow), Vec::<String>::new(), "{path}");
    }
    assert!(files[".github/workflows/ci.yml"].contains("run: .ci/run\n"));
    let audit = &files[".github/workflows/audit.yml"];
    assert!(audit.contains("run: make audit\n") && audit.contains("schedule:\n"));
}

#[test]
fn a_loose_workflow_is_found_out() {
    let good = repository()[".github/workflows/audit.yml"].clone();
    for (text, other) in [
        ("@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "@v4"),
        (" # v4.2.2", ""),
        ("contents: read", "contents: write"),
        ("          persist-credentials: false\n", ""),
        ("    timeout-minutes: 20\n", ""),
    ] {
        assert!(good.contains(text), "{text}");
        assert_eq!(loose(&good.replace(text, other)).len(), 1, "{text}");
    }
}

#[test]
fn tools_are_pinned_and_called() {
    let files = repository();
    let tool = &files[".ci/tool"];
    let pins: Vec<(&str, &str)> = tool
        .lines()
        .filter_map(|line| line.trim().strip_prefix('[')?.split_once("]="))
        .collect();
    assert!(pins.len() >= 6, "{pins:?}");
    for (name, version) in pins {
        let numbers: Vec<&str> = version.split('.').collect();
        assert!(
            numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok()),
            "{name}: {version}"
        );
    }
    let checks = files["Makefile"]
        .split("\ncheck:")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    for guard in [
        ".ci/tool cargo-deny",
        ".ci/tool cargo-machete",
        ".ci/sbom --check",
        ".ci/package --check",
    ] {
        assert!(checks.contains(guard), "make check does not call {guard}");
    }
    assert!(files[".ci/package"].contains("run(\".ci/sbom\", \"--check\", str(folder))"));
    assert!(files[".ci/run"].contains("\n.ci/newcomer "));
}

#[test]
fn a_zip_file_depends_on_its_binary_alone() {
    let place = tempfile::tempdir().unwrap();
    let zip = |binary: &str, name: &str| {
        let (from, to) = (place.path().join(binary), place.path().join(name));
        std::fs::write(&from, "a binary").unwrap();
        let status = Command::new(root().join(".ci/package"))
            .arg("--zip")
            .args([&from, &to])
            .status()
            .unwrap();
        assert!(status.success());
        std::fs::read(to).unwrap()
    };
    let one = zip("one", "one.zip");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(one, zip("two", "two.zip"));
    assert!(one.windows(9).any(|window| window == b"bootstrap"));
}
