//! The driver against real processes: the floors as the dev profile builds them, and rows that must fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bench::cases::{Case, Configuration, FLOOR_ECHO, FLOOR_POST, Frequency, all};
use bench::measure::Stage;
use bench::session::Expected;
use bench::upstream::Route;

/// A stage for one test: tests run at the same time, and a Runtime API serves one process.
fn stage(name: &str) -> Stage {
    let bin_dir = Path::new(env!("CARGO_BIN_EXE_floor-echo"))
        .parent()
        .unwrap()
        .to_path_buf();
    let errors = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.log"));
    Stage::start(bin_dir, errors).unwrap()
}

fn case(name: &str) -> Case {
    all().into_iter().find(|case| case.name == name).unwrap()
}

#[test]
fn floors_are_measured() {
    let stage = stage("measured");
    for floor in [FLOOR_ECHO, FLOOR_POST] {
        let case = case(floor);
        let cold = stage.cold(&case, Configuration::Plain).unwrap();
        assert!(
            cold.response > cold.first_next && cold.response_cpu > cold.first_next_cpu,
            "{cold:?}"
        );
        assert!(cold.first_next_cpu > Duration::ZERO, "{cold:?}");
        let warm = stage.warm(&case, Duration::ZERO, 10, 50).unwrap();
        assert!(warm.p50_us > 0.0 && warm.p99_us >= warm.p50_us && warm.per_second > 0.0 && warm.cpu_ms > 0.0);
        let peaks = stage.memory(&case, &[10, 20]).unwrap();
        assert!(peaks[0] > 1_000 && peaks[1] >= peaks[0], "{peaks:?}");
    }
    let delayed = stage.warm(&case(FLOOR_POST), Duration::from_millis(20), 1, 3).unwrap();
    assert!(delayed.p50_us >= 20_000.0, "{delayed:?}");
    let https = stage.cold(&case(FLOOR_POST), Configuration::Https).unwrap();
    assert!(https.response > https.first_next, "{https:?}");
}

#[test]
fn a_wrong_row_fails() {
    let stage = stage("wrong");
    let post = case(FLOOR_POST);
    for (wrong, told) in [
        (
            Case { calls: None, ..post },
            "upstreams were called that this row does not need",
        ),
        (
            Case {
                calls: Some((Route::Slack, Frequency::Each)),
                ..post
            },
            "3 calls were expected and 0 came",
        ),
        (
            Case {
                calls: Some((Route::Floor, Frequency::Once)),
                ..post
            },
            "1 calls were expected and 3 came",
        ),
        (
            Case {
                expected: Expected {
                    needle: "\"sent\":",
                    ..post.expected
                },
                ..post
            },
            "no \"sent\": in the answer",
        ),
        (
            Case {
                expected: Expected {
                    error: true,
                    ..post.expected
                },
                ..post
            },
            "answered at ",
        ),
        (
            Case {
                check: |_| Err("not what it must be".to_owned()),
                ..post
            },
            "not what it must be",
        ),
        (
            Case {
                base: &[("FLOOR_POST_URL", "{upstream}/elsewhere")],
                ..post
            },
            "POST is not expected there",
        ),
        (Case { base: &[], ..post }, "NotPresent"),
        (
            Case {
                binary: "no-such-floor",
                ..post
            },
            "No such file",
        ),
    ] {
        let failure = stage.warm(&wrong, Duration::ZERO, 1, 2).unwrap_err();
        assert!(
            failure.starts_with("floor-post: ") && failure.contains(told),
            "{failure}"
        );
    }
    let unread = Case {
        secret: Some(&[]),
        ..post
    };
    let failure = stage.cold(&unread, Configuration::Secret).unwrap_err();
    assert_eq!(failure, "floor-post: 1 reads of a secret were expected and 0 came");
}
