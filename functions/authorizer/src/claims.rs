//! An introspection reply, or the claims of a token that was verified here, become checked [`Claims`]. Pure: no clock, no
//! environment.

mod context;
mod reply;

pub use context::{Context, ContextRules, is_context_key, is_reserved_key};
use reply::Member;
pub use reply::Reply;

use crate::error::Problem;

/// Whether all of a list are needed, or any one of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Every item.
    All,
    /// At least one item.
    Any,
}

/// How issuers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerMatch {
    /// Byte for byte.
    Exact,
    /// One `/` at the end, on either side, makes no difference.
    SlashInsensitive,
}

/// What claims must say.
#[derive(Debug, Clone)]
pub struct ClaimRules {
    /// Trusted issuers; empty trusts all that the authorization server vouches for.
    pub issuers: Vec<String>,
    /// How they are compared.
    pub issuer_match: IssuerMatch,
    /// Audiences of this API; empty takes any.
    pub audiences: Vec<String>,
    /// Whether a token must be for all of them.
    pub audience_mode: Mode,
    /// Clients that are let in; empty lets all in.
    pub client_ids: Vec<String>,
    /// Tolerated difference of clocks for `exp` and `nbf`, in seconds.
    pub skew_secs: u64,
    /// Whether a reply without `exp` is refused.
    pub require_exp: bool,
    /// Whether a reply without `token_use` is refused.
    pub require_token_use: bool,
}

impl ClaimRules {
    /// Whether an issuer is one of those that are trusted by name.
    pub fn lists(&self, issuer: &str) -> bool {
        let mut issuers = self.issuers.iter();
        issuers.any(|known| same_issuer(known, issuer, self.issuer_match))
    }
}

/// How the principal is named.
#[derive(Debug, Clone)]
pub struct PrincipalRules {
    /// Claims tried in this order; the first that is a text and not empty. One with control characters names nobody.
    pub claims: Vec<String>,
    /// Put before the claim's text.
    pub prefix: String,
    /// The principal of a token that names none, if it is let in at all.
    pub default: Option<String>,
}

/// A claim that must be of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Typed<T> {
    Absent,
    Is(T),
    /// Of another type. Found out when the reply is read, told when the order of checks gets there.
    Wrong,
}

/// What is kept of an active token's reply: all that a decision needs, so that it can be taken again at any time.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    token_use: Typed<String>,
    token_type: Typed<String>,
    bound_to_key: bool,
    exp: Typed<u64>,
    nbf: Typed<u64>,
    issuer: Option<String>,
    audiences: Typed<Vec<String>>,
    client_id: Option<String>,
    scope: Typed<String>,
    principal: Option<String>,
    /// Where the claim's own text begins in the principal.
    subject_at: usize,
    context: Context,
}

impl Claims {
    /// Takes from an active token's reply what decisions need.
    pub fn new(reply: &Reply<'_>, principal: &PrincipalRules, context: &ContextRules) -> Self {
        let exp = moment(reply.get("exp"));
        let named = principal.claims.iter().find_map(|name| text(reply.get(name)));
        // Who bears such a name is nobody that logs, policies and backends would all read alike, and nobody else either.
        let is_odd = named.as_ref().is_some_and(|name| name.contains(char::is_control));
        Self {
            token_use: typed_text(reply.get("token_use")),
            token_type: typed_text(reply.get("token_type")),
            bound_to_key: reply.get("cnf").is_some(),
            // Zero stands for "never" in some servers.
            exp: if exp == Typed::Is(0) { Typed::Absent } else { exp },
            nbf: moment(reply.get("nbf")),
            issuer: text(reply.get("iss")),
            audiences: audiences(reply.get("aud")),
            client_id: text(reply.get("client_id")),
            scope: typed_text(reply.get("scope")),
            subject_at: named.as_ref().map_or(0, |_| principal.prefix.len()),
            principal: named
                .map(|name| format!("{}{name}", principal.prefix))
                .or_else(|| principal.default.clone())
                .filter(|_| !is_odd),
            context: Context::new(reply, context),
        }
    }

