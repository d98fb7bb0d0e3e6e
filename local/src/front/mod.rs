//! What AWS puts before a function: an Application Load Balancer, with the certificates for its HTTPS listener, a Function
//! URL, or a REST API.

pub mod alb;
pub mod tls;
pub mod web;

pub use alb::{Alb, AlbOptions, HeaderMode};
pub use tls::Authority;
pub use web::{Kind, Transfer, WebFront};
