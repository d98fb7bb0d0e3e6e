//! Reads a function's variables and reports every bad one in a single start, by name and never by value.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use url::{Host, Url};

use crate::Secret;
use crate::secrets::{SecretArn, SecretSource};

/// Where variables come from.
pub trait Env {
    /// The value of a variable; unset and empty are told apart by the [`Reader`], not here.
    fn get(&self, name: &str) -> Option<String>;

    /// The names of all variables that are set.
    fn names(&self) -> Vec<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect()
    }
}

/// Why a start was refused: one line for each bad setting, each beginning with the setting's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// An error from finished lines.
    pub fn new(problems: Vec<String>) -> Self {
        Self { problems }
    }

    /// The lines.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

/// Reads variables one after the other, keeps what is wrong with each, and gives a value all the same, so that
/// the reading goes on to the end. What it gave counts only if [`Reader::finish`] succeeds.
///
/// An empty value counts as unset everywhere.
pub struct Reader<'a> {
    env: &'a dyn Env,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    /// A reader of `env`.
    pub fn new(env: &'a dyn Env) -> Self {
        Self {
            env,
            problems: Vec::new(),
        }
    }

    /// Notes a problem that the caller found: `name` is the variable or setting, `what` says what is wanted,
    /// without the value.
    pub fn problem(&mut self, name: &str, what: impl fmt::Display) {
        self.problems.push(format!("{name}: {what}"));
    }

    /// Notes a finished line, of a document that checks itself.
    pub fn line(&mut self, line: String) {
        self.problems.push(line);
    }

    /// Whether anything was wrong so far.
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// A text, or `None` when unset.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.env.get(name).filter(|value| !value.is_empty())
    }

    /// A text, or `default`.
    pub fn text_or(&mut self, name: &str, default: &str) -> String {
        self.text(name).unwrap_or_else(|| default.to_owned())
    }

    /// A text that must be set.
    pub fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.problem(name, "is required");
            String::new()
        })
    }

    /// A boolean: `true`, `false`, `1` or `0`, in any case.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        let Some(value) = self.text(name) else { return default };
        match value.to_ascii_lowercase().as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => {
                self.problem(name, "must be true or false");
                default
            }
        }
    }

    /// A whole number within `range`.
    pub fn number(&mut self, name: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(value) = self.text(name) else { return default };
        match value.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.problem(
                    name,
                    format_args!("must be a whole number from {} to {}", range.start(), range.end()),
                );
                default
            }
        }
    }

    /// One of a few words; the first stands for unset.
    pub fn choice<T: Copy>(&mut self, name: &str, default: T, words: &[(&str, T)]) -> T {
        let Some(value) = self.text(name) else { return default };
        if let Some((_, choice)) = words.iter().find(|(word, _)| *word == value) {
            return *choice;
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.problem(name, format_args!("must be one of {}", known.join(", ")));
        default
    }

    /// A list separated by commas or white space; empty when unset.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        self.text(name)
            .map(|value| {
                value
                    .split(|separator: char| separator == ',' || separator.is_whitespace())
                    .filter(|item| !item.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default()
    }

    /// A JSON document of a known shape. What is wrong is told by line and column, without the text.
    pub fn json<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.text(name)?;
        match serde_json::from_str(&value) {
            Ok(document) => Some(document),
            Err(error) => {
                self.problem(name, describe_json_error(&error));
                None
            }
        }
    }

    /// An absolute `http` or `https` URL without user info and fragment. Plain HTTP is taken for a loopback host,
    /// and elsewhere only if `allow_http` says so.
    pub fn url(&mut self, name: &str, allow_http: bool) -> Option<Url> {
        let value = self.text(name)?;
        match check_url(&value, allow_http) {
            Ok(url) => Some(url),
            Err(what) => {
                self.problem(name, what);
                None
            }
        }
    }

    /// A secret given in plain as `name`, or as a Secrets Manager reference in `name_SECRET_ARN`. Both is a problem.
    pub fn secret(&mut self, name: &str) -> Option<SecretSource> {
        self.secret_or(name, &format!("{name}_SECRET_ARN"))
    }

    /// A secret given in plain as `name`, or as a Secrets Manager reference in `twin`. Both is a problem.
    pub fn secret_or(&mut self, name: &str, twin: &str) -> Option<SecretSource> {
        match (self.text(name), self.text(twin)) {
            (None, None) => None,
            (Some(plain), None) => Some(SecretSource::Plain(Secret::new(plain))),
            (None, Some(arn)) => match SecretArn::parse(&arn) {
                Ok(arn) => Some(SecretSource::Arn(arn)),
                Err(what) => {
                    self.problem(twin, what);
                    None
                }
            },
            (Some(_), Some(_)) => {
                self.problem(name, format_args!("is set together with {twin}; set one of them"));
                None
            }
        }
    }

    /// The set variables that begin with `prefix` and are not in `known`: likely misspelt.
    pub fn unknown(&self, prefix: &str, known: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = self
            .env
            .names()
            .into_iter()
            .filter(|name| name.starts_with(prefix) && !known.contains(&name.as_str()))
            .collect();
        names.sort();
        names
    }

    /// Ends the reading: all problems, or none.
    ///
    /// # Errors
    /// Every problem found since [`Reader::new`], one line each.
    pub fn finish(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::new(self.problems))
        }
    }
}

