//! The repository's own rules, checked on the repository itself. Each failure lists every place that breaks a rule.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use serde_json::Value;
use tests::tidy::variables::{self, Names};
use tests::tidy::{FUNCTIONS, Files, arrows, events, pages, readme, root, template, words};

/// The page with every variable.
const SETTINGS: &str = "docs/settings.md";
/// The guide for whoever runs the suite.
const OPERATE: &str = "docs/operate.md";

fn repository() -> Files {
    let files = tests::tidy::read(&root()).unwrap();
    assert!(
        files.contains_key("Cargo.toml"),
        "the repository is not where it is looked for"
    );
    files
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn the_template(files: &Files) -> Value {
    template::parse(&files["template.yaml"]).unwrap()
}

#[test]
fn events_are_json_in_their_functions_folder_and_say_what_is_expected() {
    let files = repository();
    none(&events::faults(&files));
    none(&events::functions_without(&files));
    none(&events::incomplete(&files));
}

#[test]
fn variables_of_the_code_stand_in_template_settings_and_doc_table_and_the_other_way_round() {
    let files = repository();
    let environments = template::environments(&the_template(&files));
    let mut faults = Vec::new();
    for function in FUNCTIONS {
        let code = variables::of_config(&files, function);
        if code.is_empty() {
            faults.push(format!(
                "{function}: its configuration reads no variable; is it still src/config.rs?"
            ));
        }
        let deployed: Names = environments
            .get(function)
            .map(|set| set.keys().cloned().collect())
            .unwrap_or_default();
        let told = variables::of_tables(&files[SETTINGS], variables::prefixes(function));
        let documented: Names = files
            .iter()
            .filter(|(path, _)| variables::is_config(function, path))
            .flat_map(|(_, text)| variables::of_docs(text, variables::prefixes(function)))
            .collect();
        let here = format!("the code of {function}'s config.rs");
        faults.extend(variables::differences(&here, &code, "template.yaml", &deployed));
        faults.extend(variables::differences(&here, &code, SETTINGS, &told));
        faults.extend(variables::differences(
            &here,
            &code,
            "its doc comment's table",
            &documented,
        ));
        faults.extend(variables::named_elsewhere(&files, function, &code));
    }
    none(&faults);
}

#[test]
fn every_function_is_in_the_template() {
    let environments = template::environments(&the_template(&repository()));
    assert_eq!(
        environments.keys().collect::<Vec<_>>(),
        FUNCTIONS.iter().collect::<Vec<_>>()
    );
}

#[test]
fn the_template_holds_no_secret() {
    let template = the_template(&repository());
    none(&template::secrets_with_values(&template));
    let environments: BTreeMap<_, _> = template::environments(&template);
    none(
        &environments
            .values()
            .flat_map(template::plain_secrets)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn iam_statements_name_exact_verbs() {
    none(&template::loose_statements(&the_template(&repository())));
}

#[test]
fn parameters_are_described_bounded_and_grouped() {
    none(&template::bare_parameters(&the_template(&repository())));
}

#[test]
fn crates_depend_in_one_direction() {
    none(&arrows::wrong_crates(&repository()));
}

#[test]
fn pure_modules_know_no_outside() {
    none(&arrows::impure_modules(&repository()));
}

#[test]
fn commands_of_the_pages_exist() {
    let files = repository();
    let packages: Vec<&str> = FUNCTIONS
        .iter()
        .copied()
        .chain(["shared", "local", "tests", "bench"])
        .collect();
    for (_, page) in pages::of(&files) {
        none(&readme::faults(page, &files["Makefile"], &packages, &files));
    }
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    none(&words::machine_names(&repository()));
}

#[test]
fn every_source_file_says_what_lives_there() {
    none(&words::silent_files(&repository()));
}

#[test]
fn every_dependency_has_a_reason() {
    none(&words::dependencies_without_reason(&repository()["Cargo.toml"]));
}

#[test]
fn the_first_screen_leads_to_every_page() {
    none(&pages::missing_on_the_first_screen(&repository()));
}

#[test]
fn links_of_the_pages_lead_somewhere() {
    let exists = |path: &str| root().join(path).exists();
    none(&pages::broken_links(&repository(), exists));
}

#[test]
fn variables_have_one_page() {
    let files = repository();
    for (path, page) in pages::of(&files).filter(|(path, _)| *path != SETTINGS) {
        for function in FUNCTIONS {
            let told = variables::of_tables(page, variables::prefixes(function));
            // Tables may speak of some; the table of all of them stands once.
            assert!(
                told.len() < 10,
                "{path} has a table of {function}'s variables, too: {told:?}"
            );
        }
    }
}

#[test]
fn failures_stand_in_the_operating_guide_as_the_code_tells_them() {
    let files = repository();
    let faults = FUNCTIONS.map(|function| pages::operate::failures(&files[OPERATE], &files, function));
    none(&faults.concat());
}

#[test]
fn alarms_of_the_template_stand_in_the_operating_guide_and_the_other_way_round() {
    let files = repository();
    none(&pages::operate::alarms(&files[OPERATE], &the_template(&files)));
}

#[test]
fn every_secret_is_filled_and_rotated_by_the_guides() {
    let files = repository();
    let template = the_template(&files);
    let names: Names = FUNCTIONS
        .iter()
        .flat_map(|function| variables::of_config(&files, function))
        .collect();
    assert!(names.len() > 50, "{names:?}");
    none(&pages::operate::secrets(&files[OPERATE], names.iter()));
    none(&pages::operate::empty_secrets(&files["docs/deployment.md"], &template));
}

#[test]
fn every_defence_of_the_threat_model_names_its_tests() {
    let files = repository();
    none(&pages::threats::untested(&files["docs/threat-model.md"], &files));
}
