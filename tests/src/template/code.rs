//! What the functions' code does that a template must know: variables, AWS calls, metrics. Read from the source, so that
//! the template is compared with the code and not with a third list.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::variables::{self, Names};
use crate::tidy::{FUNCTIONS, Files, source};

/// An AWS call: the code that makes it, and the IAM action that it needs.
struct Call {
    /// Where it can be made: a function's folder, or `shared` for all of them.
    place: &'static str,
    /// What the code holds, white space removed, or one of its literals as a whole.
    code: &'static str,
    action: &'static str,
}

/// Every AWS call that the suite's code can make. An operation that is not listed is a finding, and so is an SDK: what it
/// sends stands nowhere in the code.
const CALLS: [Call; 7] = [
    Call {
        place: "shared",
        code: "secretsmanager.GetSecretValue",
        action: "secretsmanager:GetSecretValue",
    },
    Call {
        place: "lambda-invoker",
        code: "/2015-03-31/functions/",
        action: "lambda:InvokeFunction",
    },
    // The same with an answer that streams.
    Call {
        place: "lambda-invoker",
        code: "/2021-11-15/functions/",
        action: "lambda:InvokeFunction",
    },
    // Function URLs ask for both permissions.
    Call {
        place: "lambda-invoker",
        code: "lambda-url",
        action: "lambda:InvokeFunctionUrl",
    },
    Call {
        place: "lambda-invoker",
        code: "lambda-url",
        action: "lambda:InvokeFunction",
    },
    Call {
        place: "lambda-invoker",
        code: "execute-api",
        action: "execute-api:Invoke",
    },
    Call {
        place: "lambda-invoker",
        code: "AssumeRole",
        action: "sts:AssumeRole",
    },
];

/// The sets of dimensions that a metric comes with.
pub type Dimensions = Vec<Vec<String>>;
/// Metrics and their dimensions.
pub type Metrics = BTreeMap<String, Dimensions>;

/// What one function's code does.
#[derive(Debug, Default)]
pub struct Function {
    /// The variables that its configuration reads.
    pub variables: Names,
    /// The IAM actions that its calls need.
    pub actions: BTreeSet<&'static str>,
    /// Its metrics and the sets of dimensions that each comes with.
    pub metrics: Metrics,
    /// Every word in its literals: outcomes and reasons are among them.
    pub words: BTreeSet<String>,
}

/// What the suite's code does.
#[derive(Debug, Default)]
pub struct Code {
    /// By function.
    pub functions: BTreeMap<&'static str, Function>,
    /// The namespace of the metrics.
    pub namespace: String,
    /// Operations that are in no list here, and SDKs.
    pub problems: Vec<String>,
}

impl Code {
    /// Reads the repository's source.
    #[must_use]
    pub fn read(files: &Files) -> Self {
        let mut code = Self::default();
        let shared = Part::read(files, "shared/src/");
        code.namespace = shared
            .literals
            .iter()
            .find(|literal| literal.before.ends_with("NAMESPACE:&str="))
            .map(|literal| literal.text.clone())
            .unwrap_or_default();
        let (counted, dimensions) = dimensions(files);
        code.problems.extend(unknown_operations(&shared, "shared"));
        for function in FUNCTIONS {
            let own = Part::read(files, &format!("functions/{function}/src/"));
            code.problems.extend(unknown_operations(&own, function));
            let actions = CALLS
                .iter()
                .filter(|call| match call.place {
                    "shared" => shared.does(call.code),
                    place => place == function && own.does(call.code),
                })
                .map(|call| call.action)
                .collect();
            let mut metrics = counted.clone();
            for name in shared
                .metrics()
                .chain(own.metrics())
                .filter(|name| *name != code.namespace)
            {
                metrics.entry(name).or_insert_with(|| dimensions.clone());
            }
            let read = Function {
                variables: variables::of_config(files, function),
                actions,
                metrics,
                words: own.literals.into_iter().map(|literal| literal.text).collect(),
            };
            code.functions.insert(function, read);
        }
        code
    }
}

/// The shipped code below one folder.
struct Part {
    code: String,
    literals: Vec<source::Literal>,
    /// The literals of files that name metrics.
    telling: Vec<source::Literal>,
    /// How many files name an AWS SDK.
    sdks: usize,
}

impl Part {
    fn read(files: &Files, folder: &str) -> Self {
        let mut part = Self {
            code: String::new(),
            literals: Vec::new(),
            telling: Vec::new(),
            sdks: 0,
        };
        let shipped = files
            .iter()
            .filter(|(path, _)| path.starts_with(folder) && path.ends_with(".rs") && !source::is_test(path));
        for (_, text) in shipped {
            let source = source::parse(text);
            let code: String = source.code.chars().filter(|c| !c.is_whitespace()).collect();
            if code.contains(".metric(") {
                part.telling.extend(source.literals.iter().cloned());
            }
            part.sdks += usize::from(code.contains("aws_sdk_"));
            part.code.push_str(&code);
            part.literals.extend(source.literals);
        }
        part
    }

