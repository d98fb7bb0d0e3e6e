//! The example of route scopes in `docs/settings.md`: its rules, and the outcomes that it promises from one remembered policy.

use std::time::Duration;

use local::function::{Function, FunctionOptions};
use local::gateway::{Api, Gateway, GatewayOptions};
use local::standin::{Hydra, HydraOptions};
use serde_json::json;

use super::listener;
use crate::stage::binaries;

const PAGE: &str = include_str!("../../../../docs/settings.md");

/// What stands between two texts.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to}")).0
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_example_holds() {
    let section = between(PAGE, "**Scopes of routes.**", "\n## ");
    let rows = between(section, "| status |\n|---|---|\n", "\n\n");
    let mut outcomes: Vec<(&str, &str, u16)> = rows.lines().map(outcome).collect();
    assert!(outcomes.len() >= 6, "{rows}");

    let hydra = Hydra::start(listener().await, listener().await, HydraOptions::default()).unwrap();
    let url = format!("{}/admin/oauth2/introspect", hydra.admin_url());
    let reply = json!({"active": true, "sub": "alice", "scope": "orders.read", "exp": 4_000_000_000_u64});
    let token = hydra.mint(&reply).unwrap();
    let options = FunctionOptions::new("authorizer", binaries().join("authorizer"))
        .env("AUTHZ_INTROSPECTION_URL", url)
        .env("AUTHZ_ROUTE_SCOPES", between(section, "```json\n", "```"));
    let authorizer = Function::new(options);
    let routes = ["ANY /", "ANY /{proxy+}"].map(|route| route.parse().unwrap());
    let options = GatewayOptions {
        routes: routes.to_vec(),
        ttl: Duration::from_secs(3600),
        ..GatewayOptions::new(Api::RestToken, authorizer.clone())
    };
    let gateway = Gateway::start(listener().await, options).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();

    // Whichever is asked first, its answer serves all others.
    for first in 0..outcomes.len() {
        outcomes.rotate_left(1);
        for &(method, path, status) in &outcomes {
            let request = http.request(method.parse().unwrap(), format!("{}{path}", gateway.url()));
            let answer = request.bearer_auth(&token).send().await.unwrap();
            assert_eq!(
                answer.status().as_u16(),
                status,
                "{method} {path} after {:?}",
                outcomes[0]
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let asked = authorizer.log().text().matches("\"decision\":").count();
        assert_eq!(asked, first + 1);
        gateway.flush_cache();
    }
    authorizer.stop().await;
}

/// A row of the table: method, path and status.
fn outcome(row: &str) -> (&str, &str, u16) {
    let cells: Vec<&str> = row.split(['|', '`', ' ']).filter(|cell| !cell.is_empty()).collect();
    (cells[0], cells[1], cells[2].parse().unwrap())
}
