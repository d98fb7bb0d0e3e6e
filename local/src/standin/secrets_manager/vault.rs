//! Secrets with their versions and staging labels.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::clock;

/// Where all secrets of the stand-in live.
const ARN_START: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// One version of a secret, as a caller sees it.
#[derive(Clone)]
pub(super) struct Version {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) value: String,
    /// Unix seconds, with milliseconds after the point.
    pub(super) created: f64,
    pub(super) stages: Vec<&'static str>,
}

/// Why there is no such version: the name of the AWS error and its message.
pub(super) type Missing = (&'static str, String);

/// All secrets by name, each with its versions, the newest last.
#[derive(Default)]
pub(super) struct Vault(Mutex<BTreeMap<String, Vec<Version>>>);

impl Vault {
    /// Stores a new version and moves the staging labels as Secrets Manager does. Gives the new version.
    pub(super) fn put(&self, name: &str, value: String) -> Version {
        let mut secrets = self.lock();
        let versions = secrets.entry(name.to_owned()).or_default();
        for version in versions.iter_mut() {
            version.stages = if version.stages.contains(&CURRENT) {
                vec![PREVIOUS]
            } else {
                Vec::new()
            };
        }
        // A version without a label is deprecated; Secrets Manager deletes those in its own time.
        versions.retain(|version| !version.stages.is_empty());
        let version = Version {
            name: name.to_owned(),
            id: version_id(name),
            value,
            created: (clock::since_epoch().as_secs_f64() * 1000.0).round() / 1000.0,
            stages: vec![CURRENT],
        };
        versions.push(version.clone());
        version
    }

    /// The version that a name, a full ARN or an ARN without its last six characters stands for.
    pub(super) fn get(
        &self,
        secret_id: &str,
        stage: Option<&str>,
        version_id: Option<&str>,
    ) -> Result<Version, Missing> {
        let secrets = self.lock();
        let found = secrets.iter().find(|(name, _)| is_called(name, secret_id));
        let Some((_, versions)) = found else {
            return Err(not_found("Secrets Manager can't find the specified secret.".to_owned()));
        };
        let version = match version_id {
            Some(id) => versions.iter().find(|version| version.id == id).ok_or_else(|| {
                not_found(format!(
                    "Secrets Manager can't find the specified secret value for VersionId: {id}"
                ))
            })?,
            None => {
                let stage = stage.unwrap_or(CURRENT);
                versions
                    .iter()
                    .find(|version| version.stages.contains(&stage))
                    .ok_or_else(|| {
                        not_found(format!(
                            "Secrets Manager can't find the specified secret value for staging label: {stage}"
                        ))
                    })?
            }
        };
        match stage {
            Some(stage) if !version.stages.contains(&stage) => Err((
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.".to_owned(),
            )),
            _ => Ok(version.clone()),
        }
    }

    /// The name of the secret that is meant, if there is one.
    pub(super) fn name_of(&self, secret_id: &str) -> Option<String> {
        self.lock().keys().find(|name| is_called(name, secret_id)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Version>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_found(message: String) -> Missing {
    ("ResourceNotFoundException", message)
}

fn is_called(name: &str, secret_id: &str) -> bool {
    name == secret_id || arn(name) == secret_id || secret_id.strip_prefix(ARN_START) == Some(name)
}

/// The full ARN of a name. Its last six characters are letters and digits made from the name, so that they are stable.
pub(super) fn arn(name: &str) -> String {
    const LETTERS: &[u8; 52] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let hash = Sha256::digest(name.as_bytes());
    let suffix: String = hash
        .iter()
        .take(6)
        .filter_map(|byte| LETTERS.get(usize::from(*byte) % 52))
        .map(|letter| char::from(*letter))
        .collect();
    format!("{ARN_START}{name}-{suffix}")
}

/// A fresh identifier in the form of a UUID.
fn version_id(name: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let seed = format!(
        "{name}:{:?}:{}",
        clock::since_epoch(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let hex: String = Sha256::digest(seed.as_bytes())
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-4{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}
