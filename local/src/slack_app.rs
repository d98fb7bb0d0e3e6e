//! The Slack app that `hipchat-proxy` posts with: its manifest, with the scopes that the features in use need and no others.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::{Value, json};

/// What `hipchat-proxy` can do at Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Feature {
    /// Messages to channels that the app was invited to, and to users whose Slack id the directory holds: always on
    Messages,
    /// Messages under the sender's name: `SLACK_CUSTOMIZE`
    Customize,
    /// Room topics
    Topics,
    /// Users that the directory knows by their e-mail address
    Emails,
    /// Rooms that the directory does not hold, by a name made of theirs: its fallback `slug`
    Slug,
    /// Public channels that the app joins by itself, instead of being invited
    Join,
    /// Files
    Files,
    /// Making the directory: lists of channels and of users with their addresses
    Directory,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Messages,
        Self::Customize,
        Self::Topics,
        Self::Emails,
        Self::Slug,
        Self::Join,
        Self::Files,
        Self::Directory,
    ];

    /// The methods of Slack's Web API that it calls.
    #[must_use]
    pub fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Messages | Self::Customize => &["chat.postMessage"],
            Self::Topics => &["conversations.setTopic"],
            Self::Emails => &["users.lookupByEmail"],
            Self::Slug => &["conversations.list"],
            Self::Join => &["conversations.join"],
            Self::Directory => &["conversations.list", "users.list"],
            Self::Files => &[
                "conversations.open",
                "files.completeUploadExternal",
                "files.getUploadURLExternal",
            ],
        }
    }

    /// The bot scopes that those methods ask for (<https://docs.slack.dev/reference/scopes/>).
    #[must_use]
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Messages => &["chat:write"],
            Self::Customize => &["chat:write", "chat:write.customize"],
            Self::Topics => &["channels:write.topic", "groups:write.topic"],
            // Slack gives the second only together with the first.
            Self::Emails => &["users:read", "users:read.email"],
            Self::Slug => &["channels:read", "groups:read"],
            Self::Join => &["channels:join"],
            Self::Files => &["files:write", "im:write"],
            Self::Directory => &["channels:read", "groups:read", "users:read", "users:read.email"],
        }
    }
}

/// The app's manifest (<https://docs.slack.dev/reference/app-manifest/>) for these features and messages.
#[must_use]
pub fn manifest(features: &[Feature]) -> Value {
    let used = features.iter().chain([&Feature::Messages]);
    let scopes: BTreeSet<&str> = used.flat_map(|feature| feature.scopes()).copied().collect();
    json!({
        "display_information": {
            "name": "hipchat-proxy",
            "description": "Relays what applications still send to HipChat",
        },
        "features": { "bot_user": { "display_name": "hipchat-proxy", "always_online": true } },
        "oauth_config": { "scopes": { "bot": scopes } },
        "settings": {
            "org_deploy_enabled": false,
            "socket_mode_enabled": false,
            // The token stands in Secrets Manager until somebody puts another there.
            "token_rotation_enabled": false,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(features: &[Feature], scopes: &[&str]) {
        assert_eq!(manifest(features)["oauth_config"]["scopes"]["bot"], json!(scopes));
    }

    #[test]
    fn the_scopes_are_those_of_the_features() {
        check(&[], &["chat:write"]);
        check(
            &[Feature::Messages, Feature::Customize],
            &["chat:write", "chat:write.customize"],
        );
        check(
            &[Feature::Topics, Feature::Files],
            &[
                "channels:write.topic",
                "chat:write",
                "files:write",
                "groups:write.topic",
                "im:write",
            ],
        );
        check(
            &Feature::ALL,
            &[
                "channels:join",
                "channels:read",
                "channels:write.topic",
                "chat:write",
                "chat:write.customize",
                "files:write",
                "groups:read",
                "groups:write.topic",
                "im:write",
                "users:read",
                "users:read.email",
            ],
        );
    }
}
