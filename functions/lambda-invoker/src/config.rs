//! The function's variables.

use std::time::Duration;

use shared::aws::endpoint::{self, NoEndpoint, Service};
use shared::env::Reader;
use shared::http::Front;
use shared::secrets::SecretArn;
use shared::{ConfigError, Deadline, Env, SecretSource, Secrets};

/// Where the route table comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The table itself.
    Inline(String),
    /// A file of the package.
    File(String),
    /// A secret in Secrets Manager.
    Secret(SecretSource),
}

/// Read from the environment; exactly one of the first three is set.
///
/// | variable | meaning |
/// |---|---|
/// | `INVOKER_CONFIG` | the route table, as JSON |
/// | `INVOKER_CONFIG_FILE` | path of a file with the route table, relative to the package |
/// | `INVOKER_CONFIG_SECRET_ARN` | ARN of a secret in Secrets Manager with the route table |
/// | `INVOKER_CONFIG_TTL_SECS` | the table and the secrets that it names are read anew by a request that comes after this time, 1 to 86400 seconds; never when unset |
/// | `INVOKER_STREAMING_FRONTS` | the fronts that this function streams its answers to, separated by commas: `function-url` with the invoke mode `RESPONSE_STREAM`, `rest-api` with the response transfer mode `STREAM`; none when unset |
/// | `AWS_LAMBDA_FUNCTION_NAME` | this function's name, its mark in `via`; `local` when unset |
/// | `AWS_ENDPOINT_URL_LAMBDA`, `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL` | other addresses of the Lambda service and of STS, for routes that name none |
/// | `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` | `true` leaves those alone |
/// | `AWS_USE_FIPS_ENDPOINT` | `true` asks AWS's FIPS endpoints, where no address is named |
/// | `AWS_REGION` | region of routes that neither say one nor have it in their host or ARN |
/// | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | the function's own credentials; without them those of a container, as with SnapStart |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the route table comes from.
    pub source: Source,
    /// After this time the table is read anew.
    pub ttl: Option<Duration>,
    /// The fronts that answers are streamed to. An event does not tell whether its front takes a stream.
    pub streaming: Vec<Front>,
    /// This function's name.
    pub function_name: String,
}

const SOURCES: [&str; 3] = ["INVOKER_CONFIG", "INVOKER_CONFIG_FILE", "INVOKER_CONFIG_SECRET_ARN"];

const TTL: &str = "INVOKER_CONFIG_TTL_SECS";

const STREAMING: &str = "INVOKER_STREAMING_FRONTS";

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every bad variable, one line each.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(env);
        let inline = reader.text("INVOKER_CONFIG");
        let file = reader.text("INVOKER_CONFIG_FILE");
        let secret = reader.text("INVOKER_CONFIG_SECRET_ARN");
        let source = match (inline, file, secret) {
            (Some(text), None, None) => Some(Source::Inline(text)),
            (None, Some(path), None) => Some(Source::File(path)),
            (None, None, Some(arn)) => match SecretArn::parse(&arn) {
                Ok(arn) => Some(Source::Secret(SecretSource::Arn(arn))),
                Err(what) => {
                    reader.problem("INVOKER_CONFIG_SECRET_ARN", what);
                    None
                }
            },
            (None, None, None) => {
                reader.problem("config", format_args!("no source: set one of {}", SOURCES.join(", ")));
                None
            }
            _ => {
                let what = format_args!("more than one source: set one of {}", SOURCES.join(", "));
                reader.problem("config", what);
                None
            }
        };
        let ttl = reader
            .text(TTL)
            .map(|_| Duration::from_secs(reader.number(TTL, 1, 1..=86_400)));
        let streaming = streaming(&mut reader);
        let known = [&SOURCES[..], &[TTL, STREAMING]].concat();
        for name in reader.unknown("INVOKER_", &known) {
            if reader.text(&name).is_some() {
                reader.problem(&name, "unknown variable");
            }
        }
        check_endpoints(env, &mut reader);
        let function_name = reader.text_or("AWS_LAMBDA_FUNCTION_NAME", "local");
        reader.finish()?;
        match source {
            Some(source) => Ok(Self {
                source,
                ttl,
                streaming,
                function_name,
            }),
            None => Err(ConfigError::new(vec!["config: no source".to_owned()])),
        }
    }
}

/// Another address of a service of AWS is looked at, whether a route needs it or not.
fn check_endpoints(env: &dyn Env, reader: &mut Reader<'_>) {
    let mut bad = None;
    for service in [Service::Lambda, Service::Sts] {
        // Any region will do: it is the variables that matter.
        let found = endpoint::of(service, "us-east-1", &|name| env.get(name));
        if let Err(NoEndpoint::Variable(name, what)) = found
            && bad.replace(name) != Some(name)
        {
            reader.problem(name, what);
        }
    }
}

/// The fronts that take streams, of those that can.
fn streaming(reader: &mut Reader<'_>) -> Vec<Front> {
    let mut fronts = Vec::new();
    for word in reader.list(STREAMING) {
        match word.as_str() {
            "function-url" => fronts.push(Front::FunctionUrl),
            "rest-api" => fronts.push(Front::ApiGatewayV1),
            _ => reader.problem(STREAMING, "must be made of function-url and rest-api"),
        }
    }
    fronts
}

impl Source {
    /// The text of the route table, by `deadline`; one that Secrets Manager said within `max_age` counts as fresh.
    ///
    /// # Errors
    /// Why the file or the secret cannot be read.
    pub async fn read(&self, secrets: &Secrets, max_age: Duration, deadline: Deadline) -> Result<String, ConfigError> {
        let refused = |name: &str, what: String| ConfigError::new(vec![format!("{name}: {what}")]);
        match self {
            Self::Inline(text) => Ok(text.clone()),
            Self::File(path) => std::fs::read_to_string(path)
                .map_err(|error| refused("INVOKER_CONFIG_FILE", format!("cannot be read: {}", error.kind()))),
            Self::Secret(secret) => secrets
                .refresh(secret, max_age, deadline)
                .await
                .map(|text| text.reveal().to_owned())
                .map_err(|error| refused("INVOKER_CONFIG_SECRET_ARN", error.to_string())),
        }
    }
}
