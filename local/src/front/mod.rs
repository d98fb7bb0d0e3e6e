//! What AWS puts before a function: an Application Load Balancer, with the certificates for its HTTPS listener, a Function
//! URL, or a REST API.

pub mod alb;
pub mod tls;
pub mod web;

pub use alb::{Alb, AlbOptions, HeaderMode};
pub use tls::Authority;
pub use web::{Kind, Transfer, WebFront};

/// Headers of a function's reply that speak of another connection than the client's; no front passes them on.
const OF_THE_CONNECTION: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
