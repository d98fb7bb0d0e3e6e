//! The functions' variables in the local suite, and how the caller's own variables take their place.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The region of everything local.
pub const REGION: &str = "eu-west-1";
/// The scope that the authorizer asks for.
pub const OAUTH_SCOPE: &str = "hello";
/// The rooms of the local directory.
pub const ROOMS: [&str; 2] = ["Dev Ops", "Ops"];
/// The Slack channels behind the rooms: id and name.
pub const CHANNELS: [(&str, &str); 2] = [("C100", "dev-ops"), ("C200", "ops")];
/// The name of the secret with Slack's token.
pub const SLACK_TOKEN_SECRET: &str = "hipchat-proxy/slack-token";
/// The name of the secret with the allow-list of HipChat tokens.
pub const HIPCHAT_TOKENS_SECRET: &str = "hipchat-proxy/tokens";
/// The name of the secret with the target's API key.
pub const API_KEY_SECRET: &str = "lambda-invoker/api-key";

/// The function that `lambda-invoker` invokes.
pub const DEMO_FUNCTION: &str = "hello";

/// The variable with the fronts that `lambda-invoker` streams to.
pub const STREAMING_FRONTS: &str = "INVOKER_STREAMING_FRONTS";
/// A Function URL, among those.
pub const FUNCTION_URL: &str = "function-url";

/// Variables by name.
pub type Variables = BTreeMap<String, String>;

/// A plain value, or the ARN of a secret that holds it.
#[derive(Debug, Clone, Copy)]
pub enum Setting<'a> {
    /// The value itself.
    Plain(&'a str),
    /// The ARN of a secret.
    SecretArn(&'a str),
}

/// `authorizer`: the introspection of a Hydra at `hydra_admin`, one required scope, caches that a person can outwait.
#[must_use]
pub fn authorizer(hydra_admin: &str) -> Variables {
    variables([
        (
            "AUTHZ_INTROSPECTION_URL",
            format!("{hydra_admin}/admin/oauth2/introspect"),
        ),
        ("AUTHZ_REQUIRED_SCOPES", OAUTH_SCOPE.to_owned()),
        ("AUTHZ_CACHE_TTL_SECS", "2".to_owned()),
        ("AUTHZ_NEGATIVE_CACHE_TTL_SECS", "1".to_owned()),
    ])
}

/// `hipchat-proxy`: Slack's Web API at `slack` + `/api`, the local rooms, a token for Slack and an allow-list of
/// HipChat tokens.
#[must_use]
pub fn hipchat_proxy(slack: &str, slack_token: Setting<'_>, hipchat_tokens: Setting<'_>) -> Variables {
    let mut all = variables([
        ("SLACK_API_URL", format!("{slack}/api")),
        ("HIPCHAT_DIRECTORY", directory().to_string()),
    ]);
    slack_token.put(&mut all, "SLACK_TOKEN");
    hipchat_tokens.put(&mut all, "HIPCHAT_TOKENS");
    all
}

/// `lambda-invoker`: two routes to `target`, signed and with `api_key`, and two to a function behind `lambda`, whose reply
/// comes whole or as a stream.
#[must_use]
pub fn lambda_invoker(target: &str, lambda: &str, api_key: Setting<'_>) -> Variables {
    let api_key = match api_key {
        Setting::Plain(key) => json!(key),
        Setting::SecretArn(arn) => json!({ "secret_arn": arn }),
    };
    let config = json!({
        "version": 1,
        "routes": [
            {
                "name": "url",
                "uri": "/url/*",
                "function_uri": format!("{target}/base"),
                "authorization": { "iam": { "aws_region": REGION, "service": "lambda" } },
            },
            {
                "name": "key",
                "uri": "/key/*",
                "function_uri": format!("{target}/key"),
                "authorization": { "apikey": api_key },
            },
            {
                "name": "invoke",
                "uri": "/invoke",
                "function": { "name": DEMO_FUNCTION, "region": REGION, "endpoint_url": lambda },
            },
            {
                "name": "stream",
                "uri": "/stream",
                "timeout": 10_000,
                "function": {
                    "name": DEMO_FUNCTION,
                    "region": REGION,
                    "endpoint_url": lambda,
                    "invocation": "response_stream",
                },
            },
        ],
    });
    let mut all = variables([("INVOKER_CONFIG", config.to_string())]);
    all.extend(streaming());
    all
}

/// `lambda-invoker`, whatever its routes: its Function URL takes streams.
#[must_use]
pub fn streaming() -> Variables {
    variables([(STREAMING_FRONTS, FUNCTION_URL.to_owned())])
}

/// An allow-list with one token, known by the SHA-256 of its value in hexadecimal, that may do everything in every
/// room.
#[must_use]
pub fn hipchat_tokens(sha256: &str) -> String {
    json!([{ "sha256": sha256, "kind": "v2_user", "label": "local", "rooms": ["*"], "users": true, "read": true }])
        .to_string()
}

fn directory() -> Value {
    let ([dev_ops, ops], [(dev_channel, _), (ops_channel, _)]) = (ROOMS, CHANNELS);
    json!({
        "rooms": [
            { "name": dev_ops, "id": 7, "channel": dev_channel, "notify": "here" },
            { "name": ops, "id": 8, "channel": ops_channel },
        ],
        "users": [{ "id": 3, "name": "Chris", "mention_name": "chris", "email": "chris@example.com", "slack_id": "U3" }],
    })
}

/// Lays the caller's variables over the defaults: those with one of `prefixes`, and Lambda's log level.
///
/// A setting can be given in several ways (`X`, `X_FILE`, `X_SECRET_ARN`): any of them takes the place of any other.
pub fn overlay(defaults: &mut Variables, caller: &Variables, prefixes: &[&str]) {
    let own = caller.iter().filter(|(name, _)| {
        prefixes.iter().any(|prefix| name.starts_with(prefix)) || name.as_str() == "AWS_LAMBDA_LOG_LEVEL"
    });
    let own: Variables = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    defaults.retain(|name, _| !own.keys().any(|given| stem(given) == stem(name)));
    defaults.extend(own);
}

fn stem(name: &str) -> &str {
    name.strip_suffix("_SECRET_ARN")
        .or_else(|| name.strip_suffix("_FILE"))
        .unwrap_or(name)
}

impl Setting<'_> {
    fn put(self, variables: &mut Variables, name: &str) {
        match self {
            Self::Plain(value) => variables.insert(name.to_owned(), value.to_owned()),
            Self::SecretArn(arn) => variables.insert(format!("{name}_SECRET_ARN"), arn.to_owned()),
        };
    }
}

