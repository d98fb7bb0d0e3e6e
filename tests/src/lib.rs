//! What the suite's integration tests share: the checks of the repository's own rules, and of the stacks that its template
//! makes; and the query language of its logs.

pub mod insights;
pub mod template;
pub mod tidy;
pub mod watch;
