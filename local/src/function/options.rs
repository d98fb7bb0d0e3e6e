//! What makes a function: its binary, its environment variables, its limits.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// The settings of one function.
#[derive(Debug, Clone)]
pub struct FunctionOptions {
    /// The function's name, as in its ARN.
    pub name: String,
    /// What `AWS_LAMBDA_FUNCTION_VERSION` says: `$LATEST` or the number of a published version.
    pub version: String,
    /// The program that is started for each environment.
    pub binary: PathBuf,
    /// The function's own variables. They win over what the platform sets, except for the address of the Runtime API.
    pub environment: BTreeMap<String, String>,
    /// The AWS region that the function believes to run in.
    pub region: String,
    /// The time limit of one invocation. Lambda's default is 3 seconds.
    pub timeout: Duration,
    /// The time limit from the start of a process to its first request for an event. Lambda gives 10 seconds.
    pub init_timeout: Duration,
    /// What `AWS_LAMBDA_FUNCTION_MEMORY_SIZE` says, in MB. Nothing is limited by it.
    pub memory_mb: u32,
    /// The most environments that run at a time.
    pub max_environments: usize,
    /// The events that one environment works on at a time: 1 as in classic Lambda, more as on Lambda Managed Instances.
    pub max_concurrency: usize,
    /// The most events that wait while all environments are busy; one more is throttled.
    pub queue: usize,
    /// Whether the lines of the processes are also written to standard error, each with the function's name before it.
    pub echo: bool,
}

impl FunctionOptions {
    /// A function with Lambda's own defaults: 3 s per invocation, one event at a time, 128 MB; here with at most one
    /// environment.
    #[must_use]
    pub fn new(name: impl Into<String>, binary: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            version: "$LATEST".to_owned(),
            binary: binary.into(),
            environment: BTreeMap::new(),
            region: "eu-west-1".to_owned(),
            timeout: Duration::from_secs(3),
            init_timeout: Duration::from_secs(10),
            memory_mb: 128,
            max_environments: 1,
            max_concurrency: 1,
            queue: 1000,
            echo: false,
        }
    }

    /// Sets one of the function's variables.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// The function's ARN in the account that does not exist.
    #[must_use]
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:lambda:{}:{}:function:{}",
            self.region,
            crate::ACCOUNT_ID,
            self.name
        )
    }
}