fn variables<const N: usize>(pairs: [(&str, String); N]) -> Variables {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Variables {
        pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[track_caller]
    fn check(caller: &[(&str, &str)], expected: &[(&str, &str)]) {
        let mut all = of(&[
            ("SLACK_API_URL", "http://local/api"),
            ("SLACK_TOKEN_SECRET_ARN", "arn"),
            ("HIPCHAT_DIRECTORY", "{}"),
        ]);
        overlay(&mut all, &of(caller), &["HIPCHAT_", "SLACK_"]);
        assert_eq!(all, of(expected));
    }

    #[test]
    fn the_callers_variables_win_in_whatever_form() {
        check(
            &[
                ("SLACK_TOKEN", "xoxb"),
                ("HIPCHAT_DIRECTORY_FILE", "/rooms"),
                ("AUTHZ_SCHEME", "x"),
                ("AWS_LAMBDA_LOG_LEVEL", "DEBUG"),
            ],
            &[
                ("SLACK_API_URL", "http://local/api"),
                ("SLACK_TOKEN", "xoxb"),
                ("HIPCHAT_DIRECTORY_FILE", "/rooms"),
                ("AWS_LAMBDA_LOG_LEVEL", "DEBUG"),
            ],
        );
        check(
            &[("SLACK_API_URL", "https://slack.com/api")],
            &[
                ("SLACK_API_URL", "https://slack.com/api"),
                ("SLACK_TOKEN_SECRET_ARN", "arn"),
                ("HIPCHAT_DIRECTORY", "{}"),
            ],
        );
    }
}
