//! The table of addresses, with a line to try for each.

use std::fmt::Write;

use crate::suite::{
    Addresses, Permissions,
    permissions::{more_of_keto, more_of_warden},
};

/// One row: what it is, where it is, a command that shows it.
struct Row {
    name: &'static str,
    address: String,
    try_it: Option<String>,
}

/// The whole table, ready to print.
pub(super) fn table(addresses: &Addresses) -> String {
    let rows = rows(addresses);
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let mut text = String::from("\nThe suite runs. Ctrl-C stops it.\n\n");
    for row in &rows {
        let _ = writeln!(text, "  {:width$}  {}", row.name, row.address);
    }
    text.push_str("\nTo try:\n");
    for row in &rows {
        if let Some(command) = &row.try_it {
            let _ = writeln!(text, "\n  # {}\n  {command}", row.name);
        }
    }
    text.push('\n');
    text
}

fn rows(addresses: &Addresses) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name, address: &str, try_it: Option<String>| {
        rows.push(Row {
            name,
            address: address.to_owned(),
            try_it,
        });
    };
    let room = addresses.hipchat_rooms.first().map_or("ROOM", String::as_str);
    let token = addresses.hipchat_token.as_deref().unwrap_or("TOKEN");
    let (alb, tls, single) = (
        &addresses.hipchat_alb,
        &addresses.hipchat_alb_tls,
        &addresses.hipchat_alb_single_value,
    );
    let v2_path = format!("/v2/room/{}/notification", encoded(room));
    row("HipChat API", alb, Some(v2(alb, &v2_path, token, "green", "it works")));
    let v1 = format!(
        "curl -i --cacert '{}' -d 'room_id={}&from=local&message=it+works' '{tls}/v1/rooms/message?auth_token={token}'",
        addresses.ca_file.display(),
        encoded(room)
    );
    row("HipChat API, TLS", tls, Some(v1));
    row(
        "HipChat API, single",
        single,
        Some(v2(single, &v2_path, token, "purple", "single-value headers")),
    );
    let bearer = addresses
        .oauth_client
        .as_ref()
        .zip(addresses.hydra_public.as_ref())
        .map(|(client, hydra)| {
            let grant = format!("grant_type=client_credentials&scope={}", client.scope);
            format!(
                r#"curl -s -u {}:{} -d '{grant}' {hydra}/oauth2/token | sed 's/.*"access_token": *"\([^"]*\)".*/\1/'"#,
                client.id, client.secret
            )
        });
    let authorized = |url: &str| {
        let token = bearer
            .as_ref()
            .map_or_else(|| "TOKEN".to_owned(), |command| format!("$({command})"));
        format!("curl -i -H \"Authorization: Bearer {token}\" {url}/hello")
    };
    row("REST API", &addresses.rest_api, Some(authorized(&addresses.rest_api)));
    row("HTTP API", &addresses.http_api, Some(authorized(&addresses.http_api)));
    if let Some(invoker) = &addresses.invoker_alb {
        let lines: Vec<String> = addresses
            .invoker_routes
            .iter()
            .map(|route| match route.kind {
                "invoke" => post("-i", "{\"name\":\"local\"}", invoker, route.path),
                "stream" => post("-i", STREAM, invoker, route.path),
                _ => format!("curl -i '{invoker}{}?a=b'", route.path),
            })
            .collect();
        row(
            "lambda-invoker",
            invoker,
            (!lines.is_empty()).then(|| lines.join("\n  ")),
        );
    }
    if let Some(url) = &addresses.invoker_url {
        // The same route as a stream: a line now and then.
        let stream = addresses.invoker_routes.iter().find(|route| route.kind == "stream");
        let line = stream.map(|route| post("-iN", STREAM, url, route.path));
        row("lambda-invoker, URL", url, line);
    }
    if let Some(public) = &addresses.hydra_public {
        row("Hydra, public", public, bearer.clone());
    }
    let admin = &addresses.hydra_admin;
    let introspect = addresses
        .oauth_client
        .as_ref()
        .map(|client| match addresses.permissions {
            // Introspection wants credentials there; what shows the warden is one more thing that it permits.
            Permissions::Warden => format!("curl -i -d '{}' {admin}/_policies", more_of_warden(&client.id)),
            Permissions::None | Permissions::Keto => {
                format!("curl -i -d 'token=unknown' {admin}/admin/oauth2/introspect")
            }
        });
    row("Hydra, admin", &addresses.hydra_admin, introspect);
    if let Some(read) = &addresses.keto_read {
        row("Keto, read", read, Some(format!("curl -s {read}/_calls")));
    }
    if let Some((write, client)) = addresses.keto_write.as_ref().zip(addresses.oauth_client.as_ref()) {
        let put = format!(
            "curl -i -X PUT -d '{}' {write}/admin/relation-tuples",
            more_of_keto(&client.id)
        );
        row("Keto, write", write, Some(put));
    }
    let page = addresses.slack_page.as_ref();
    row(
        "Slack",
        &addresses.slack,
        page.map(|page| format!("curl -s {page}/_messages")),
    );
    if let Some(page) = page {
        row("Slack, in a browser", page, None);
    }
    let calls = |url: &str| Some(format!("curl -s {url}/_calls"));
    if let Some(secrets) = &addresses.secrets_manager {
        row("Secrets Manager", secrets, calls(secrets));
    }
    if let Some(target) = &addresses.target {
        row("HTTP target", target, calls(target));
    }
    if let Some(lambda) = &addresses.lambda {
        row("Lambda", lambda, calls(lambda));
    }
    rows
}

fn v2(alb: &str, path: &str, token: &str, color: &str, message: &str) -> String {
    format!(
        "curl -i -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \
         -d '{{\"color\":\"{color}\",\"message\":\"{message}\"}}' '{alb}{path}'"
    )
}

/// What the demo function is told.
const STREAM: &str = r#"{"do":"stream","chunks":5,"bytes":20,"ms":400}"#;

fn post(options: &str, body: &str, url: &str, path: &str) -> String {
    format!("curl {options} -H 'Content-Type: application/json' -d '{body}' {url}{path}")
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
