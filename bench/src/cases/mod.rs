//! The rows of the benchmark: which function, on which event, in which environment, and what it must answer.

mod authorizer;
mod floor;
mod hipchat_proxy;
mod lambda_invoker;

use serde_json::Value;

use crate::session::Expected;
use crate::upstream::Route;

pub use floor::{FLOOR_ECHO, FLOOR_POST};

/// Variables of a function's environment. `{upstream}` in a value stands for the stand-ins' base URL.
pub type Variables = &'static [(&'static str, &'static str)];

/// How a function is configured for a cold start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Configuration {
    /// All secrets stand in the environment.
    Plain,
    /// One secret is read from the Secrets Manager stand-in.
    Secret,
    /// The upstream's URL is `https` and nobody listens there, so that a start sets TLS up as in production.
    Https,
}

/// How often an upstream is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// Once for each invocation.
    Each,
    /// Once in the life of the process.
    Once,
}

/// A row's function with an `https` upstream that refuses the connection.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// Variables that name the upstream, winning over the others.
    pub variables: Variables,
    /// What the answer must look like. `None` for a function that pauses before it tries again, which would drown the
    /// rest: it is measured up to its first `next`.
    pub expected: Option<Expected>,
}

/// One row: a function on one event.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The row's name in the table.
    pub name: &'static str,
    /// The binary's file name.
    pub binary: &'static str,
    /// The row that this one is compared with; a floor's own name for the floors.
    pub floor: &'static str,
    /// The event's JSON.
    pub event: fn() -> String,
    /// What every answer must look like.
    pub expected: Expected,
    /// A close look at the first answer of every process.
    pub check: fn(&Value) -> Result<(), String>,
    /// Which upstream is called, and how often; all others, never.
    pub calls: Option<(Route, Frequency)>,
    /// Text that stands in the body of every call, beside what the stand-ins always check.
    pub sent: &'static str,
    /// Variables of all configurations.
    pub base: Variables,
    /// What is added for [`Configuration::Plain`].
    pub plain: Variables,
    /// What is added for [`Configuration::Secret`]; none if the row is not measured so.
    pub secret: Option<Variables>,
    /// How [`Configuration::Https`] differs; none if the row is not measured so.
    pub https: Option<Refused>,
    /// Whether the row stands in the table of cold starts.
    pub cold: bool,
    /// The row does one in so many of the usual invocations, its long life included: more than 1 for heavy rows,
    /// which would not fit into the short form's two minutes.
    pub divisor: usize,
}

/// A row of the issue that cannot be measured before its function can do it.
#[derive(Debug, Clone, Copy)]
pub struct NotYet {
    /// The row's name in the table.
    pub name: &'static str,
    /// What the function lacks.
    pub lacks: &'static str,
}

/// All rows that can be measured, floors first.
#[must_use]
pub fn all() -> Vec<Case> {
    [
        floor::CASES,
        authorizer::CASES,
        hipchat_proxy::CASES,
        lambda_invoker::CASES,
    ]
    .concat()
}

/// All rows that wait for their function.
#[must_use]
pub fn not_yet() -> Vec<NotYet> {
    hipchat_proxy::NOT_YET.to_vec()
}

/// The file names of all binaries, floors first.
#[must_use]
pub fn binaries() -> Vec<&'static str> {
    let mut names: Vec<&str> = all().iter().map(|case| case.binary).collect();
    names.dedup();
    names
}

impl Case {
    /// What an answer must look like in a configuration; `None` if no event is sent.
    #[must_use]
    pub fn expected(&self, configuration: Configuration) -> Option<Expected> {
        match self.https {
            Some(refused) if configuration == Configuration::Https => refused.expected,
            _ => Some(self.expected),
        }
    }

    /// The function's variables, `None` if the row is not measured in this configuration.
    #[must_use]
    pub fn variables(&self, configuration: Configuration, upstream: &str) -> Option<Vec<(String, String)>> {
        let added = match configuration {
            Configuration::Plain => Some(self.plain),
            Configuration::Secret => self.secret,
            Configuration::Https => self.https.map(|refused| refused.variables),
        }?;
        let plain = if configuration == Configuration::Https {
            self.plain
        } else {
            &[]
        };
        let all = self.base.iter().chain(plain).chain(added);
        Some(
            all.map(|(name, value)| ((*name).to_owned(), value.replace("{upstream}", upstream)))
                .collect(),
        )
    }
}

/// Fails unless the value at a JSON pointer is `expected`.
fn expect(answer: &Value, pointer: &str, expected: &Value) -> Result<(), String> {
    match answer.pointer(pointer) {
        Some(seen) if seen == expected => Ok(()),
        seen => Err(format!("{pointer} is {}, not {expected}", seen.unwrap_or(&Value::Null))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_floors_exist() {
        let cases = all();
        let mut names: Vec<&str> = cases.iter().map(|case| case.name).collect();
        names.extend(not_yet().iter().map(|row| row.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for case in &cases {
            assert!([FLOOR_ECHO, FLOOR_POST].contains(&case.floor), "{}", case.name);
            assert!(case.divisor > 0 && !case.expected.needle.is_empty(), "{}", case.name);
            serde_json::from_str::<Value>(&(case.event)()).unwrap();
        }
        assert_eq!(
            binaries(),
            [
                "floor-echo",
                "floor-post",
                "authorizer",
                "hipchat-proxy",
                "lambda-invoker"
            ]
        );
    }

    #[test]
    fn a_configuration_adds_to_the_base() {
        let case = all().into_iter().find(|case| case.name == FLOOR_POST).unwrap();
        let variables = case.variables(Configuration::Plain, "http://127.0.0.1:1").unwrap();
        assert_eq!(
            variables,
            [("FLOOR_POST_URL".to_owned(), "http://127.0.0.1:1/floor".to_owned())]
        );
        assert_eq!(case.variables(Configuration::Secret, ""), None);
    }

    #[test]
    fn json_that_is_configuration_is_json() {
        for case in all() {
            for configuration in [Configuration::Plain, Configuration::Secret, Configuration::Https] {
                for (name, value) in case.variables(configuration, "http://127.0.0.1:1").unwrap_or_default() {
                    assert!(!value.contains("{upstream}"), "{name}");
                    if value.starts_with(['{', '[']) {
                        serde_json::from_str::<Value>(&value).unwrap_or_else(|error| panic!("{name}: {error}"));
                    }
                }
            }
        }
    }

    #[test]
    fn a_wrong_answer_is_told() {
        let answer = serde_json::json!({"statusCode": 500});
        assert_eq!(
            expect(&answer, "/statusCode", &204.into()),
            Err("/statusCode is 500, not 204".to_owned())
        );
        assert_eq!(
            expect(&answer, "/body", &"".into()),
            Err("/body is null, not \"\"".to_owned())
        );
    }
}
