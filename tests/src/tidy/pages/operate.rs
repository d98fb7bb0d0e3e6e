//! The operating guide against the code and the template: words of the log, alarms, secrets.

use serde_json::Value;

use super::{quoted, rows, section};
use crate::tidy::variables::REFERENCE;
use crate::tidy::{Files, source};

/// The front door's own words for events that hold no request, which functions pass on as reasons.
const FRONT_DOOR: [&str; 5] = ["malformed_event", "bad_method", "bad_path", "bad_header", "bad_body"];

/// What stands for any text in a quoted line.
const ANYTHING: char = '…';

/// Failures that the page does not explain, and words that it explains and the code does not say.
///
/// The table of a function stands under `### <function>` below `## When something is wrong`. Its first column holds what is
/// seen: words of the log's `outcome` and `reason`, and lines, in which `…` stands for any text.
pub fn failures(page: &str, files: &Files, function: &str) -> Vec<String> {
    let Some(section) =
        section(page, "## When something is wrong").and_then(|all| section(all, &format!("### {function}")))
    else {
        return vec![format!("{function}: the page has no table of its failures")];
    };
    let seen: Vec<&str> = rows(section, "you see")
        .iter()
        .filter_map(|row| row.first())
        .flat_map(|cell| quoted(cell))
        .collect();
    let own = literals(files, &format!("functions/{function}/src/"));
    let said = |text: &str| own.iter().any(|literal| literal.contains(text));
    let shared = literals(files, "shared/src/");
    let mut faults = Vec::new();
    for text in &seen {
        let known = if is_word(text) {
            own.iter().chain(&shared).any(|literal| literal == text)
        } else {
            let parts = text.split(ANYTHING).map(str::trim).filter(|part| !part.is_empty());
            parts
                .into_iter()
                .all(|part| said(part) || shared.iter().any(|literal| literal.contains(part)))
        };
        if !known {
            faults.push(format!("{function}: the code does not say `{text}`"));
        }
    }
    let ladder = literals(files, &format!("functions/{function}/src/error.rs"));
    let front_door = FRONT_DOOR
        .iter()
        .filter(|_| function == "lambda-invoker")
        .map(|word| (*word).to_owned());
    for word in ladder.into_iter().filter(|literal| is_word(literal)).chain(front_door) {
        if !quoted(section).any(|told| told == word) {
            faults.push(format!("{function}: the page does not explain `{word}`"));
        }
    }
    faults
}

/// Alarms of the template that the page does not tell of, and the other way round.
pub fn alarms(page: &str, template: &Value) -> Vec<String> {
    let told = section(page, "## Alarms")
        .map(|section| rows(section, "alarm"))
        .unwrap_or_default();
    let told: Vec<&str> = told
        .iter()
        .filter_map(|row| row.first())
        .flat_map(|cell| quoted(cell))
        .collect();
    let resources = template["Resources"].as_object().into_iter().flatten();
    let alarms: Vec<&str> = resources
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm")
        .filter_map(|(_, alarm)| alarm.pointer("/Properties/AlarmName/Fn::Sub")?.as_str())
        .filter_map(|name| name.strip_prefix("${AWS::StackName}-"))
        .collect();
    let untold = alarms
        .iter()
        .filter(|name| !told.contains(name))
        .map(|name| format!("{name}: the page does not tell of this alarm"));
    let gone = told
        .iter()
        .filter(|name| !alarms.contains(name))
        .map(|name| format!("{name}: the template has no such alarm"));
    untold.chain(gone).collect()
}

/// Settings that refer to a secret, and that no steps of the page rotate.
pub fn secrets<'n>(page: &str, variables: impl Iterator<Item = &'n String>) -> Vec<String> {
    let steps = section(page, "## Rotating secrets").unwrap_or_default();
    variables
        .filter(|name| name.ends_with(REFERENCE) && !quoted(steps).any(|told| told == *name))
        .map(|name| format!("{name}: the page does not tell how it is rotated"))
        .collect()
}

/// Secrets that the stack creates without a value, and that the guide of a deployment does not have filled: by the output that
/// names each.
pub fn empty_secrets(page: &str, template: &Value) -> Vec<String> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    resources
        .filter(|(_, resource)| resource["Type"] == "AWS::SecretsManager::Secret")
        .filter(|(_, secret)| secret.pointer("/Properties/GenerateSecretString").is_none())
        .filter(|(name, _)| !page.contains(&format!("put-secret-value --secret-id \"${name}Arn\"")))
        .map(|(name, _)| format!("{name}: the page does not say how it gets its value"))
        .collect()
}

/// The string literals of the shipped code below a folder.
fn literals(files: &Files, folder: &str) -> Vec<String> {
    let shipped = files
        .iter()
        .filter(|(path, _)| path.starts_with(folder) && path.ends_with(".rs") && !source::is_test(path));
    shipped
        .flat_map(|(_, text)| source::parse(text).literals)
        .map(|literal| joined(&literal.text))
        .collect()
}

/// A literal as it is printed where it goes on in the next line.
fn joined(literal: &str) -> String {
    let mut lines = literal.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |all, line| all + line.trim_start())
}

fn is_word(text: &str) -> bool {
    text.len() > 1
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code() -> Files {
        Files::from([
            (
                "functions/a/src/error.rs".to_owned(),
                "x(\"refused\", \"no_room\", \"No such room\")".to_owned(),
            ),
            (
                "shared/src/env.rs".to_owned(),
                "y(\"{name}: is required, \\\n     always\")".to_owned(),
            ),
        ])
    }

    fn page(rows: &str) -> String {
        format!("## When something is wrong\n### a\n| you see | why | do |\n|---|---|---|\n{rows}\n## Next\n")
    }

    #[test]
    fn words_of_the_log_stand_in_page_and_code() {
        let good = "| `refused`, `no_room` | x | y |\n| `…: is required, always` | x | y |\n";
        assert_eq!(failures(&page(good), &code(), "a"), Vec::<String>::new());
        assert_eq!(failures(&page("| `refused` | x | y |\n"), &code(), "a").len(), 1);
        let invented = format!("{good}| `never_said` | x | y |\n| `…: is forbidden` | x | y |\n");
        assert_eq!(failures(&page(&invented), &code(), "a").len(), 2);
        assert_eq!(failures("", &code(), "a").len(), 1);
    }

    #[test]
    fn alarms_stand_in_page_and_template() {
        let template = json!({"Resources": {"A": {"Type": "AWS::CloudWatch::Alarm",
            "Properties": {"AlarmName": {"Fn::Sub": "${AWS::StackName}-a-errors"}}}}});
        let page = |name: &str| format!("## Alarms\n| alarm | look |\n|---|---|\n| `{name}` | x |\n");
        assert!(alarms(&page("a-errors"), &template).is_empty());
        assert_eq!(alarms(&page("a-gone"), &template).len(), 2);
    }

    #[test]
    fn every_secret_has_its_steps() {
        let names = ["A_SECRET_ARN".to_owned(), "A".to_owned()];
        assert!(secrets("## Rotating secrets\n1. `A_SECRET_ARN`\n", names.iter()).is_empty());
        assert_eq!(secrets("`A_SECRET_ARN`\n## Rotating secrets\n", names.iter()).len(), 1);
        let template = json!({"Resources": {
            "One": {"Type": "AWS::SecretsManager::Secret"},
            "Made": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}}}});
        assert!(empty_secrets("aws secretsmanager put-secret-value --secret-id \"$OneArn\"", &template).is_empty());
        assert_eq!(empty_secrets("", &template).len(), 1);
    }
}
