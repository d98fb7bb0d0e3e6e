//! Credentials: what signs requests, for how long, and what AWS says when it does not know them any more.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Env, Secret};

/// Keys that sign requests. Copies share them; they never print themselves and are wiped when the last copy is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials(Arc<Keys>);

#[derive(PartialEq, Eq)]
struct Keys {
    access_key_id: Secret,
    secret_access_key: Secret,
    session_token: Option<Secret>,
    expires_at_ms: Option<u64>,
}

impl Credentials {
    /// Credentials with the token that temporary ones have, and the moment when they expire, in milliseconds since the
    /// Unix epoch; `None` for those that are good until further notice.
    pub fn new(
        access_key_id: Secret,
        secret_access_key: Secret,
        session_token: Option<Secret>,
        expires_at_ms: Option<u64>,
    ) -> Self {
        Self(Arc::new(Keys {
            access_key_id,
            secret_access_key,
            session_token,
            expires_at_ms,
        }))
    }

    /// The role's credentials as Lambda puts them into the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`.
    pub fn from_env(env: &dyn Env) -> Option<Self> {
        let set = |name: &str| env.get(name).filter(|value| !value.is_empty()).map(Secret::new);
        Some(Self::new(
            set("AWS_ACCESS_KEY_ID")?,
            set("AWS_SECRET_ACCESS_KEY")?,
            set("AWS_SESSION_TOKEN"),
            None,
        ))
    }

    /// The id under which AWS knows them; it stands in each signature.
    pub fn access_key_id(&self) -> &str {
        self.0.access_key_id.reveal()
    }

    /// What signs.
    pub fn secret_access_key(&self) -> &Secret {
        &self.0.secret_access_key
    }

    /// What is sent along with a signature of temporary credentials.
    pub fn session_token(&self) -> Option<&Secret> {
        self.0.session_token.as_ref()
    }

    /// How long they last from a moment on, in milliseconds since the Unix epoch.
    pub(super) fn lasts(&self, now_ms: u64) -> Duration {
        match self.0.expires_at_ms {
            Some(expires_at_ms) => Duration::from_millis(expires_at_ms.saturating_sub(now_ms)),
            None => Duration::MAX,
        }
    }

    /// The moment when they expire, in milliseconds since the Unix epoch.
    pub fn expires_at_ms(&self) -> Option<u64> {
        self.0.expires_at_ms
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([redacted])")
    }
}

/// What AWS calls credentials that it does not know any more.
pub fn is_stale_word(word: &str) -> bool {
    matches!(
        word,
        "ExpiredToken" | "ExpiredTokenException" | "InvalidClientTokenId" | "UnrecognizedClientException"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FixedEnv;

    #[test]
    fn the_environments_credentials_are_two_keys_and_perhaps_a_token() {
        let env = FixedEnv::new([("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "k3y")]);
        let lasting = Credentials::from_env(&env).unwrap();
        assert_eq!(
            (lasting.access_key_id(), lasting.secret_access_key().reveal()),
            ("AKID", "k3y")
        );
        assert!(lasting.session_token().is_none());
        assert_eq!(lasting.lasts(u64::MAX), Duration::MAX);
        let temporary = Credentials::from_env(&env.clone().with("AWS_SESSION_TOKEN", "t0ken")).unwrap();
        assert_eq!(temporary.session_token().unwrap().reveal(), "t0ken");
        assert_ne!(lasting, temporary);
        assert_eq!(
            lasting,
            Credentials::from_env(&env.clone().with("AWS_SESSION_TOKEN", "")).unwrap()
        );
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert!(Credentials::from_env(&env.clone().with(name, "")).is_none(), "{name}");
        }
        assert!(Credentials::from_env(&FixedEnv::default()).is_none());
    }

    #[test]
    fn nothing_of_them_is_printed() {
        let secret = |text: &str| Secret::new(text);
        let credentials = Credentials::new(secret("AKID"), secret("k3y"), Some(secret("t0ken")), Some(5_000));
        assert_eq!(format!("{credentials:?}"), "Credentials([redacted])");
        assert_eq!(credentials.lasts(3_000), Duration::from_secs(2));
        assert_eq!(credentials.lasts(9_000), Duration::ZERO);
    }
}
