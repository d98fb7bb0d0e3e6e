//! What AWS puts before a function: an Application Load Balancer, with the certificates for its HTTPS listener.

pub mod alb;
pub mod tls;

pub use alb::{Alb, AlbOptions, HeaderMode};
pub use tls::Authority;
