//! The `Authorization` header of Signature Version 4, and what its scope and its list of headers must hold.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::Refusal;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Headers that belong to one connection only: a proxy may change them, so a signature over them would break.
const HOP_BY_HOP: [&str; 10] = [
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The header's parts.
#[derive(Debug)]
pub(super) struct Authorization {
    pub(super) access_key_id: String,
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
}

impl Authorization {
    /// Reads `AWS4-HMAC-SHA256 Credential=.../date/region/service/aws4_request, SignedHeaders=a;b, Signature=...`.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (Some(value), None) => value
                .to_str()
                .map_err(|_| Refusal::incomplete("Authorization header is not ASCII."))?,
            (Some(_), Some(_)) => return Err(Refusal::incomplete("There is more than one Authorization header.")),
            (None, _) => {
                return Err(Refusal::new(
                    "MissingAuthenticationTokenException",
                    "Missing Authentication Token",
                ));
            }
        };
        let Some(parameters) = value.strip_prefix(ALGORITHM).filter(|rest| rest.starts_with(' ')) else {
            return Err(Refusal::incomplete(format!(
                "Unsupported AWS 'algorithm': the only one is '{ALGORITHM}'."
            )));
        };
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for parameter in parameters.split(',') {
            let (name, value) = parameter.trim().split_once('=').unwrap_or((parameter.trim(), ""));
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => {
                    return Err(Refusal::incomplete(
                        "Authorization header has a parameter that is not known.",
                    ));
                }
            };
            if place.replace(value).is_some() {
                return Err(Refusal::incomplete(format!("Authorization header has '{name}' twice.")));
            }
        }
        let credential = required("Credential", credential)?;
        // The key id has no slash in it, but reading from the end does not depend on that.
        let parts: Vec<&str> = credential.rsplitn(5, '/').collect();
        let [end, service, region, date, access_key_id] = parts.as_slice() else {
            return Err(Refusal::incomplete(
                "Credential must have exactly 5 slash-delimited elements.",
            ));
        };
        if *end != "aws4_request" {
            return Err(Refusal::signature(
                "Credential should be scoped with a valid terminator: 'aws4_request'.",
            ));
        }
        Ok(Self {
            access_key_id: (*access_key_id).to_owned(),
            date: (*date).to_owned(),
            region: (*region).to_owned(),
            service: (*service).to_owned(),
            signed_headers: required("SignedHeaders", signed_headers)?
                .split(';')
                .map(str::to_owned)
                .collect(),
            signature: required("Signature", signature)?.to_owned(),
        })
    }

    /// `20150830/us-east-1/lambda/aws4_request`
    pub(super) fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }

    /// The scope must be of the request's day, this region and this service.
    pub(super) fn check_scope(&self, date: &str, region: &str, service: &str) -> Result<(), Refusal> {
        let day = date.get(..8).unwrap_or_default();
        if self.date != day {
            return Err(Refusal::signature(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{day}', from '{date}'.",
                self.date
            )));
        }
        if self.region != region {
            return Err(Refusal::signature(format!(
                "Credential should be scoped to a valid region: '{region}', not '{}'.",
                self.region
            )));
        }
        if self.service != service {
            return Err(Refusal::signature(format!(
                "Credential should be scoped to correct service: '{service}'."
            )));
        }
        Ok(())
    }

    /// The list must be sorted and without repeats, name `host` and every `x-amz-*` that was sent, name nothing that was not
    /// sent, and nothing that belongs to a single connection.
    pub(super) fn check_signed_headers(&self, headers: &HeaderMap, session_token_signed: bool) -> Result<(), Refusal> {
        let names = &self.signed_headers;
        if names
            .iter()
            .any(|name| name.is_empty() || name.bytes().any(|byte| byte.is_ascii_uppercase()))
        {
            return Err(Refusal::signature(
                "SignedHeaders must be names in lower case, separated by ';'.",
            ));
        }
        if !names.is_sorted_by(|one, next| one < next) {
            return Err(Refusal::signature("SignedHeaders must be sorted and without repeats."));
        }
        if let Some(name) = names.iter().find(|name| HOP_BY_HOP.contains(&name.as_str())) {
            return Err(Refusal::signature(format!(
                "The hop-by-hop header '{name}' must not be signed."
            )));
        }
        if !names.iter().any(|name| name == "host") {
            let message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
            return Err(Refusal::signature(message));
        }
        if let Some(name) = names.iter().find(|name| !headers.contains_key(name.as_str())) {
            return Err(Refusal::signature(format!("The signed header '{name}' was not sent.")));
        }
        let unsigned: Vec<&str> = headers
            .keys()
            .map(|name| name.as_str())
            .filter(|name| name.starts_with("x-amz-") && !names.iter().any(|signed| signed == name))
            .filter(|name| session_token_signed || *name != "x-amz-security-token")
            .collect();
        if unsigned.is_empty() {
            return Ok(());
        }
        let list = unsigned.join(", ");
        Err(Refusal::signature(format!(
            "There were headers present in the request which were not signed: {list}."
        )))
    }
}

fn required<'a>(name: &str, value: Option<&'a str>) -> Result<&'a str, Refusal> {
    match value {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(Refusal::incomplete(format!(
            "Authorization header requires '{name}' parameter."
        ))),
    }
}
