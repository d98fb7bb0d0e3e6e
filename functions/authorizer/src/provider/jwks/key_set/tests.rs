//! Documents of keys, good and odd.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Appendix A.1 of RFC 7517, without the members that do not matter.
const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

fn read(document: &Value) -> KeySet {
    KeySet::read(document.to_string().as_bytes()).unwrap_or_default()
}

#[test]
fn a_name_may_stand_for_keys_of_several_types() {
    let set = read(&json!({"keys": [
        {"kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "1"},
        {"kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "1", "alg": "ES256"},
        {"kty": "OKP", "crv": "Ed25519", "x": X, "kid": "1"},
        {"kty": "OKP", "crv": "Ed448", "x": X, "kid": "2"},
        {"kty": "oct", "k": X, "kid": "3"},
    ]}));
    let count = |kid, algorithm| set.of(kid, algorithm).count();
    assert_eq!(count("1", Algorithm::ES256), 2);
    assert_eq!(count("1", Algorithm::EdDSA), 1);
    for algorithm in [Algorithm::ES384, Algorithm::RS256, Algorithm::HS256] {
        assert_eq!(count("1", algorithm), 0);
    }
    assert!(set.knows("1") && !set.knows("2") && !set.knows("3") && !set.knows(""));
}

#[test]
fn numbers_of_rsa_are_bounded() {
    let key = |n: Vec<u8>, e: &[u8]| {
        let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
        read(&json!({"keys": [{"kty": "RSA", "n": n, "e": e, "kid": "1"}]})).knows("1")
    };
    let number = |first: u8, bytes: usize| {
        let mut number = vec![255; bytes];
        number[0] = first;
        number
    };
    assert!(key(number(128, 256), &[1, 0, 1]));
    assert!(!key(number(127, 256), &[1, 0, 1]), "2047 bits");
    assert!(key(number(255, 1024), &[3]));
    assert!(!key(number(1, 1025), &[3]), "8193 bits");
    // Zeros in front are no bits.
    assert!(key([vec![0], number(128, 256)].concat(), &[0, 1, 0, 1]));
    assert!(!key([vec![0; 128], number(128, 128)].concat(), &[1, 0, 1]));
    for e in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        assert!(!key(number(128, 256), e), "{e:?}");
    }
    assert!(!key(vec![], &[3]) && !key(vec![0; 300], &[3]));
}

proptest! {
    #[test]
    fn any_document_is_read_without_a_panic(
        text in "\\PC{0,60}",
        kty in prop::sample::select(vec!["RSA", "EC", "OKP", "oct", ""]),
        crv in prop::sample::select(vec!["P-256", "P-384", "Ed25519", "x"]),
        numbers in prop::collection::vec("[A-Za-z0-9_-]{0,50}", 4),
    ) {
        let _ = KeySet::read(text.as_bytes());
        let key = json!({"kty": kty, "crv": crv, "kid": "1", "n": numbers[0], "e": numbers[1], "x": numbers[2], "y": numbers[3]});
        let _ = read(&json!({"keys": [key]}));
    }
}
