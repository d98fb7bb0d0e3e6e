//! Forged tokens: parts of genuine ones put together otherwise, changed, and cut.

use proptest::prelude::*;

use super::{A, B, C, D, E, World, from};
use crate::issuer::encoded;

/// A forgery: parts of genuine tokens, a changed issuer, another key's name, a prefix, cut ends.
#[derive(Debug, Clone)]
struct Forgery {
    header: usize,
    payload: usize,
    signature: usize,
    issuer: Option<usize>,
    signed_by_stranger: bool,
    prefix: Option<&'static str>,
    cut: Option<(bool, usize)>,
}

fn forgery() -> impl Strategy<Value = Forgery> {
    let prefixes = prop::sample::select(vec!["ory_at_", "ory", "eyJ", "."]);
    (
        (1_usize..4, 1_usize..4, 1_usize..4),
        prop::option::of(0_usize..5),
        any::<bool>(),
        prop::option::weighted(0.2, prefixes),
        prop::option::weighted(0.3, (any::<bool>(), 1_usize..200)),
    )
        .prop_map(
            |((header, payload, signature), issuer, signed_by_stranger, prefix, cut)| Forgery {
                header,
                payload,
                signature,
                issuer,
                signed_by_stranger,
                prefix,
                cut,
            },
        )
}

impl World {
    fn forge(&self, forgery: &Forgery) -> String {
        let part = |which: usize, at: usize| self.genuine[which].0.split('.').nth(at).unwrap().to_owned();
        let header = part(forgery.header, 0);
        let payload = match forgery.issuer {
            None => part(forgery.payload, 1),
            Some(issuer) => encoded(from([A, B, C, D, E][issuer]).to_string()),
        };
        let message = format!("{header}.{payload}");
        let signature = match forgery.signed_by_stranger {
            true => encoded(self.stranger.signature(message.as_bytes())),
            false => part(forgery.signature, 2),
        };
        let mut token = format!("{}{message}.{signature}", forgery.prefix.unwrap_or_default());
        if let Some((from_front, by)) = forgery.cut {
            let by = by.min(token.len() - 1);
            token = if from_front {
                token.split_off(by)
            } else {
                token[..token.len() - by].to_owned()
            };
        }
        token
    }
}

#[test]
fn no_forged_swapped_or_cut_token_finds_a_server_that_believes_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = runtime.block_on(World::new(None));
    // The server that believes everything, in the name of its own issuer: what is sent to it passes, and nothing else may be.
    let gullible = runtime.block_on(World::new(Some(D)));
    // The same in the name of another's issuer: nothing that is sent to it may pass.
    let impostor = runtime.block_on(World::new(Some(B)));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(256));
    let passed = std::cell::Cell::new(0);
    runner
        .run(&forgery(), |forgery| {
            let token = world.forge(&forgery);
            let genuine = world.genuine.iter().find(|(known, _)| *known == token);
            let passes = runtime.block_on(world.passes(&token));
            prop_assert_eq!(
                passes.as_deref().ok(),
                genuine.map(|(_, issuer)| *issuer),
                "{:?}",
                passes
            );
            passed.set(passed.get() + usize::from(passes.is_ok()));

            let token = gullible.forge(&forgery);
            let genuine = gullible.genuine.iter().find(|(known, _)| *known == token);
            let passes = runtime.block_on(gullible.passes(&token));
            // Never in the name of another issuer, however it got there.
            let issuer = genuine.map_or(D, |(_, issuer)| *issuer);
            prop_assert!(
                passes.as_deref().is_ok_and(|passed| passed == issuer) || passes.is_err(),
                "{:?}",
                passes
            );

            let token = impostor.forge(&forgery);
            let genuine = impostor.genuine.iter().find(|(known, _)| *known == token);
            let passes = runtime.block_on(impostor.passes(&token));
            let expected = genuine.map(|(_, issuer)| *issuer).filter(|issuer| *issuer != D);
            prop_assert_eq!(passes.as_deref().ok(), expected, "{:?}", passes);
            Ok(())
        })
        .unwrap();
    assert!(passed.get() > 0, "some are put together right");
}
