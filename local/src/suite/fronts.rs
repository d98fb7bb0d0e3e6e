//! What stands before the functions: load balancers and APIs.

use std::{io, sync::Arc, time::Duration};

use rustls::ServerConfig;

use super::ports::FrontPorts;
use crate::{
    front::{Alb, AlbOptions, HeaderMode, Kind, Transfer, WebFront},
    function::Function,
    gateway::{Api, Gateway, GatewayOptions},
};

/// What stands before the functions.
#[derive(Debug)]
pub struct Fronts {
    /// In front of `hipchat-proxy`: HTTP, multi-value headers.
    pub hipchat: Alb,
    /// In front of `hipchat-proxy`: HTTPS, multi-value headers.
    pub hipchat_tls: Alb,
    /// In front of `hipchat-proxy`: HTTP, single-value headers.
    pub hipchat_single_value: Alb,
    /// In front of `lambda-invoker`: HTTP, multi-value headers; nothing when that function has no configuration.
    pub invoker: Option<Alb>,
    /// The Function URL of `lambda-invoker`, open to everybody; nothing when that function has no configuration.
    pub invoker_url: Option<WebFront>,
    /// The REST API with `authorizer`.
    pub rest: Gateway,
    /// The HTTP API with `authorizer`.
    pub http: Gateway,
}

/// The functions behind the fronts.
pub(super) struct Behind {
    pub(super) authorizer: Function,
    pub(super) hipchat_proxy: Function,
    pub(super) lambda_invoker: Option<Function>,
}

/// How the fronts are set up.
pub(super) struct Setup {
    pub(super) tls: Arc<ServerConfig>,
    pub(super) gateway_ttl: Duration,
    /// The kind of the HTTP API: what `authorizer` is configured to answer it.
    pub(super) http_api: Api,
    /// How the Function URL takes replies: as `lambda-invoker` is configured to give them.
    pub(super) function_url: Transfer,
}

impl Fronts {
    pub(super) fn start(ports: FrontPorts, behind: &Behind, setup: Setup) -> io::Result<Self> {
        let hipchat = |mode| AlbOptions::new(behind.hipchat_proxy.clone(), mode);
        let api = |kind| GatewayOptions {
            ttl: setup.gateway_ttl,
            ..GatewayOptions::new(kind, behind.authorizer.clone())
        };
        let invoker = behind
            .lambda_invoker
            .clone()
            .map(|invoker| Alb::start(ports.invoker_alb, AlbOptions::new(invoker, HeaderMode::Multi)));
        let invoker_url = behind
            .lambda_invoker
            .clone()
            .map(|invoker| WebFront::start(ports.invoker_url, Kind::FunctionUrl, setup.function_url, invoker));
        let tls = AlbOptions {
            tls: Some(setup.tls.clone()),
            ..hipchat(HeaderMode::Multi)
        };
        Ok(Self {
            hipchat: Alb::start(ports.hipchat_alb, hipchat(HeaderMode::Multi))?,
            hipchat_tls: Alb::start(ports.hipchat_alb_tls, tls)?,
            hipchat_single_value: Alb::start(ports.hipchat_alb_single_value, hipchat(HeaderMode::Single))?,
            invoker: invoker.transpose()?,
            invoker_url: invoker_url.transpose()?,
            rest: Gateway::start(ports.rest_api, api(Api::RestToken))?,
            http: Gateway::start(ports.http_api, api(setup.http_api))?,
        })
    }
}
