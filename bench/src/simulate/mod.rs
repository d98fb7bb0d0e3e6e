//! What 10,000 requests a second cost and need: reckoned from measured durations and from AWS's limits, or simulated where
//! nothing simple tells. Every number comes out the same in every run.

pub mod lambda;
pub mod random;
pub mod slack;
mod tables;
pub mod tokens;

use crate::growth::result::Growth;
use crate::page;

/// The load of all tables, in requests per second.
pub const RATE: f64 = 10_000.0;

/// A generated part of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The name in its marks.
    pub name: &'static str,
    /// Markdown.
    pub body: String,
}

/// All parts; `growth` is the measurement that is kept, if there is one.
#[must_use]
pub fn sections(growth: Option<&Growth>) -> Vec<Section> {
    vec![
        Section {
            name: "lambda",
            body: tables::lambda(growth),
        },
        Section {
            name: "gateway",
            body: tables::gateway(),
        },
        Section {
            name: "hydra",
            body: tables::hydra(),
        },
        Section {
            name: "slack",
            body: tables::slack(),
        },
    ]
}

/// The parts with their marks, as they stand in the page.
#[must_use]
pub fn text(sections: &[Section]) -> String {
    let blocks: Vec<String> = sections
        .iter()
        .map(|section| page::block(section.name, &section.body))
        .collect();
    blocks.join("\n")
}