    fn does(&self, code: &str) -> bool {
        self.code.contains(code) || self.literals.iter().any(|literal| literal.text.contains(code))
    }

    fn metrics(&self) -> impl Iterator<Item = String> {
        self.telling
            .iter()
            .filter(|literal| is_metric(&literal.text))
            .map(|literal| literal.text.clone())
    }
}

/// `CacheHits`, not `allow` or `cache`.
fn is_metric(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.contains(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The metric that is counted by outcome, and the dimensions of all the others: from the one file that writes them.
fn dimensions(files: &Files) -> (Metrics, Dimensions) {
    let writer = files
        .get("shared/src/telemetry/line.rs")
        .map(String::as_str)
        .unwrap_or_default();
    let mut counted = Metrics::new();
    let mut sets = Dimensions::new();
    for literal in source::parse(writer).literals {
        if literal.text.starts_with("[\"service\"") {
            sets = serde_json::from_str(&format!("[{}]", literal.text)).unwrap_or_default();
        } else if is_metric(&literal.text) && !sets.is_empty() {
            counted.insert(literal.text, sets.clone());
        }
    }
    (counted, sets)
}

/// What an `x-amz-target` header says, such as `secretsmanager.GetSecretValue`.
fn is_operation(text: &str) -> bool {
    text.split_once('.').is_some_and(|(service, operation)| {
        !service.is_empty() && service.bytes().all(|b| b.is_ascii_lowercase()) && is_metric(operation)
    })
}

fn unknown_operations(part: &Part, place: &str) -> Vec<String> {
    let known = |text: &str| CALLS.iter().any(|call| call.code == text);
    let named = part.literals.iter().map(|literal| literal.text.as_str());
    let unknown = named.filter(|text| is_operation(text) && !known(text));
    let mut problems: Vec<String> = unknown
        .map(|text| format!("{place}: asks for {text}, which is in no list"))
        .collect();
    if part.sdks > 0 {
        problems.push(format!("{place}: {} files name an AWS SDK", part.sdks));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(invoker: &str) -> Files {
        Files::from([
            (
                "shared/src/telemetry.rs".to_owned(),
                "pub const NAMESPACE: &str = \"Suite\"; fn f() { line.metric(\"DurationMs\", 1); }".to_owned(),
            ),
            (
                "shared/src/telemetry/line.rs".to_owned(),
                "p(r#\"[\"service\",\"outcome\"],[\"service\"]\"#, &[(\"Requests\", 1)]); p(r#\"[\"service\"]\"#, &metrics);"
                    .to_owned(),
            ),
            ("functions/lambda-invoker/src/config.rs".to_owned(), "r.text(\"INVOKER_CONFIG\")".to_owned()),
            ("functions/lambda-invoker/src/target.rs".to_owned(), invoker.to_owned()),
        ])
    }

    #[test]
    fn metrics_calls_and_variables_are_read() {
        let code = Code::read(&files(
            "f(\"/2015-03-31/functions/{name}\"); line.metric(if x { \"Signed\" } else { \"upstream_5xx\" });",
        ));
        assert_eq!(code.problems, Vec::<String>::new());
        assert_eq!(code.namespace, "Suite");
        let invoker = &code.functions["lambda-invoker"];
        assert_eq!(invoker.actions, BTreeSet::from(["lambda:InvokeFunction"]));
        assert_eq!(invoker.variables, Names::from(["INVOKER_CONFIG".to_owned()]));
        let service = vec!["service".to_owned()];
        assert_eq!(
            invoker.metrics["Requests"],
            [vec!["service".to_owned(), "outcome".to_owned()], service.clone()]
        );
        assert_eq!(invoker.metrics["Signed"], std::slice::from_ref(&service));
        assert_eq!(invoker.metrics["DurationMs"], [service]);
        assert_eq!(invoker.metrics.len(), 3);
        assert!(invoker.words.contains("upstream_5xx"));
        assert_eq!(code.functions["authorizer"].metrics.len(), 2);
    }

    #[test]
    fn an_operation_that_nobody_listed_is_told() {
        for (text, problems) in [
            ("use aws_sdk_secretsmanager::Client; c.list_secrets().send();", 1),
            (
                "h.insert(\"x-amz-target\", from_static(\"secretsmanager.ListSecrets\"));",
                1,
            ),
            (
                "h.insert(\"x-amz-target\", from_static(\"secretsmanager.GetSecretValue\"));",
                0,
            ),
        ] {
            let code = Code::read(&files(text));
            assert_eq!(code.problems.len(), problems, "{:?}", code.problems);
        }
    }
}
