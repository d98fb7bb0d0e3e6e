//! Help with the move from HipChat to Slack: the directory of `hipchat-proxy` from a HipChat export and Slack's channels,
//! entries of its allow-list, and recorded requests of old clients sent again.

mod allow_list;
mod channels;
mod document;
mod export;
mod matching;
mod recording;
mod replay;
#[cfg(test)]
mod tests;

pub use allow_list::{Entry, Kind, sha256_of};
pub use channels::{Channel, Member, fetch, read_channels, read_members};
pub use document::{Directory, directory};
pub use export::{Room, User, read_rooms, read_users};
pub use matching::{Decision, Found, Outcome, match_rooms, read_decisions};
pub use recording::{Exchange, Recorded, read_exchanges};
pub use replay::{Replay, Stage};

/// The number of the line, from 1, in which `part` begins; `part` is a slice of `text`.
fn line_of(text: &str, part: &str) -> usize {
    let offset = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    1 + text.get(..offset).unwrap_or("").matches('\n').count()
}

/// What is wrong with a document that is no JSON, with its line.
fn json_problem(file: &str, error: &serde_json::Error) -> String {
    // Its own text ends with line and column, and may quote what stands there.
    format!(
        "{file}: line {}: no valid JSON (column {})",
        error.line(),
        error.column()
    )
}
