//! Keto behind the certificate of a private authority, beside two authorization servers that it says nothing of.

use local::standin::{Hydra, HydraOptions, Keto};
use serde_json::json;

use crate::door::Door;
use crate::stage::listener;
use crate::terminator::Terminator;

#[tokio::test(flavor = "multi_thread")]
async fn keto_behind_a_private_authority_beside_several_servers() {
    let hydra = || async { Hydra::start(listener().await, listener().await, HydraOptions::default()).unwrap() };
    let (one, two) = (hydra().await, hydra().await);
    let keto = Keto::start(listener().await, listener().await, &["api"]).unwrap();
    // Of two users of one name the first may read.
    keto.permit("api", "resources:hello", "read", "one|alice");
    let tls = Terminator::before(&keto.read_url()).await;
    let entry = |name: &str, prefix: &str, hydra: &Hydra| {
        json!({"name": name, "kind": "introspection", "token_prefix": prefix, "issuers": [hydra.public_url()],
               "introspection_url": format!("{}/admin/oauth2/introspect", hydra.admin_url()),
               "principal_prefix": format!("{name}|")})
    };
    let mint = |hydra: &Hydra| {
        let told = json!({"active": true, "sub": "alice", "scope": "hello", "iss": hydra.public_url()});
        hydra.mint(&told).unwrap()
    };
    // The stand-ins' tokens begin alike: a letter of each tells them apart.
    let (first, mut second) = (mint(&one), mint(&two));
    while second.as_bytes().get(7) == first.as_bytes().get(7) {
        second = mint(&two);
    }
    let (prefix_one, prefix_two) = (&first[..8], &second[..8]);
    let providers = json!([entry("one", prefix_one, &one), entry("two", prefix_two, &two)]).to_string();
    let url = format!("{}/relation-tuples/check", tls.url());
    let variables = [
        ("AUTHZ_PROVIDERS", providers.as_str()),
        ("AUTHZ_PERMISSION_CHECK", "keto"),
        ("AUTHZ_PERMISSION_URL", url.as_str()),
        ("AUTHZ_KETO_NAMESPACE", "api"),
    ];
    let strict = Door::with(&variables).await;
    assert_eq!(strict.status(&first).await, 500);
    assert!(strict.log().contains("\"reason\":\"upstream_tls\""), "{}", strict.log());
    assert!(keto.calls().is_empty());

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, tls.authority()).unwrap();
    for bundle in [tls.authority(), file.to_str().unwrap()] {
        let trusting = Door::with(&[&variables[..], &[("AUTHZ_PERMISSION_CA_BUNDLE", bundle)]].concat()).await;
        let answers = (trusting.status(&first).await, trusting.status(&second).await);
        assert_eq!(answers, (200, 403), "{}", trusting.log());
    }
    let subjects: Vec<_> = keto
        .calls()
        .iter()
        .map(|call| call.json["subject_id"].clone())
        .collect();
    assert_eq!(subjects, ["one|alice", "two|alice", "one|alice", "two|alice"]);
}
