//! What each function is told: from the options and the stand-ins that run.

mod world;

use std::time::Duration;

use super::{
    Credentials, FunctionSettings, Options, StandIns, StartError,
    defaults::{self, Setting, Variables},
    standins::Secrets,
};
use crate::{
    front::Transfer,
    function::{Function, FunctionOptions},
    gateway::Api,
    standin::Deployment,
};

/// The ways to configure `lambda-invoker`.
const INVOKER_SOURCES: [&str; 3] = ["INVOKER_CONFIG", "INVOKER_CONFIG_FILE", "INVOKER_CONFIG_SECRET_ARN"];

/// The program of the demo function, which is built with this crate, and its limits.
pub(super) const DEMO_BINARY: &str = "demo-function";
const DEMO_TIMEOUT: Duration = Duration::from_secs(10);
const DEMO_ENVIRONMENTS: usize = 4;

/// Everything that decides what is started and how.
pub(super) struct Plan {
    pub(super) options: Options,
    pub(super) stand_ins: StandIns,
    pub(super) secrets: Secrets,
    pub(super) credentials: Credentials,
}

impl Plan {
    fn hydra_admin(&self) -> String {
        let given = self.options.hydra_url.as_deref().map(trimmed);
        given
            .or_else(|| self.stand_ins.hydra.as_ref().map(|hydra| hydra.admin_url()))
            .unwrap_or_default()
    }

    fn keto_read(&self) -> Option<String> {
        let given = self.options.keto_url.as_deref().map(trimmed);
        given.or_else(|| self.stand_ins.keto.as_ref().map(|keto| keto.read_url()))
    }

    fn slack(&self) -> String {
        let given = self.options.slack_url.as_deref().map(trimmed);
        // Slack's own documents give the URL with its path.
        let given = given.map(|url| url.strip_suffix("/api").unwrap_or(&url).to_owned());
        given
            .or_else(|| self.stand_ins.slack.as_ref().map(|slack| slack.url()))
            .unwrap_or_default()
    }

    fn lambda(&self) -> String {
        let given = self.options.lambda_url.as_deref().map(trimmed);
        given
            .or_else(|| self.stand_ins.lambda.as_ref().map(|lambda| lambda.url()))
            .unwrap_or_default()
    }

    /// The demo function and the suite's own go to the stand-in for Lambda, where there is one.
    pub(super) fn deploy(&self, functions: &[Function]) -> Result<(), StartError> {
        let Some(lambda) = &self.stand_ins.lambda else {
            return Ok(());
        };
        let binary = self.options.binaries.join(DEMO_BINARY);
        if !binary.is_file() {
            return Err(StartError::NoBinary(binary));
        }
        lambda.deploy(Deployment::new(FunctionOptions {
            region: self.credentials.region.clone(),
            timeout: DEMO_TIMEOUT,
            max_environments: DEMO_ENVIRONMENTS,
            echo: self.options.echo,
            ..FunctionOptions::new(defaults::DEMO_FUNCTION, binary)
        }));
        for function in functions {
            let options = FunctionOptions {
                region: self.credentials.region.clone(),
                ..FunctionOptions::new(function.name(), self.options.binaries.join(function.name()))
            };
            lambda.deploy(Deployment::of(function.clone(), options));
        }
        Ok(())
    }

    pub(super) fn authorizer(&self) -> Result<Function, StartError> {
        let hydra = self.hydra_admin();
        let mut variables = defaults::authorizer(&hydra);
        let options = &self.options;
        let keto = self.keto_read().unwrap_or_default();
        variables.extend(options.permissions.variables(&hydra, &keto, &self.secrets, options));
        self.function("authorizer", &self.options.authorizer, variables, &["AUTHZ_"])
    }

    pub(super) fn hipchat_proxy(&self) -> Result<Function, StartError> {
        let arns = self.stand_ins.secrets_manager.as_ref().map(|secrets| {
            (
                secrets.arn(defaults::SLACK_TOKEN_SECRET),
                secrets.arn(defaults::HIPCHAT_TOKENS_SECRET),
            )
        });
        let tokens = self.secrets.hipchat_tokens();
        let (slack_token, tokens) = match &arns {
            Some((slack_token, tokens)) => (Setting::SecretArn(slack_token), Setting::SecretArn(tokens)),
            None => (Setting::Plain(&self.secrets.slack_token), Setting::Plain(&tokens)),
        };
        let variables = defaults::hipchat_proxy(&self.slack(), slack_token, tokens);
        self.function(
            "hipchat-proxy",
            &self.options.hipchat_proxy,
            variables,
            &["HIPCHAT_", "SLACK_"],
        )
    }

    /// Nothing when there is no target and the caller gave no configuration either.
    pub(super) fn lambda_invoker(&self) -> Result<Option<Function>, StartError> {
        let variables = match (&self.stand_ins.target, &self.stand_ins.secrets_manager) {
            (Some(target), Some(secrets)) => defaults::lambda_invoker(
                &target.url(),
                &self.lambda(),
                Setting::SecretArn(&secrets.arn(defaults::API_KEY_SECRET)),
            ),
            _ if self.options.given(&INVOKER_SOURCES).is_some() => defaults::streaming(),
            _ => return Ok(None),
        };
        self.function("lambda-invoker", &self.options.lambda_invoker, variables, &["INVOKER_"])
            .map(Some)
    }

    fn function(
        &self,
        name: &str,
        settings: &FunctionSettings,
        mut variables: Variables,
        prefixes: &[&str],
    ) -> Result<Function, StartError> {
        let binary = self.options.binaries.join(name);
        if !binary.is_file() {
            return Err(StartError::NoBinary(binary));
        }
        if let Some(secrets) = &self.stand_ins.secrets_manager {
            variables.insert("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), secrets.url());
        }
        variables.extend(self.credentials.variables());
        defaults::overlay(&mut variables, &self.options.variables, prefixes);
        variables.extend(settings.environment.clone());
        Ok(Function::new(FunctionOptions {
            environment: variables,
            region: self.credentials.region.clone(),
            timeout: settings.timeout,
            max_environments: self.options.environments,
            max_concurrency: self.options.max_concurrency,
            echo: self.options.echo,
            ..FunctionOptions::new(name, binary)
        }))
    }

    /// The HTTP API expects what the authorizer is told to answer.
    pub(super) fn http_api(&self) -> Api {
        let name = "AUTHZ_HTTP_V2_RESPONSE";
        let told = self
            .options
            .authorizer
            .environment
            .get(name)
            .or_else(|| self.options.variables.get(name));
        if told.is_some_and(|form| form == "iam") {
            Api::HttpPolicy
        } else {
            Api::HttpSimple
        }
    }

    /// The Function URL expects what `lambda-invoker` is told to answer it.
    pub(super) fn function_url(&self) -> Transfer {
        match self.value(&self.options.lambda_invoker, defaults::STREAMING_FRONTS) {
            Some(fronts) if !fronts.contains(defaults::FUNCTION_URL) => Transfer::Buffered,
            _ => Transfer::Streamed,
        }
    }

    fn is_given(&self, settings: &FunctionSettings, names: &[&str]) -> bool {
        names.iter().any(|name| self.value(settings, name).is_some())
    }

    fn value<'a>(&'a self, settings: &'a FunctionSettings, name: &str) -> Option<&'a str> {
        settings
            .environment
            .get(name)
            .or_else(|| self.options.variables.get(name))
            .map(String::as_str)
    }
}

fn trimmed(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}
