//! A short look at each front of a deployed stack, or of the suite on this machine: is it there, does it let the right
//! callers in, does it keep the others out. Nothing is changed and nothing is posted.

mod checks;
mod fronts;

pub use checks::{Check, run};
pub use fronts::{Api, Fronts, Hipchat, Invoker};