/// What is wrong with a JSON document, by place and kind, without quoting any of it.
pub fn describe_json_error(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Syntax => "is not valid JSON",
        serde_json::error::Category::Eof => "is JSON that ends too early",
        serde_json::error::Category::Data => "does not have the expected shape",
        serde_json::error::Category::Io => "cannot be read",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

/// Checks one absolute URL; see [`Reader::url`].
///
/// # Errors
/// What is wanted, without the value.
pub fn check_url(value: &str, allow_http: bool) -> Result<Url, &'static str> {
    let url = Url::parse(value).map_err(|_| "must be an absolute URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password");
    }
    if url.fragment().is_some() {
        return Err("must not hold a fragment");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if allow_http || is_loopback(&url) => Ok(url),
        "http" => Err("must use https"),
        _ => Err("must be an http or https URL"),
    }
}

/// Whether a URL's host is this machine itself: `localhost`, `127.0.0.0/8` or `[::1]`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FixedEnv;

    #[test]
    fn every_problem_is_reported_at_once_by_name_and_without_values() {
        let env = FixedEnv::new([
            ("FLAG", "maybe-s3cret"),
            ("COUNT", "4097-s3cret"),
            ("MODE", "s3cret"),
            ("DOC", "{\"s3cret\":"),
            ("URL", "http://s3cret.example.com/"),
            ("KEY", "s3cret"),
            (
                "KEY_SECRET_ARN",
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf",
            ),
            ("OTHER_SECRET_ARN", "s3cret"),
        ]);
        let mut reader = Reader::new(&env);
        reader.required("NAME");
        reader.flag("FLAG", false);
        reader.number("COUNT", 1, 0..=4096);
        reader.choice("MODE", 1, &[("one", 1), ("two", 2)]);
        let _: Option<Vec<String>> = reader.json("DOC");
        reader.url("URL", false);
        reader.secret("KEY");
        reader.secret("OTHER");
        let error = reader.finish().unwrap_err().to_string();
        let expected = "NAME: is required\n\
            FLAG: must be true or false\n\
            COUNT: must be a whole number from 0 to 4096\n\
            MODE: must be one of one, two\n\
            DOC: does not have the expected shape (line 1, column 0)\n\
            URL: must use https\n\
            KEY: is set together with KEY_SECRET_ARN; set one of them\n\
            OTHER_SECRET_ARN: must be arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]";
        assert_eq!(error, expected);
    }

    #[test]
    fn good_values_are_read() {
        let env = FixedEnv::new([
            ("A", "TRUE"),
            ("B", "0"),
            ("N", "42"),
            ("L", "a, b  c,,"),
            ("E", ""),
            ("M", "two"),
        ]);
        let mut reader = Reader::new(&env);
        assert!(reader.flag("A", false));
        assert!(!reader.flag("B", true));
        assert!(reader.flag("E", true));
        assert_eq!(reader.number("N", 0, 0..=100), 42);
        assert_eq!(reader.list("L"), ["a", "b", "c"]);
        assert_eq!(reader.text("E"), None);
        assert_eq!(reader.choice("M", 1, &[("one", 1), ("two", 2)]), 2);
        assert_eq!(reader.unknown("", &["A", "B", "N", "L"]), ["E", "M"]);
        reader.finish().unwrap();
    }

    #[test]
    fn urls_are_https_or_loopback() {
        for (value, allow_http, good) in [
            ("https://hydra.example.com/oauth2/introspect", false, true),
            ("http://127.0.0.1:4445/admin", false, true),
            ("http://[::1]:4445/", false, true),
            ("http://localhost:4445/", false, true),
            ("http://hydra.internal/", false, false),
            ("http://hydra.internal/", true, true),
            ("http://127.0.0.1.example.com/", false, false),
            ("https://user@hydra.example.com/", true, false),
            ("https://hydra.example.com/#x", true, false),
            ("ftp://hydra.example.com/", true, false),
            ("/relative", true, false),
        ] {
            assert_eq!(check_url(value, allow_http).is_ok(), good, "{value}");
        }
    }
}
