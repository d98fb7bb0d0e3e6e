//! Everything that can go wrong with one request, and the one ladder from it to the answer.

use shared::start::InvocationError;
use shared::telemetry::Level;

/// What went wrong. Holds nothing of a token, a header, a URL or an upstream's reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The event is none that API Gateway sends. Names the member that is wrong.
    MalformedEvent(&'static str),

    /// No location holds a token.
    NoToken,
    /// The value has another scheme, or none, or nothing after it.
    BadScheme,
    /// The token breaks the grammar of RFC 6750, section 2.1. Holds its length in bytes.
    MalformedToken(usize),
    /// The token is longer than allowed. Holds its length in bytes.
    TokenTooLong(usize),
    /// The location holds two values.
    AmbiguousToken,
    /// The token does not begin with the configured prefix.
    TokenPrefix,
    /// The token bears the prefix of a refresh token or an authorization code.
    NotAccessTokenByPrefix,
    /// The token is the one that this function itself shows to the authorization server.
    OwnToken,

    /// None of the configured servers answers for the token.
    NoProvider,
    /// The token to be verified here is no JWT that can be read without doubt (RFC 7515, RFC 7519).
    MalformedJwt,
    /// The token is signed in a way that is not taken, or that does not fit its key.
    Algorithm,
    /// The token names no key, or none that its issuer publishes.
    UnknownKey,
    /// The token's signature is not that of its issuer.
    BadSignature,
    /// The time of a token that was verified here is over: nothing odd, unlike [`Problem::Expired`].
    ExpiredJwt,

    /// The authorization server does not know the token, or no longer.
    Inactive,
    /// The reply says that the token is no access token.
    NotAccessToken,
    /// The token is bound to a key (RFC 9449, RFC 8705), or of a type that a bearer cannot present.
    UnsupportedTokenType,
    /// The reply calls a token active whose time is over.
    Expired,
    /// The reply names no expiry although one is required.
    NoExp,
    /// The token's time has not begun.
    NotYetValid,

    /// Issued by someone who is not trusted.
    Issuer,
    /// Issued for another audience.
    Audience,
    /// Issued to a client that is not let in.
    Client,
    /// A required scope was not granted.
    Scope,
    /// A scope that the route requires was not granted, or the route is not listed.
    RouteScope,
    /// No claim names a principal.
    NoPrincipal,
    /// The server that knows of permissions says no.
    Permission,
    /// The verb has no action that could be permitted.
    PermissionAction,
    /// The path stands for more than one resource, or the event does not tell what names it.
    PermissionResource,
    /// The request's ARN cannot be granted literally without granting more.
    UnsafeResource,

    /// The reply is not what RFC 7662, section 2.2 describes.
    UpstreamInvalid,
    /// The authorization server redirects.
    UpstreamRedirect,
    /// The status says that the URL or the request's form is wrong.
    UpstreamConfig,
    /// The authorization server refuses our own credentials.
    UpstreamUnauthorized,
    /// The authorization server does not let us introspect.
    UpstreamForbidden,
    /// A status that says: not now.
    UpstreamStatus,
    /// No connection, or it broke.
    UpstreamConnect,
    /// The server's certificate does not verify, or TLS cannot be agreed on.
    UpstreamTls,
    /// Time ran out.
    UpstreamTimeout,
    /// No token for ourselves could be had from the token endpoint.
    SystemToken,
    /// The route rules are good for single requests alone, and the answer must be a policy for the whole API.
    RoutePolicy,
    /// The answer exceeds API Gateway's limit even without its optional parts.
    AnswerTooLarge,
}

/// What the client of the API gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 401: the request shows no valid token.
    Unauthorized,
    /// 403: the token is valid and does not suffice.
    Forbidden,
    /// 500: nobody can tell. Never an answer that API Gateway would cache.
    Error,
}

impl Refusal {
    /// The word of the log's `decision` and `outcome`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Error => "error",
        }
    }
}

/// A step of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The answer's kind.
    pub refusal: Refusal,
    /// A stable word for the log and the metrics.
    pub reason: &'static str,
    /// How grave it is.
    pub level: Level,
}