    /// Checks everything but scopes and principal, in this order: kind of token, types of the times, expiry, start,
    /// issuer, audience, client.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check(&self, rules: &ClaimRules, now_secs: u64) -> Result<(), Problem> {
        self.check_kind(rules)?;
        self.check_time(rules, now_secs)?;
        if !rules.issuers.is_empty() && !self.issuer.as_ref().is_some_and(|issuer| rules.lists(issuer)) {
            return Err(Problem::Issuer);
        }
        let audiences = match &self.audiences {
            Typed::Absent => &[][..],
            Typed::Is(audiences) => audiences,
            Typed::Wrong => return Err(Problem::UpstreamInvalid),
        };
        if !rules.audiences.is_empty() {
            let mut wanted = rules.audiences.iter().map(|wanted| audiences.contains(wanted));
            let matched = match rules.audience_mode {
                Mode::All => wanted.all(|found| found),
                Mode::Any => wanted.any(|found| found),
            };
            if !matched {
                return Err(Problem::Audience);
            }
        }
        if !rules.client_ids.is_empty() && !self.client_id.as_ref().is_some_and(|id| rules.client_ids.contains(id)) {
            return Err(Problem::Client);
        }
        Ok(())
    }

    /// Whether every claim that decisions look at has its type.
    pub fn is_well_typed(&self) -> bool {
        let texts = [&self.token_use, &self.token_type, &self.scope];
        let moments = [&self.exp, &self.nbf];
        texts.iter().all(|text| **text != Typed::Wrong)
            && moments.iter().all(|moment| **moment != Typed::Wrong)
            && self.audiences != Typed::Wrong
    }

    fn check_kind(&self, rules: &ClaimRules) -> Result<(), Problem> {
        // Servers that say so mark refresh tokens in `token_use`; Hydra 1.0 to 1.8 did in `token_type`.
        match &self.token_use {
            Typed::Absent if rules.require_token_use => return Err(Problem::NotAccessToken),
            Typed::Absent => {}
            Typed::Is(token_use) if token_use == "access_token" => {}
            Typed::Is(_) | Typed::Wrong => return Err(Problem::NotAccessToken),
        }
        match &self.token_type {
            Typed::Absent => {}
            Typed::Is(kind) if kind.eq_ignore_ascii_case("refresh_token") => return Err(Problem::NotAccessToken),
            Typed::Is(kind) if kind.eq_ignore_ascii_case("bearer") || kind.eq_ignore_ascii_case("access_token") => {}
            Typed::Is(_) | Typed::Wrong => return Err(Problem::UnsupportedTokenType),
        }
        if self.bound_to_key {
            return Err(Problem::UnsupportedTokenType);
        }
        Ok(())
    }

    /// Checks expiry and start alone.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check_time(&self, rules: &ClaimRules, now_secs: u64) -> Result<(), Problem> {
        if self.exp == Typed::Wrong || self.nbf == Typed::Wrong {
            return Err(Problem::UpstreamInvalid);
        }
        match self.exp {
            Typed::Is(exp) if exp.saturating_add(rules.skew_secs) <= now_secs => return Err(Problem::Expired),
            Typed::Absent if rules.require_exp => return Err(Problem::NoExp),
            _ => {}
        }
        match self.nbf {
            Typed::Is(nbf) if nbf.saturating_sub(rules.skew_secs) > now_secs => Err(Problem::NotYetValid),
            _ => Ok(()),
        }
    }

    /// The granted scopes, separated by spaces.
    ///
    /// # Errors
    /// [`Problem::UpstreamInvalid`] when the reply's `scope` is no text.
    pub fn scope(&self) -> Result<&str, Problem> {
        match &self.scope {
            Typed::Absent => Ok(""),
            Typed::Is(scope) => Ok(scope),
            Typed::Wrong => Err(Problem::UpstreamInvalid),
        }
    }

    /// Seconds since the Unix epoch after which the token is dead, without tolerance.
    pub fn exp_secs(&self) -> Option<u64> {
        match self.exp {
            Typed::Is(exp) => Some(exp),
            Typed::Absent | Typed::Wrong => None,
        }
    }

    /// Whom the token stands for.
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// The same without the prefix that the configuration puts before a claim's text.
    pub fn subject(&self) -> Option<&str> {
        self.principal.as_deref()?.get(self.subject_at..)
    }

    /// The client that the token was issued to.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// What the backend is told.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// About how many bytes these claims hold, with what each text of a list takes by itself.
    pub fn size(&self) -> usize {
        let typed = |text: &Typed<String>| if let Typed::Is(text) = text { text.len() } else { 0 };
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let audiences = if let Typed::Is(list) = &self.audiences {
            list.iter().map(|audience| audience.len() + size_of::<String>()).sum()
        } else {
            0
        };
        typed(&self.token_use)
            + typed(&self.token_type)
            + typed(&self.scope)
            + optional(&self.issuer)
            + optional(&self.client_id)
            + optional(&self.principal)
            + audiences
            + self.context.size()
    }
}

/// A text that is not empty: servers write an empty `sub` where there is no subject.
fn text(member: Option<&Member<'_>>) -> Option<String> {
    match member {
        Some(Member::Text(text)) if !text.is_empty() => Some(text.to_string()),
        _ => None,
    }
}

fn typed_text(member: Option<&Member<'_>>) -> Typed<String> {
    match member {
        None => Typed::Absent,
        Some(Member::Text(text)) => Typed::Is(text.to_string()),
        Some(_) => Typed::Wrong,
    }
}

/// Seconds since the Unix epoch. Some servers write a whole number with a decimal point.
fn moment(member: Option<&Member<'_>>) -> Typed<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match member {
        None => Typed::Absent,
        Some(Member::Number(number)) => match (number.as_u64(), number.as_f64()) {
            (Some(seconds), _) => Typed::Is(seconds),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole, and from 0 to 2^53"
            )]
            (None, Some(seconds)) if seconds.fract() == 0.0 && (0.0..=EXACT).contains(&seconds) => {
                Typed::Is(seconds as u64)
            }
            _ => Typed::Wrong,
        },
        Some(_) => Typed::Wrong,
    }
}

fn audiences(member: Option<&Member<'_>>) -> Typed<Vec<String>> {
    match member {
        None => Typed::Absent,
        Some(Member::Text(audience)) => Typed::Is(vec![audience.to_string()]),
        Some(Member::Texts(audiences)) => Typed::Is(audiences.iter().map(ToString::to_string).collect()),
        Some(_) => Typed::Wrong,
    }
}

/// Whether two issuers are the same.
pub fn same_issuer(known: &str, issuer: &str, how: IssuerMatch) -> bool {
    match how {
        IssuerMatch::Exact => known == issuer,
        IssuerMatch::SlashInsensitive => {
            known.strip_suffix('/').unwrap_or(known) == issuer.strip_suffix('/').unwrap_or(issuer)
        }
    }
}

#[cfg(test)]
mod tests;
