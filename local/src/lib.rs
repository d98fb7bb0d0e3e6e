//! The suite on one machine without an AWS account: a Lambda Runtime API, the fronts that AWS would put before the functions, and stand-ins.

pub mod standin;
