//! What the suite's integration tests share: the checks of the repository's own rules.

pub mod tidy;
