//! Which room is which channel: by the operator's word, by the same name, by the name in Slack's spelling; never by a guess.

use std::collections::BTreeMap;

use super::{Channel, Room};

/// The operator's word: a room and the channel that it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The room's name or id.
    pub room: String,
    /// The channel's id, or its name with or without `#`.
    pub channel: String,
    /// The line where it stands.
    pub line: usize,
}

/// How a room's channel was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The operator said so.
    Decided,
    /// The names are the same, letter by letter.
    Exact,
    /// The names are the same in Slack's spelling.
    Normalised,
}

impl Found {
    /// The word for it in the report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Exact => "exact",
            Self::Normalised => "normalised",
        }
    }
}

/// What became of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has a channel.
    Matched(Channel, Found),
    /// It has none, and why.
    Unmatched(String),
    /// It was archived in HipChat and is left out.
    Archived,
}

/// Reads decisions: a line for each, the room, a tab, the channel.
///
/// # Errors
/// One sentence for each problem, with the line.
pub fn read_decisions(file: &str, text: &str) -> Result<Vec<Decision>, Vec<String>> {
    let mut decisions: Vec<Decision> = Vec::new();
    let mut problems = Vec::new();
    for (line, content) in (1..)
        .zip(text.trim_start_matches('\u{feff}').lines())
        .filter(|(_, content)| !content.trim().is_empty())
    {
        let parts: Vec<&str> = content.split('\t').map(str::trim).collect();
        match parts.as_slice() {
            [room, channel] if !room.is_empty() && !channel.is_empty() => {
                let first = decisions
                    .iter()
                    .find(|known| known.room.to_lowercase() == room.to_lowercase());
                match first {
                    Some(first) => problems.push(format!(
                        "{file}: line {line}: the room {room:?} stands on line {} already",
                        first.line
                    )),
                    None => decisions.push(Decision {
                        room: (*room).to_owned(),
                        channel: (*channel).to_owned(),
                        line,
                    }),
                }
            }
            _ => problems.push(format!("{file}: line {line}: must be a room, a tab and a channel")),
        }
    }
    if problems.is_empty() {
        Ok(decisions)
    } else {
        Err(problems)
    }
}

/// What becomes of each room, in their order.
///
/// # Errors
/// One sentence for each decision that names no room or no channel that messages can go to, or a room that has one already.
pub fn match_rooms(rooms: &[Room], channels: &[Channel], decisions: &[Decision]) -> Result<Vec<Outcome>, Vec<String>> {
    let decided = decide(rooms, channels, decisions)?;
    let mut outcomes: Vec<Outcome> = rooms
        .iter()
        .enumerate()
        .map(|(at, room)| match decided.get(&at) {
            Some((channel, _)) => Outcome::Matched((*channel).clone(), Found::Decided),
            None if room.is_archived => Outcome::Archived,
            None => by_name(room, channels),
        })
        .collect();
    settle(rooms, &mut outcomes);
    Ok(outcomes)
}

fn decide<'a>(
    rooms: &[Room],
    channels: &'a [Channel],
    decisions: &'a [Decision],
) -> Result<BTreeMap<usize, (&'a Channel, &'a Decision)>, Vec<String>> {
    let mut decided: BTreeMap<usize, (&Channel, &Decision)> = BTreeMap::new();
    let mut problems = Vec::new();
    for decision in decisions {
        let Decision { room, channel, line } = decision;
        let mut found = rooms.iter().enumerate().filter(|(_, known)| {
            known.name.to_lowercase() == room.to_lowercase() || known.id.is_some_and(|id| id.to_string() == *room)
        });
        let target = named(channel, channels);
        match (found.next(), found.next(), target) {
            (Some((at, _)), None, Ok(target)) => match decided.get(&at) {
                None => drop(decided.insert(at, (target, decision))),
                // By its name and by its number, say.
                Some((_, first)) => problems.push(format!(
                    "decision on line {line}: the room {room:?} stands on line {} already, as {:?}",
                    first.line, first.room
                )),
            },
            (None, ..) => problems.push(format!("decision on line {line}: there is no room {room:?}")),
            (_, Some(_), _) => problems.push(format!(
                "decision on line {line}: {room:?} is the name or id of several rooms"
            )),
            (_, _, Err(what)) => problems.push(format!("decision on line {line}: {what}")),
        }
    }
    if problems.is_empty() {
        Ok(decided)
    } else {
        Err(problems)
    }
}

