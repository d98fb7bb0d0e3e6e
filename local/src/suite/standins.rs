//! The stand-ins that a start needs, and what they were told.

use std::{collections::BTreeMap, fmt, io};

use sha2::{Digest, Sha256};

use super::{Credentials, Options, defaults, permissions, ports::StandInPorts};
use crate::standin::{
    AccessKey, Hydra, Keto, Lambda, LambdaOptions, SecretsManager, Slack, SlackOptions, Target, TargetOptions,
};

/// What the functions talk to; nothing where the real thing takes its place.
pub struct StandIns {
    /// Tokens and introspection.
    pub hydra: Option<Hydra>,
    /// Permissions, where Keto is asked for them.
    pub keto: Option<Keto>,
    /// Messages.
    pub slack: Option<Slack>,
    /// Secrets.
    pub secrets_manager: Option<SecretsManager>,
    /// The endpoint that `lambda-invoker` calls.
    pub target: Option<Target>,
    /// The functions that `lambda-invoker` invokes.
    pub lambda: Option<Lambda>,
}

impl fmt::Debug for StandIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandIns").finish_non_exhaustive()
    }
}

/// The secrets of one start: made up anew each time.
#[derive(Clone)]
pub(super) struct Secrets {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) slack_token: String,
    pub(super) hipchat_token: String,
    pub(super) api_key: String,
}

impl Secrets {
    pub(super) fn invented() -> Self {
        Self {
            client_id: "local".to_owned(),
            client_secret: crate::random::hex(16),
            slack_token: format!("xoxb-local-{}", crate::random::hex(12)),
            hipchat_token: crate::random::hex(20),
            api_key: crate::random::hex(20),
        }
    }

    /// The allow-list of HipChat tokens: one token that may do everything.
    pub(super) fn hipchat_tokens(&self) -> String {
        let sha256: String = Sha256::digest(&self.hipchat_token)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        defaults::hipchat_tokens(&sha256)
    }
}

impl StandIns {
    /// Starts what `options` does not replace. `credentials` are the ones that the target accepts.
    pub(super) fn start(
        options: &Options,
        ports: StandInPorts,
        secrets: &Secrets,
        credentials: &Credentials,
    ) -> io::Result<Self> {
        let hydra = options.hydra_url.is_none().then(|| {
            Hydra::start(
                ports.hydra_admin,
                ports.hydra_public,
                options.permissions.hydra(secrets),
            )
        });
        let keto = ports.keto.map(|[read, write]| {
            let keto = Keto::start(read, write, &permissions::NAMESPACES)?;
            permissions::permit(&keto, secrets);
            io::Result::Ok(keto)
        });
        let slack = options.slack_url.is_none().then(|| {
            let channels = defaults::CHANNELS
                .map(|(id, name)| (id.to_owned(), name.to_owned()))
                .to_vec();
            Slack::start(
                ports.slack,
                SlackOptions {
                    token: secrets.slack_token.clone(),
                    channels,
                    ..SlackOptions::default()
                },
            )
        });
        let kept = BTreeMap::from([
            (defaults::SLACK_TOKEN_SECRET.to_owned(), secrets.slack_token.clone()),
            (defaults::HIPCHAT_TOKENS_SECRET.to_owned(), secrets.hipchat_tokens()),
            (defaults::API_KEY_SECRET.to_owned(), secrets.api_key.clone()),
        ]);
        let secrets_manager = options
            .aws
            .is_none()
            .then(|| SecretsManager::start(ports.secrets_manager, kept));
        let target = options.aws.is_none().then(|| {
            let credentials = credentials.clone();
            let options = TargetOptions {
                access_key_id: credentials.access_key_id,
                secret_access_key: credentials.secret_access_key,
                session_token: credentials.session_token,
                region: credentials.region,
                api_key: secrets.api_key.clone(),
            };
            Target::start(ports.target, options)
        });
        let lambda = (options.aws.is_none() && options.lambda_url.is_none()).then(|| {
            let key = AccessKey {
                id: credentials.access_key_id.clone(),
                secret: credentials.secret_access_key.clone(),
                session_token: credentials.session_token.clone(),
                expired: false,
            };
            Lambda::start(ports.lambda, LambdaOptions::new(credentials.region.clone(), vec![key]))
        });
        Ok(Self {
            hydra: hydra.transpose()?,
            keto: keto.transpose()?,
            slack: slack.transpose()?,
            secrets_manager: secrets_manager.transpose()?,
            target: target.transpose()?,
            lambda: lambda.transpose()?,
        })
    }
}
