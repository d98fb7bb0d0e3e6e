//! The floors' own rows.

use serde_json::Value;

use super::{Case, Frequency, Refused, expect};
use crate::session::Expected;
use crate::upstream::Route;

/// The floor of what calls nobody.
pub const FLOOR_ECHO: &str = "floor-echo";
/// The floor of what calls an upstream once.
pub const FLOOR_POST: &str = "floor-post";

pub(super) const CASES: &[Case] = &[
    Case {
        name: FLOOR_ECHO,
        binary: "floor-echo",
        floor: FLOOR_ECHO,
        event: super::authorizer::good_event,
        expected: Expected {
            error: false,
            needle: r#""type":"TOKEN""#,
        },
        check: check_echo,
        calls: None,
        sent: "",
        base: &[],
        plain: &[],
        secret: None,
        https: None,
        cold: true,
        divisor: 1,
    },
    Case {
        name: FLOOR_POST,
        binary: "floor-post",
        floor: FLOOR_POST,
        event: super::authorizer::good_event,
        expected: Expected {
            error: false,
            needle: r#"{"received":"#,
        },
        check: check_post,
        calls: Some((Route::Floor, Frequency::Each)),
        sent: "",
        base: &[("FLOOR_POST_URL", "{upstream}/floor")],
        plain: &[],
        secret: None,
        https: Some(Refused {
            variables: &[("FLOOR_POST_URL", "https://127.0.0.1:1/floor")],
            expected: Some(Expected {
                error: true,
                needle: r#""errorMessage":"#,
            }),
        }),
        cold: true,
        divisor: 1,
    },
];

fn check_echo(answer: &Value) -> Result<(), String> {
    let sent: Value = serde_json::from_str(&super::authorizer::good_event()).map_err(|error| error.to_string())?;
    expect(answer, "", &sent)
}

fn check_post(answer: &Value) -> Result<(), String> {
    match answer.pointer("/received").and_then(Value::as_u64) {
        Some(received) if received > 100 => Ok(()),
        _ => Err(format!("{answer} is not what the upstream sent")),
    }
}
