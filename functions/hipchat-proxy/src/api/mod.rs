//! HipChat's wire: paths, parameters and answers of both API versions. Nobody else knows how a HipChat client talks.

mod answer;
mod body;
mod charset;
mod fields;
mod links;
pub mod message_id;
mod multipart;
mod route;
mod scope;
pub mod v1;
pub mod v2;
mod xml;

pub use answer::{Answer, Markup};
pub use body::read_body;
pub use fields::{Fields, NotANumber, NotAText, Parameter};
pub use links::Base;
pub use multipart::{SharedFile, shared_file};
pub use route::{Call, Change, Need, Target, route, version_of};
pub use scope::{Scopes, scope_titles};

/// HipChat's two REST APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `/v1/`: forms and query strings.
    V1,
    /// `/v2/`: JSON.
    V2,
}

impl Version {
    /// The word in logs: `v1` or `v2`.
    pub fn word(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

/// What the API itself leaves to the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlong {
    /// A message of more than 10,000 characters is a 400, as HipChat documented.
    Reject,
    /// It is cut to 9,997 characters and `...`.
    Truncate,
}

/// What becomes of calls that would change what lives in the directory or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// They are refused.
    Refuse,
    /// They are answered as if they had been done.
    Accept,
}
