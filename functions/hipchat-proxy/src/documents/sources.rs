//! Where the documents stand, and their texts as they were read.

use shared::{Secret, SecretSource};

use crate::access::addons::{self, AddOns};
use crate::config::{DirectorySource, OauthSource};
use crate::rooms::Directory;

/// Where the documents stand.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    pub(crate) directory: DirectorySource,
    pub(crate) tokens: SecretSource,
    pub(crate) oauth: Option<OauthSource>,
}

impl Sources {
    /// Whether they can change while the function lives.
    pub(super) fn may_change(&self) -> bool {
        let plain_directory = matches!(&self.directory, DirectorySource::Document(source) if is_plain(source));
        !(plain_directory && is_plain(&self.tokens)) || self.may_prove_more()
    }

    /// Whether other add-ons, or other keys of theirs, may be found there.
    pub(super) fn may_prove_more(&self) -> bool {
        let oauth = self.oauth.as_ref();
        oauth.is_some_and(|oauth| !(is_plain(&oauth.clients) && is_plain(&oauth.key)))
    }
}

/// The texts that the documents were read from.
pub(crate) struct Texts {
    pub(crate) directory: Secret,
    pub(crate) tokens: Secret,
    pub(crate) oauth: Option<OauthTexts>,
}

/// The add-ons, and the keys that prove their tokens.
#[derive(PartialEq)]
pub(crate) struct OauthTexts {
    pub(crate) clients: Secret,
    pub(crate) key: Secret,
}

impl OauthTexts {
    /// Reads both.
    ///
    /// # Errors
    /// One line for each problem in either.
    pub(crate) fn read(&self, directory: &Directory) -> Result<AddOns, Vec<String>> {
        addons::read(self.clients.reveal(), self.key.reveal(), directory)
    }
}

fn is_plain(source: &SecretSource) -> bool {
    matches!(source, SecretSource::Plain(_))
}
