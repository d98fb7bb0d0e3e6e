//! Who is asked what a token permits in the local suite: nobody, the warden of a Hydra 0.x, or Keto.

use super::{
    Options,
    defaults::{OAUTH_SCOPE, Variables},
    standins::Secrets,
};
use crate::standin::{Effect, HydraOptions, HydraVersion, Keto, OauthClient, WardenPolicy};

/// The namespace of all objects in Keto.
const NAMESPACE: &str = "api";
/// What the client may do, whom everything else is forbidden: `GET /hello` and what lies one segment below.
const PERMITTED: &str = "read";
const RESOURCES: [&str; 2] = ["resources:hello", "resources:hello:world"];

/// The server that is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Permissions {
    /// None: scopes alone decide.
    #[default]
    None,
    /// The warden of Hydra 0.11; the stand-in is one then.
    Warden,
    /// Ory Keto.
    Keto,
}

impl Permissions {
    /// The Hydra that fits: who asks a warden needs a token of its own.
    pub(super) fn hydra(self, secrets: &Secrets) -> HydraOptions {
        let client = |scope: &str| OauthClient {
            id: secrets.client_id.clone(),
            secret: secrets.client_secret.clone(),
            scope: scope.to_owned(),
        };
        match self {
            Self::None | Self::Keto => HydraOptions {
                clients: vec![client(OAUTH_SCOPE)],
                ..HydraOptions::default()
            },
            Self::Warden => HydraOptions {
                clients: vec![client(&format!("{OAUTH_SCOPE} hydra.introspect hydra.warden"))],
                version: HydraVersion::V0_11,
                policies: vec![WardenPolicy {
                    subjects: vec![secrets.client_id.clone()],
                    actions: vec![PERMITTED.to_owned()],
                    resources: RESOURCES.map(str::to_owned).to_vec(),
                    effect: Effect::Allow,
                }],
                ..HydraOptions::default()
            },
        }
    }

    /// What the authorizer is told beside the rest. `hydra` is the base URL of a Hydra 0.x, `keto` that of Keto's read port.
    pub(super) fn variables(self, hydra: &str, keto: &str, secrets: &Secrets, options: &Options) -> Variables {
        let mut all = Variables::new();
        let mut put = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
        match self {
            Self::None => {}
            Self::Keto => {
                put("AUTHZ_PERMISSION_CHECK", "keto");
                put("AUTHZ_PERMISSION_URL", &format!("{keto}/relation-tuples/check"));
                put("AUTHZ_KETO_NAMESPACE", NAMESPACE);
            }
            Self::Warden => {
                put("AUTHZ_INTROSPECTION_URL", &format!("{hydra}/oauth2/introspect"));
                put("AUTHZ_PERMISSION_CHECK", "warden");
                put("AUTHZ_PERMISSION_URL", &format!("{hydra}/warden/token/allowed"));
                // A real one has clients of its own, which the caller's variables name.
                if options.hydra_url.is_none() {
                    put("AUTHZ_INTROSPECTION_AUTH", "client_credentials");
                    put("AUTHZ_CLIENT_ID", &secrets.client_id);
                    put("AUTHZ_CLIENT_SECRET", &secrets.client_secret);
                    put("AUTHZ_TOKEN_URL", &format!("{hydra}/oauth2/token"));
                    put("AUTHZ_TOKEN_SCOPE", "hydra.introspect hydra.warden");
                }
            }
        }
        all
    }
}

/// Permits the client what a first try needs.
pub(super) fn permit(keto: &Keto, secrets: &Secrets) {
    for object in RESOURCES {
        keto.permit(NAMESPACE, object, PERMITTED, &secrets.client_id);
    }
}

/// The namespaces of the stand-in for Keto.
pub(super) const NAMESPACES: [&str; 1] = [NAMESPACE];

/// A tuple that lets the client of these secrets also write, for the table of addresses.
pub(crate) fn more_of_keto(client_id: &str) -> String {
    let object = RESOURCES[0];
    format!(r#"{{"namespace":"{NAMESPACE}","object":"{object}","relation":"write","subject_id":"{client_id}"}}"#)
}

/// A policy that does the same.
pub(crate) fn more_of_warden(client_id: &str) -> String {
    let resource = RESOURCES[0];
    format!(r#"{{"subjects":["{client_id}"],"actions":["write"],"resources":["{resource}"],"effect":"allow"}}"#)
}