/// The channel that a decision means, by its id or its name.
fn named<'a>(channel: &str, channels: &'a [Channel]) -> Result<&'a Channel, String> {
    let name = channel.trim_start_matches('#');
    let by_id = channels.iter().filter(|known| known.id == channel);
    let mut known: Vec<&Channel> = by_id.collect();
    if known.is_empty() {
        known = channels.iter().filter(|known| known.name == name).collect();
    }
    let alive: Vec<&Channel> = known.iter().filter(|known| !known.is_archived).copied().collect();
    match (alive.as_slice(), known.is_empty()) {
        ([channel], _) => Ok(channel),
        ([], true) => Err(format!("there is no channel {channel:?}")),
        ([], false) => Err(format!("the channel {channel:?} is archived")),
        (several, _) => {
            let ids: Vec<&str> = several.iter().map(|channel| channel.id.as_str()).collect();
            Err(format!(
                "{channel:?} is the name of several channels: {}",
                ids.join(", ")
            ))
        }
    }
}

fn by_name(room: &Room, channels: &[Channel]) -> Outcome {
    let spelt = in_slacks_spelling(&room.name);
    let like =
        |is_like: &dyn Fn(&Channel) -> bool| channels.iter().filter(|channel| is_like(channel)).collect::<Vec<_>>();
    let same = like(&|channel| channel.name == room.name);
    let (candidates, found) = match same.len() {
        0 => (
            like(&|channel| in_slacks_spelling(&channel.name) == spelt),
            Found::Normalised,
        ),
        _ => (same, Found::Exact),
    };
    let alive: Vec<&&Channel> = candidates.iter().filter(|channel| !channel.is_archived).collect();
    match (alive.as_slice(), candidates.as_slice()) {
        ([channel], _) => Outcome::Matched((**channel).clone(), found),
        ([], []) => Outcome::Unmatched(format!("no channel has this name{}", alike(room, channels))),
        ([], [archived, ..]) => Outcome::Unmatched(format!("the channel #{} is archived", archived.name)),
        (several, _) => {
            let several = several.iter().map(|channel| **channel);
            Outcome::Unmatched(format!("ambiguous: {}", listed(several)))
        }
    }
}

/// Channels to think of where no name is the same: those whose letters and digits are. `C++` is like `#c`, and is not it.
fn alike(room: &Room, channels: &[Channel]) -> String {
    let words = |name: &str| {
        let lower = name.to_lowercase();
        let words = lower.split(|letter: char| !letter.is_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    };
    let wanted = words(&room.name);
    let like = |channel: &&Channel| !channel.is_archived && !wanted.is_empty() && words(&channel.name) == wanted;
    let found = listed(channels.iter().filter(like));
    if found.is_empty() {
        found
    } else {
        format!("; like it: {found}")
    }
}

fn listed<'a>(channels: impl Iterator<Item = &'a Channel>) -> String {
    let names: Vec<String> = channels
        .map(|channel| format!("#{} ({})", channel.name, channel.id))
        .collect();
    names.join(", ")
}

/// A channel that several rooms found by its spelling is none of theirs; one that found it letter by letter keeps it.
fn settle(rooms: &[Room], outcomes: &mut [Outcome]) {
    let mut claims: BTreeMap<String, Vec<(usize, Found)>> = BTreeMap::new();
    for (at, outcome) in outcomes.iter().enumerate() {
        if let Outcome::Matched(channel, found) = outcome {
            claims.entry(channel.id.clone()).or_default().push((at, *found));
        }
    }
    for rivals in claims.values().filter(|rivals| rivals.len() > 1) {
        for (at, _) in rivals.iter().filter(|(_, found)| *found == Found::Normalised) {
            let others = rivals.iter().filter(|(other, _)| other != at);
            let names: Vec<String> = others
                .filter_map(|(other, _)| rooms.get(*other))
                .map(|room| format!("{:?}", room.name))
                .collect();
            if let Some(outcome) = outcomes.get_mut(*at)
                && let Outcome::Matched(channel, _) = outcome
            {
                *outcome = Outcome::Unmatched(format!(
                    "ambiguous: #{} is also that of {}",
                    channel.name,
                    names.join(", ")
                ));
            }
        }
    }
}

/// A name as Slack's clients spell it for a channel (<https://slack.com/help/articles/201402297>): lower case, a `-` for a run
/// of spaces, dots and `-`. All else stays, so that a name with a character that Slack does not take is none of Slack's.
#[must_use]
pub(super) fn in_slacks_spelling(name: &str) -> String {
    let mut spelt = String::new();
    for letter in name.trim().to_lowercase().chars() {
        let is_gap = letter.is_whitespace() || matches!(letter, '.' | '-');
        if !is_gap {
            spelt.push(letter);
        } else if !spelt.ends_with('-') {
            spelt.push('-');
        }
    }
    spelt
}
