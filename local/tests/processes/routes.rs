//! `local routes`: what it prints, and how it ends.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};

fn routes(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local"))
        .arg("routes")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_table_is_checked_and_every_problem_printed() {
    let folder = tempfile::tempdir().unwrap();
    let good = json!({"version": 1, "routes": [
        {"uri": "/", "function_uri": "https://a.example.com/", "authorization": {"apikey": {"env": "KEY"}}, "ca_file": "ca.pem"},
    ]});
    let authority = include_bytes!("../../../functions/lambda-invoker/src/routes/schema/probe.pem");
    std::fs::write(folder.path().join("ca.pem"), authority).unwrap();
    std::fs::write(folder.path().join("good.json"), good.to_string()).unwrap();
    let output = routes(&["check", "good.json"], folder.path());
    assert!(output.status.success());
    assert_eq!(
        text(&output.stdout),
        "good.json: routes: 1, no problem\nneeds variable KEY\n"
    );

    let kept = json!({"version": 1, "routes": [
        {"uri": "/*", "function": {"name": "a"}},
        {"uri": "/b", "function": {"name": "b"}, "enabled": false},
    ]});
    std::fs::write(folder.path().join("kept.json"), kept.to_string()).unwrap();
    assert_eq!(
        text(&routes(&["check", "kept.json"], folder.path()).stdout),
        "kept.json: routes: 2, no problem\n\
         note routes[1]: is off, so what it matches is a 404 and does not go to routes[0]\n"
    );

    let bad = json!({"version": 2, "routes": [{"uri": "x", "function_uri": "http://a.example.com/"}]});
    std::fs::write(folder.path().join("bad.json"), bad.to_string()).unwrap();
    let output = routes(&["check", "bad.json"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "version: must be 1\nroutes[0].uri: must start with \"/\"\nroutes[0].function_uri: scheme must be https\n\
         local: bad.json: problems: 3\n"
    );
    let output = routes(&["check", "none.json"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("local: none.json: No such file"));
}

#[test]
fn a_route_of_apisix_becomes_a_table_that_passes_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let yaml = "routes:\n- uri: /aws/*\n  plugins:\n    aws-lambda:\n      function_uri: https://a.example.com\n      ssl_verify: false\n#END\n";
    std::fs::write(folder.path().join("apisix.yaml"), yaml).unwrap();
    let output = routes(&["from-apisix", "apisix.yaml"], folder.path());
    assert!(output.status.success());
    assert!(text(&output.stderr).starts_with("warning: route \"/aws/*\": ssl_verify: false is dropped"));
    let table: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(table.pointer("/routes/0/timeout"), Some(&json!(3000)));
    std::fs::write(folder.path().join("routes.json"), &output.stdout).unwrap();
    assert!(routes(&["check", "routes.json"], folder.path()).status.success());

    let none = routes(&["from-apisix", "routes.json"], folder.path());
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("no route with the plugin aws-lambda"));
}

#[test]
fn the_schema_is_printed() {
    let output = routes(&["schema"], Path::new("."));
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        schema.get("$schema"),
        Some(&json!("https://json-schema.org/draft/2020-12/schema"))
    );
}
