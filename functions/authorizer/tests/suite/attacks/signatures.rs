//! Signatures of ES256 in every form but the right one.

use super::{parts, wide};
use crate::issuer::{Key, Published, encoded};

/// The order of P-256's group.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// `ORDER - s`.
fn negated(s: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut difference: Vec<u8> = (0..32)
        .rev()
        .map(|at| {
            let value = i16::from(ORDER[at]) - i16::from(s[at]) - borrow;
            borrow = i16::from(value < 0);
            u8::try_from(value.rem_euclid(256)).unwrap()
        })
        .collect();
    difference.reverse();
    difference
}

/// `INTEGER`s in a `SEQUENCE`, as TLS writes a signature.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let mut value: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        if value[0] > 127 {
            value.insert(0, 0);
        }
        [vec![2, u8::try_from(value.len()).unwrap()], value].concat()
    };
    let both = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [vec![0x30, u8::try_from(both.len()).unwrap()], both].concat()
}

#[tokio::test]
async fn signatures_of_es256_have_one_form() {
    let key = Key::p256("one");
    let fixture = wide(&Published::new(&[&key])).await;
    let [header, payload, _] = parts(&key.good());
    let message = format!("{header}.{payload}");
    let signature = key.signature(message.as_bytes());
    let (r, s) = signature.split_at(32);
    let zero = [0_u8; 32];
    let mut one = zero;
    one[31] = 1;
    for odd in [
        [zero, zero].concat(),
        [&zero, s].concat(),
        [r, &zero].concat(),
        [one, one].concat(),
        [&ORDER, s].concat(),
        [r, &ORDER].concat(),
        [ORDER, ORDER].concat(),
        [[0xff; 32], [0xff; 32]].concat(),
        [s, r].concat(),
        der(&signature),
        signature[..63].to_vec(),
        signature[1..].to_vec(),
        [&[0], &signature[..]].concat(),
        [&signature[..], &[0]].concat(),
        [&[0; 16], r, &[0; 16], s].concat(),
        vec![0],
        vec![7; 96],
    ] {
        let token = format!("{message}.{}", encoded(&odd));
        assert_eq!(fixture.reason(&token).await, "bad_signature", "{odd:?}");
    }
    // The curve gives every signature a twin, and JWS does not say which is the right one. It says the same of the same
    // text, so whoever makes it has won nothing: nothing here is remembered by a token's spelling.
    let twin = [r, &negated(s)].concat();
    let token = format!("{message}.{}", encoded(twin));
    assert_eq!(fixture.reason(&token).await, "allow");
}
