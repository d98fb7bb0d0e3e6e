//! How connections to a target are made and kept.

use std::time::Duration;

use shared::http::outbound::KeepAlive;
use shared::http::proxy::{self, EnvironmentProxy};
use url::Url;

use super::reader::{Field, Fields, Problems};
use super::surroundings::Surroundings;

/// `keepalive`, `keepalive_timeout` and `keepalive_pool`; `None` for a route that keeps no connection.
pub(super) fn keep_alive(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<KeepAlive> {
    let kept = fields.flag("keepalive", true, problems);
    let idle = fields.number("keepalive_timeout", &(1000..=86_400_000), problems);
    let pool = fields.number("keepalive_pool", &(1..=10_000), problems);
    kept.then(|| KeepAlive {
        idle: Duration::from_millis(idle.unwrap_or(60_000).unsigned_abs()),
        pool: pool.and_then(|number| usize::try_from(number).ok()).unwrap_or(5),
    })
}

/// The proxy of routes that name none.
pub(super) fn environment_proxy(surroundings: &dyn Surroundings, problems: &mut Problems) -> EnvironmentProxy {
    let read = EnvironmentProxy::read(&|name| surroundings.variable(name));
    read.unwrap_or_else(|(name, what)| {
        problems.add(name, what);
        EnvironmentProxy::default()
    })
}

/// Reads `proxy_url`.
pub(super) fn read_proxy(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Url> {
    let field: Field<'_> = fields.get("proxy_url")?;
    let text = field.text(problems)?;
    proxy::parse(text).map_err(|what| problems.add(&field.path, what)).ok()
}
