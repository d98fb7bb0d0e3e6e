//! Where everything listens, as one JSON object that scripts can read.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde::Serialize;
use tempfile::NamedTempFile;

use super::permissions::Permissions;

/// Base URLs without a slash at their end, and what is needed to use them. A member is absent where nothing local
/// stands.
#[derive(Debug, Clone, Serialize)]
pub struct Addresses {
    /// `hipchat-proxy`, HTTP, multi-value headers.
    pub hipchat_alb: String,
    /// `hipchat-proxy`, HTTPS, multi-value headers.
    pub hipchat_alb_tls: String,
    /// `hipchat-proxy`, HTTP, single-value headers.
    pub hipchat_alb_single_value: String,
    /// The certificate of the authority behind `hipchat_alb_tls`, PEM.
    pub ca_file: PathBuf,
    /// The REST API, with its stage.
    pub rest_api: String,
    /// The HTTP API.
    pub http_api: String,
    /// How long the two APIs keep the authorizer's replies.
    pub gateway_ttl_seconds: f64,
    /// `lambda-invoker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoker_alb: Option<String>,
    /// The Function URL of `lambda-invoker`, which asks for no signature here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoker_url: Option<String>,
    /// The routes of `lambda-invoker`, as far as they are the local defaults.
    pub invoker_routes: Vec<InvokerRoute>,
    /// Hydra's public port: tokens and their revocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hydra_public: Option<String>,
    /// Hydra's administrative port: introspection.
    pub hydra_admin: String,
    /// Keto's read port, where it is asked for permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keto_read: Option<String>,
    /// Keto's write port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keto_write: Option<String>,
    /// Who is asked for permissions.
    #[serde(skip)]
    pub permissions: Permissions,
    /// Slack; the Web API is at `/api` below it.
    pub slack: String,
    /// The page that shows the relayed messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack_page: Option<String>,
    /// Secrets Manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets_manager: Option<String>,
    /// The endpoint that `lambda-invoker` calls over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Lambda's service, with the demo function `hello` and the suite's own functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<String>,
    /// A client that gets tokens at `hydra_public`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_client: Option<OauthClientAddress>,
    /// A token of the HipChat API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hipchat_token: Option<String>,
    /// The rooms that the token can write to.
    pub hipchat_rooms: Vec<String>,
}

/// A route of `lambda-invoker`.
#[derive(Debug, Clone, Serialize)]
pub struct InvokerRoute {
    /// A method that it takes.
    pub method: &'static str,
    /// A path that it takes.
    pub path: &'static str,
    /// How the target is called: `signed`, `api_key`, `invoke` or `stream`.
    pub kind: &'static str,
}

/// Credentials of the client-credentials grant.
#[derive(Debug, Clone, Serialize)]
pub struct OauthClientAddress {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: String,
    /// The scope to ask for.
    pub scope: &'static str,
}

/// The addresses in a file. The file is removed when this is dropped.
#[derive(Debug)]
pub struct AddressesFile(PathBuf);

impl AddressesFile {
    /// Writes the file in one step: who finds it finds all of it.
    ///
    /// # Errors
    /// A sentence with the path.
    pub fn write(path: &Path, addresses: &Addresses) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("cannot write {}: {error}", path.display());
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
        let text = serde_json::to_string_pretty(addresses).map_err(|error| failed(&error))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| failed(&error))?;
        file.persist(path).map_err(|error| failed(&error))?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for AddressesFile {
    fn drop(&mut self) {
        // Somebody may have taken it away already.
        let _ = std::fs::remove_file(&self.0);
    }
}
