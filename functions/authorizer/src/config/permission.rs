//! Settings of permissions: which server knows of them, and in which words it is asked.

use shared::env::Reader;

use super::json::Pairs;
use crate::permission::{Actions, Check, PermissionRules, Template};
use crate::policy::{PolicyRules, PolicyScope};

const CHECK: &str = "AUTHZ_PERMISSION_CHECK";
const URL: &str = "AUTHZ_PERMISSION_URL";
const ACTIONS: &str = "AUTHZ_PERMISSION_ACTIONS";
const RESOURCE: &str = "AUTHZ_PERMISSION_RESOURCE";
const NAMESPACE: &str = "AUTHZ_KETO_NAMESPACE";
const CA_BUNDLE: &str = "AUTHZ_PERMISSION_CA_BUNDLE";
const CA_BUNDLE_TWIN: &str = "AUTHZ_PERMISSION_CA_BUNDLE_SECRET_ARN";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Warden,
    Keto,
}

/// Nothing when permissions are not asked for, and after a problem was told. With them a policy is for the one request.
pub(super) fn permission(
    reader: &mut Reader<'_>,
    allow_http: bool,
    policy: &mut PolicyRules,
    warnings: &mut Vec<(String, &'static str)>,
) -> Option<PermissionRules> {
    let kinds = [("none", Kind::None), ("warden", Kind::Warden), ("keto", Kind::Keto)];
    let kind = reader.choice(CHECK, Kind::None, &kinds);
    let resource = Template::parse(&reader.text_or(RESOURCE, "resources:{segments}"));
    if let Err(what) = resource {
        reader.problem(RESOURCE, what);
    }
    if kind == Kind::None {
        // Whoever says where to ask, or in which words, means that it is asked. The template always says what a path is called.
        let is_off = reader.text(CHECK).is_none_or(|word| word == "none");
        for variable in [URL, ACTIONS, NAMESPACE, CA_BUNDLE, CA_BUNDLE_TWIN] {
            if is_off && reader.text(variable).is_some() {
                reader.problem(
                    variable,
                    format_args!("is of no use without {CHECK}=warden or {CHECK}=keto"),
                );
            }
        }
        return None;
    }
    if reader.text(URL).is_none() {
        reader.problem(URL, format_args!("is required with {CHECK}"));
    }
    let url = reader.url(URL, allow_http);
    let check = match kind {
        Kind::None | Kind::Warden => Check::Warden,
        Kind::Keto => {
            if reader.text(NAMESPACE).is_none() {
                reader.problem(NAMESPACE, format_args!("is required with {CHECK}=keto"));
            }
            Check::Keto {
                namespace: reader.text_or(NAMESPACE, ""),
            }
        }
    };
    let actions = match reader.json(ACTIONS).map(|Pairs(pairs)| Actions::new(pairs)) {
        None => Actions::default(),
        Some(Ok(actions)) => actions,
        Some(Err(what)) => {
            reader.problem(ACTIONS, what);
            Actions::default()
        }
    };
    let ca_bundle = reader.secret_or(CA_BUNDLE, CA_BUNDLE_TWIN);
    if !actions.let_connect() {
        let what = "has no action for CONNECT: connections of a WebSocket API are refused (permission_action); give CONNECT one in \
                    AUTHZ_PERMISSION_ACTIONS if there is such an API";
        warnings.push((CHECK.to_owned(), what));
    }
    // Two, for a line of the log has room for 256 bytes of each.
    let what = "makes each answer one for a single method and path: set the authorizer's TTL in API Gateway to 0, or add method \
                and path to its identity sources";
    warnings.push((CHECK.to_owned(), what));
    let what = "needs context.httpMethod and context.path of a REST API, $context.httpMethod and $context.path of an HTTP API \
                among the identity sources of a TTL; $context.routeKey alone lets one path's answer serve others";
    warnings.push((CHECK.to_owned(), what));
    policy.scope = PolicyScope::Method;
    Some(PermissionRules {
        check,
        url: url?,
        actions,
        resource: resource.ok()?,
        ca_bundle,
    })
}

#[cfg(test)]
mod tests;
