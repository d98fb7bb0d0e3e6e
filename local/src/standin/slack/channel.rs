//! A channel of the workspace, and who may do what in it.

use super::SlackOptions;
use super::arguments::Code;

/// A channel.
#[derive(Clone)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) topic: String,
    pub(super) is_private: bool,
    pub(super) is_archived: bool,
    /// Whether the app is in it.
    pub(super) is_member: bool,
}

impl Channel {
    pub(super) fn new(options: &SlackOptions, id: &str, name: &str) -> Self {
        let is_in = |list: &[String]| list.iter().any(|listed| listed == id);
        Self {
            id: id.to_owned(),
            name: name.trim_start_matches('#').to_owned(),
            topic: String::new(),
            is_private: is_in(&options.private),
            is_archived: is_in(&options.archived),
            is_member: !is_in(&options.not_joined),
        }
    }

    /// A private channel is there for its members alone.
    pub(super) fn is_seen(&self) -> bool {
        self.is_member || !self.is_private
    }

    /// Whether the app may change it.
    pub(super) fn open_to_members(&self) -> Result<(), Code> {
        match self {
            Self { is_archived: true, .. } => Err("is_archived"),
            Self { is_member: false, .. } => Err("not_in_channel"),
            _ => Ok(()),
        }
    }
}