impl Problem {
    /// The ladder: from what went wrong to the answer, its reason, and the level of its line.
    pub fn verdict(self) -> Verdict {
        use Level::{Error, Info, Warn};
        use Refusal::{Forbidden, Unauthorized};
        let (refusal, reason, level) = match self {
            Self::MalformedEvent(_) => (Refusal::Error, "malformed_event", Error),

            Self::NoToken => (Unauthorized, "no_token", Info),
            Self::BadScheme => (Unauthorized, "bad_scheme", Info),
            Self::MalformedToken(_) => (Unauthorized, "malformed_token", Info),
            Self::TokenTooLong(_) => (Unauthorized, "token_too_long", Info),
            Self::AmbiguousToken => (Unauthorized, "ambiguous_token", Info),
            Self::TokenPrefix => (Unauthorized, "token_prefix", Info),
            Self::NotAccessTokenByPrefix => (Unauthorized, "not_access_token", Info),
            Self::OwnToken => (Unauthorized, "own_token", Warn),

            Self::NoProvider => (Unauthorized, "no_provider", Info),
            Self::MalformedJwt => (Unauthorized, "malformed_jwt", Info),
            Self::Algorithm => (Unauthorized, "algorithm", Info),
            Self::UnknownKey => (Unauthorized, "unknown_key", Info),
            Self::BadSignature => (Unauthorized, "bad_signature", Info),
            Self::ExpiredJwt => (Unauthorized, "expired", Info),

            Self::Inactive => (Unauthorized, "inactive", Info),
            // These point at a client that uses tokens wrongly, or at a server whose clock or reply is off.
            Self::NotAccessToken => (Unauthorized, "not_access_token", Warn),
            Self::UnsupportedTokenType => (Unauthorized, "unsupported_token_type", Warn),
            Self::Expired => (Unauthorized, "expired", Warn),
            Self::NoExp => (Unauthorized, "no_exp", Warn),
            Self::NotYetValid => (Unauthorized, "not_yet_valid", Warn),

            Self::Issuer => (Forbidden, "issuer", Info),
            Self::Audience => (Forbidden, "audience", Info),
            Self::Client => (Forbidden, "client", Info),
            Self::Scope => (Forbidden, "scope", Info),
            Self::RouteScope => (Forbidden, "route_scope", Info),
            Self::NoPrincipal => (Forbidden, "no_principal", Info),
            Self::Permission => (Forbidden, "permission", Info),
            // The API has a verb that the configuration does not know of.
            Self::PermissionAction => (Forbidden, "permission_action", Warn),
            Self::PermissionResource => (Forbidden, "permission_resource", Info),
            Self::UnsafeResource => (Forbidden, "unsafe_resource", Warn),

            Self::UpstreamInvalid => (Refusal::Error, "upstream_invalid", Error),
            Self::UpstreamRedirect => (Refusal::Error, "upstream_redirect", Error),
            Self::UpstreamConfig => (Refusal::Error, "upstream_config", Error),
            Self::UpstreamUnauthorized => (Refusal::Error, "upstream_unauthorized", Error),
            Self::UpstreamForbidden => (Refusal::Error, "upstream_forbidden", Error),
            Self::UpstreamStatus => (Refusal::Error, "upstream_status", Error),
            Self::UpstreamConnect => (Refusal::Error, "upstream_connect", Error),
            Self::UpstreamTls => (Refusal::Error, "upstream_tls", Error),
            Self::UpstreamTimeout => (Refusal::Error, "upstream_timeout", Error),
            Self::SystemToken => (Refusal::Error, "system_token", Error),
            Self::RoutePolicy => (Refusal::Error, "route_policy", Error),
            Self::AnswerTooLarge => (Refusal::Error, "answer_too_large", Error),
        };
        Verdict { refusal, reason, level }
    }
}

/// The error that API Gateway turns into 401. The message must be exactly this: anything else becomes a 500.
pub const UNAUTHORIZED: InvocationError = InvocationError {
    error_type: "Unauthorized",
    error_message: "Unauthorized",
};

