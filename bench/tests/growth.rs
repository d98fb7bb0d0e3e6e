//! The measurement of growth against real processes: a floor with several workers, and points that must fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bench::event::KEY;
use bench::growth::fit::Word;
use bench::growth::probe::Stage;
use bench::growth::series::{Called, Point, Series};
use bench::upstream::Route;

const BUDGET: Duration = Duration::from_millis(20);

fn stage(name: &str) -> Stage {
    let bin_dir = Path::new(env!("CARGO_BIN_EXE_floor-post")).parent().unwrap();
    let errors = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.log"));
    Stage::start(bin_dir.to_path_buf(), errors).unwrap()
}

/// floor-post with as many workers as the size says, and three different events.
fn post(workers: u64) -> Point {
    Point {
        variables: vec![("FLOOR_POST_URL", "{upstream}/floor".to_owned())],
        event: format!(r#"{{"key":"{KEY}"}}"#),
        keys: 3,
        workers: workers as usize,
        delay: Duration::from_millis(5),
        needle: r#"{"received":"#,
        sent: r#"{"key":"0000000"#,
        sent_bytes: 18,
        calls: (Route::Floor, Called::Each),
    }
}

const POST: Series = Series {
    name: "floor-post, invocations at a time",
    unit: "invocations",
    binary: "floor-post",
    sizes: &[1, 4, 16],
    goal: Word::Flat,
    point: post,
    check: |_, _| Ok(()),
};

#[test]
fn workers_wait_for_their_upstream_at_the_same_time() {
    let stage = stage("workers");
    let one = stage.measure(&POST, 1, BUDGET).unwrap();
    let sixteen = stage.measure(&POST, 16, BUDGET).unwrap();
    for reading in [one, sixteen] {
        assert!(reading.p50_us >= 5_000.0 && reading.cpu_us > 0.0, "{reading:?}");
    }
    assert!(one.per_second <= 200.0, "{one:?}");
    assert!(sixteen.per_second > 2.0 * one.per_second, "{one:?}, {sixteen:?}");
}

/// A point that must fail, and what is told then.
type Wrong = (fn(u64) -> Point, &'static str);

#[test]
fn a_wrong_point_fails() {
    let stage = stage("points");
    let wrong: [Wrong; 6] = [
        (
            |n| Point {
                needle: "nothing of this kind",
                ..post(n)
            },
            "no nothing of this kind in the answer",
        ),
        (
            |n| Point {
                sent: "another key",
                ..post(n)
            },
            "no another key in",
        ),
        (
            |n| Point {
                sent_bytes: 1_000,
                ..post(n)
            },
            "bytes came, not 1000",
        ),
        (
            |n| Point {
                calls: (Route::Slack, Called::Each),
                ..post(n)
            },
            "calls were expected",
        ),
        (
            |n| Point {
                calls: (Route::Floor, Called::ByKey),
                ..post(n)
            },
            "3 calls were expected",
        ),
        (
            |n| Point {
                variables: Vec::new(),
                ..post(n)
            },
            "the function ended",
        ),
    ];
    for (point, told) in wrong {
        let failure = stage.measure(&Series { point, ..POST }, 2, BUDGET).unwrap_err();
        assert!(failure.starts_with(POST.name) && failure.contains(told), "{failure}");
    }
    let check = Series {
        check: |size, _| Err(format!("not {size}")),
        ..POST
    };
    assert!(stage.measure(&check, 2, BUDGET).unwrap_err().contains("not 2"));
    let gone = Series {
        binary: "no-such-floor",
        ..POST
    };
    assert!(stage.measure(&gone, 2, BUDGET).unwrap_err().contains("No such file"));
}
