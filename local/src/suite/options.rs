//! What the suite is started with.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::permissions::Permissions;

/// The suite's settings.
#[derive(Debug, Clone)]
pub struct Options {
    /// The first of the consecutive ports on 127.0.0.1; 0 takes any free ones.
    pub port_base: u16,
    /// The folder with the functions' binaries.
    pub binaries: PathBuf,
    /// How long the two APIs keep the authorizer's replies; zero switches their caches off.
    pub gateway_ttl: Duration,
    /// The most environments of each function.
    pub environments: usize,
    /// The events that one environment works on at a time.
    pub max_concurrency: usize,
    /// The base URL of a real Hydra's administrative port. No stand-in is started then.
    pub hydra_url: Option<String>,
    /// Who is asked what a token permits. Then the two APIs keep no replies.
    pub permissions: Permissions,
    /// The base URL of a real Keto's read port. No stand-in is started then.
    pub keto_url: Option<String>,
    /// The base URL of the real Slack, or of another stand-in; `/api` is added. The token is the caller's
    /// `SLACK_TOKEN`.
    pub slack_url: Option<String>,
    /// The base URL of another stand-in for Lambda's service. None is started then.
    pub lambda_url: Option<String>,
    /// With the credentials of a real account: no stand-ins for Secrets Manager, Lambda and the target.
    pub aws: Option<Credentials>,
    /// The caller's variables. Those that begin with a function's prefix go to that function and win over the local
    /// default.
    pub variables: BTreeMap<String, String>,
    /// `authorizer`.
    pub authorizer: FunctionSettings,
    /// `hipchat-proxy`.
    pub hipchat_proxy: FunctionSettings,
    /// `lambda-invoker`.
    pub lambda_invoker: FunctionSettings,
    /// Whether the functions' lines are written to standard error.
    pub echo: bool,
}

/// What is particular to one function.
#[derive(Debug, Clone)]
pub struct FunctionSettings {
    /// The time limit of one invocation.
    pub timeout: Duration,
    /// Variables that win over everything else.
    pub environment: BTreeMap<String, String>,
}

/// AWS credentials and the region that they are used in.
#[derive(Clone)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
    /// The region.
    pub region: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Free ports, one environment per function, gateway caches of two seconds, stand-ins for everything, nothing on
    /// the terminal.
    #[must_use]
    pub fn new(binaries: impl Into<PathBuf>) -> Self {
        Self {
            port_base: 0,
            binaries: binaries.into(),
            gateway_ttl: Duration::from_secs(2),
            environments: 1,
            max_concurrency: 1,
            hydra_url: None,
            permissions: Permissions::default(),
            keto_url: None,
            slack_url: None,
            lambda_url: None,
            aws: None,
            variables: BTreeMap::new(),
            authorizer: FunctionSettings::limit(10),
            hipchat_proxy: FunctionSettings::limit(15),
            lambda_invoker: FunctionSettings::limit(30),
            echo: false,
        }
    }

    /// Whether a stand-in for Keto is needed.
    pub(super) fn has_keto(&self) -> bool {
        self.permissions == Permissions::Keto && self.keto_url.is_none()
    }

    /// How long the two APIs keep replies: those about permissions are for one request alone.
    pub(super) fn kept_for(&self) -> Duration {
        match self.permissions {
            Permissions::None => self.gateway_ttl,
            Permissions::Warden | Permissions::Keto => Duration::ZERO,
        }
    }

    /// The first of these variables of the caller that is set and not empty.
    pub(super) fn given<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names
            .iter()
            .copied()
            .find(|&name| self.variables.get(name).is_some_and(|value| !value.is_empty()))
    }
}

impl FunctionSettings {
    fn limit(seconds: u64) -> Self {
        Self {
            timeout: Duration::from_secs(seconds),
            environment: BTreeMap::new(),
        }
    }
}

impl Credentials {
    /// Credentials that only the stand-ins know.
    pub(super) fn invented() -> Self {
        let upper = |bytes| crate::random::hex(bytes).to_ascii_uppercase();
        Self {
            access_key_id: format!("ASIA{}", upper(8)),
            secret_access_key: crate::random::hex(20),
            session_token: Some(crate::random::hex(40)),
            region: super::defaults::REGION.to_owned(),
        }
    }

    /// The variables that Lambda hands the role's credentials over in.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::from([
            ("AWS_ACCESS_KEY_ID".to_owned(), self.access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), self.secret_access_key.clone()),
        ]);
        // Empty rather than absent: the Runtime's own default must not stay.
        all.insert(
            "AWS_SESSION_TOKEN".to_owned(),
            self.session_token.clone().unwrap_or_default(),
        );
        all
    }
}
