//! What the suite's integration tests share: the checks of the repository's own rules, and of the stacks that its template
//! makes.

pub mod template;
pub mod tidy;
