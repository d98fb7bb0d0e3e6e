//! Where requests go: an HTTP endpoint or a function.

pub mod client;
pub mod endpoint;
pub mod function;

use std::error::Error;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use crate::credentials::Provider;
use crate::routes::{Destination, RouteTable};
use client::{ClientKey, Clients};
use endpoint::Endpoint;
use function::{Function, Services};

/// A target's answer, ready for the client.
pub type Answer = Response<Bytes>;

/// A route's live target.
#[derive(Debug)]
pub enum Target {
    /// An HTTP endpoint.
    Endpoint(Box<Endpoint>),
    /// A function.
    Function(Box<Function>),
}

/// The live targets of a table, by the position of their routes. Routes whose settings agree share one client, and
/// with it connections; no client is built yet.
pub fn prepare(table: &RouteTable, credentials: &Arc<Provider>, lambda_endpoint: Option<&str>) -> Vec<Target> {
    let mut clients = Clients::default();
    let mut services = Services::default();
    table
        .routes()
        .iter()
        .map(|route| match &route.destination {
            Destination::Endpoint(settings) => {
                let client = clients.of(ClientKey {
                    https: settings.https,
                    connect_timeout: route.connect_timeout,
                    ca: settings.ca.clone(),
                });
                Target::Endpoint(Box::new(Endpoint::new(settings.clone(), client, credentials)))
            }
            Destination::Function(settings) => {
                let timeout = route.connect_timeout;
                let service = services.of(settings, timeout, lambda_endpoint, &mut clients, credentials);
                Target::Function(Box::new(Function::new(settings.clone(), service)))
            }
        })
        .collect()
}

/// An error and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

/// Whether the handshake failed: the peer cannot be trusted, does not trust us, or speaks no TLS. What rustls has to
/// say comes as an error in the data, wrapped in other I/O errors.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let wrapped = |outer: &'_ io::Error| -> bool {
        let mut inner = Some(outer);
        while let Some(error) = inner {
            if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) {
                return true;
            }
            inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        }
        false
    };
    causes(error).filter_map(|cause| cause.downcast_ref()).any(wrapped)
}
