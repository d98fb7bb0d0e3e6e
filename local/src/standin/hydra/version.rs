//! What differs from one version of Hydra to the next. Ports, paths, replies and errors from 1.8 on are as the real
//! ones answered (1.8.5, 1.11.10, 2.3.0, 26.2.0); those of 0.x are read from its sources (0.6.10, 0.11.14).

/// Which Hydra to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum HydraVersion {
    /// 0.6: everything on each port, introspection with a bearer token or the Basic credentials of a client.
    V0_6,
    /// 0.11: the same, but a bearer token needs the scope `hydra.introspect`.
    V0_11,
    /// 1.0 to 1.8: `/oauth2/introspect` on the administrative port, without credentials.
    V1_8,
    /// 1.9 to 1.11: the same, with other members in the reply.
    V1_11,
    /// 2.0 to 2.3: `/admin/oauth2/introspect`; without `/admin` a redirection that leads nowhere.
    V2_3,
    /// As from 25.4: the same, and without `/admin` too.
    #[default]
    V2,
}

impl HydraVersion {
    /// One port has it all.
    pub(super) fn has_one_port(self) -> bool {
        self < Self::V1_8
    }

    /// Introspection demands credentials.
    pub(super) fn asks_who_introspects(self) -> bool {
        self < Self::V1_8
    }

    /// Id and secret are form-encoded inside Basic (RFC 6749, section 2.3.1).
    pub(super) fn decodes_basic(self) -> bool {
        self > Self::V0_6
    }

    /// Tokens tell their kind by a prefix: `ory_at_`, `ory_rt_`.
    pub(super) fn prefixes_tokens(self) -> bool {
        self >= Self::V2_3
    }

    /// 1.x ends its issuer with a slash, all others tell it as it was configured.
    pub(super) fn issuer(self, public_url: String) -> String {
        match self {
            Self::V1_8 | Self::V1_11 => format!("{public_url}/"),
            Self::V0_6 | Self::V0_11 | Self::V2_3 | Self::V2 => public_url,
        }
    }

    /// What `/version` tells; 0.x has no such page.
    pub(super) fn number(self) -> Option<&'static str> {
        match self {
            Self::V0_6 | Self::V0_11 => None,
            Self::V1_8 => Some("v1.8.5"),
            Self::V1_11 => Some("v1.11.10"),
            Self::V2_3 => Some("v2.3.0"),
            Self::V2 => Some("v25.4.0"),
        }
    }
}