/// The error that API Gateway turns into 500.
pub const INTERNAL_ERROR: InvocationError = InvocationError {
    error_type: "InternalError",
    error_message: "InternalError",
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Every variant once. The match has no wildcard, so a new variant does not compile before it stands here.
    fn ordinal(problem: Problem) -> usize {
        use Problem::*;
        match problem {
            MalformedEvent(_) => 0,
            NoToken => 1,
            BadScheme => 2,
            MalformedToken(_) => 3,
            TokenTooLong(_) => 4,
            AmbiguousToken => 5,
            TokenPrefix => 6,
            NotAccessTokenByPrefix => 7,
            OwnToken => 8,
            Inactive => 9,
            NotAccessToken => 10,
            UnsupportedTokenType => 11,
            Expired => 12,
            NoExp => 13,
            NotYetValid => 14,
            Issuer => 15,
            Audience => 16,
            Client => 17,
            Scope => 18,
            RouteScope => 19,
            NoPrincipal => 20,
            UnsafeResource => 21,
            UpstreamInvalid => 22,
            UpstreamRedirect => 23,
            UpstreamConfig => 24,
            UpstreamUnauthorized => 25,
            UpstreamForbidden => 26,
            UpstreamStatus => 27,
            UpstreamConnect => 28,
            UpstreamTls => 29,
            UpstreamTimeout => 30,
            SystemToken => 31,
            RoutePolicy => 32,
            AnswerTooLarge => 33,
            NoProvider => 34,
            MalformedJwt => 35,
            Algorithm => 36,
            UnknownKey => 37,
            BadSignature => 38,
            ExpiredJwt => 39,
            Permission => 40,
            PermissionAction => 41,
            PermissionResource => 42,
        }
    }

    #[test]
    fn the_ladder() {
        use Problem::*;
        let table = [
            (MalformedEvent("type"), "error malformed_event ERROR"),
            (NoToken, "unauthorized no_token INFO"),
            (BadScheme, "unauthorized bad_scheme INFO"),
            (MalformedToken(3), "unauthorized malformed_token INFO"),
            (TokenTooLong(9000), "unauthorized token_too_long INFO"),
            (AmbiguousToken, "unauthorized ambiguous_token INFO"),
            (TokenPrefix, "unauthorized token_prefix INFO"),
            (NotAccessTokenByPrefix, "unauthorized not_access_token INFO"),
            (OwnToken, "unauthorized own_token WARN"),
            (Inactive, "unauthorized inactive INFO"),
            (NotAccessToken, "unauthorized not_access_token WARN"),
            (UnsupportedTokenType, "unauthorized unsupported_token_type WARN"),
            (Expired, "unauthorized expired WARN"),
            (NoExp, "unauthorized no_exp WARN"),
            (NotYetValid, "unauthorized not_yet_valid WARN"),
            (Issuer, "forbidden issuer INFO"),
            (Audience, "forbidden audience INFO"),
            (Client, "forbidden client INFO"),
            (Scope, "forbidden scope INFO"),
            (RouteScope, "forbidden route_scope INFO"),
            (NoPrincipal, "forbidden no_principal INFO"),
            (UnsafeResource, "forbidden unsafe_resource WARN"),
            (UpstreamInvalid, "error upstream_invalid ERROR"),
            (UpstreamRedirect, "error upstream_redirect ERROR"),
            (UpstreamConfig, "error upstream_config ERROR"),
            (UpstreamUnauthorized, "error upstream_unauthorized ERROR"),
            (UpstreamForbidden, "error upstream_forbidden ERROR"),
            (UpstreamStatus, "error upstream_status ERROR"),
            (UpstreamConnect, "error upstream_connect ERROR"),
            (UpstreamTls, "error upstream_tls ERROR"),
            (UpstreamTimeout, "error upstream_timeout ERROR"),
            (SystemToken, "error system_token ERROR"),
            (RoutePolicy, "error route_policy ERROR"),
            (AnswerTooLarge, "error answer_too_large ERROR"),
            (NoProvider, "unauthorized no_provider INFO"),
            (MalformedJwt, "unauthorized malformed_jwt INFO"),
            (Algorithm, "unauthorized algorithm INFO"),
            (UnknownKey, "unauthorized unknown_key INFO"),
            (BadSignature, "unauthorized bad_signature INFO"),
            (ExpiredJwt, "unauthorized expired INFO"),
            (Permission, "forbidden permission INFO"),
            (PermissionAction, "forbidden permission_action WARN"),
            (PermissionResource, "forbidden permission_resource INFO"),
        ];
        for (at, (problem, expected)) in table.into_iter().enumerate() {
            assert_eq!(ordinal(problem), at);
            let Verdict { refusal, reason, level } = problem.verdict();
            assert_eq!(format!("{} {reason} {}", refusal.word(), level.word()), expected);
        }
    }
}
