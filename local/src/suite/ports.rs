//! The suite's listeners on 127.0.0.1: consecutive ports, or free ones.

use std::{io::ErrorKind, net::Ipv4Addr};

use tokio::net::TcpListener;

use super::StartError;

/// How many consecutive ports the suite takes.
pub(super) const COUNT: u16 = 13;

/// Every listener, bound before anything is started. Each keeps its place, whether or not something is started there.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) fronts: FrontPorts,
    pub(super) stand_ins: StandInPorts,
}

#[derive(Debug)]
pub(super) struct FrontPorts {
    pub(super) hipchat_alb: TcpListener,
    pub(super) hipchat_alb_tls: TcpListener,
    pub(super) hipchat_alb_single_value: TcpListener,
    pub(super) rest_api: TcpListener,
    pub(super) http_api: TcpListener,
    pub(super) invoker_alb: TcpListener,
    pub(super) invoker_url: TcpListener,
}

#[derive(Debug)]
pub(super) struct StandInPorts {
    pub(super) hydra_public: TcpListener,
    pub(super) hydra_admin: TcpListener,
    pub(super) slack: TcpListener,
    pub(super) secrets_manager: TcpListener,
    pub(super) target: TcpListener,
    pub(super) lambda: TcpListener,
    /// Read and write port, behind all others; bound where Keto is asked for alone.
    pub(super) keto: Option<[TcpListener; 2]>,
}

impl Ports {
    /// Binds them all, with two more for Keto if it is wanted, from `base` upwards or, for 0, where the system has room.
    pub(super) async fn bind(base: u16, with_keto: bool) -> Result<Self, StartError> {
        let more = if with_keto { 2 } else { 0 };
        if base.checked_add(COUNT - 1 + more).is_none() {
            return Err(StartError::PortBase(base));
        }
        let fronts = FrontPorts {
            hipchat_alb: bind(base, 0, "hipchat_alb").await?,
            hipchat_alb_tls: bind(base, 1, "hipchat_alb_tls").await?,
            hipchat_alb_single_value: bind(base, 2, "hipchat_alb_single_value").await?,
            rest_api: bind(base, 3, "rest_api").await?,
            http_api: bind(base, 4, "http_api").await?,
            invoker_alb: bind(base, 5, "invoker_alb").await?,
            invoker_url: bind(base, COUNT - 1, "invoker_url").await?,
        };
        let stand_ins = StandInPorts {
            hydra_public: bind(base, 6, "hydra_public").await?,
            hydra_admin: bind(base, 7, "hydra_admin").await?,
            slack: bind(base, 8, "slack").await?,
            secrets_manager: bind(base, 9, "secrets_manager").await?,
            target: bind(base, 10, "target").await?,
            lambda: bind(base, 11, "lambda").await?,
            keto: match with_keto {
                true => Some([
                    bind(base, COUNT, "keto_read").await?,
                    bind(base, COUNT + 1, "keto_write").await?,
                ]),
                false => None,
            },
        };
        Ok(Self { fronts, stand_ins })
    }
}

async fn bind(base: u16, place: u16, name: &'static str) -> Result<TcpListener, StartError> {
    let port = if base == 0 { 0 } else { base + place };
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => StartError::PortTaken { port, name },
            _ => StartError::Machine(format!("port {port} for {name} (LOCAL_PORT_BASE is {base}): {error}")),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a listener");
        let port = taken.local_addr().expect("an address").port();
        let error = Ports::bind(port - 3, false)
            .await
            .expect_err("the fourth port is taken");
        let expected = format!(
            "port {port} for rest_api is taken: set LOCAL_PORT_BASE to the first of 13 free ports, or to 0 for any"
        );
        // A neighbour may be taken too, by another test: then that one is named.
        match error {
            StartError::PortTaken { port: named, .. } if named != port => {}
            error => assert_eq!(error.to_string(), expected),
        }
    }

    #[tokio::test]
    async fn the_last_port_must_exist() {
        let error = Ports::bind(65_524, false).await.expect_err("65536 is no port");
        assert_eq!(
            error.to_string(),
            "LOCAL_PORT_BASE is 65524: 13 ports from there on are needed below 65536"
        );
    }
}
