//! AWS's own translator of templates, as a process.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tests::tidy::{self, root};

/// Translates templates, in two processes side by side: starting a translator takes longer than its work on one template.
pub(super) fn translated(templates: &[String]) -> Vec<Value> {
    let half = templates.len().div_ceil(2);
    let started: Vec<Child> = templates.chunks(half).map(translator).collect();
    started
        .into_iter()
        .flat_map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "the translator failed");
            serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap()
        })
        .collect()
}

/// A translator that has its templates and works on them.
fn translator(templates: &[String]) -> Child {
    let environment = root().join(".tools/interop/sam-translator");
    assert!(
        environment.join("stamp").is_file(),
        "tests/interop/sam-translator is not installed: run .ci/interop (make test does)"
    );
    let parsed: Vec<Value> = templates
        .iter()
        .map(|text| tidy::template::parse(text).unwrap())
        .collect();
    let mut child = Command::new(environment.join("bin/python"))
        .arg("-B")
        .arg(root().join("tests/interop/sam-translator/translate.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(&parsed).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    child
}
