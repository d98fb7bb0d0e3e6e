//! A property that is tried on random cases; a failure tells the number by which the same cases come again.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Checks so many cases. The variable named `seed` can be set to the number that a failure printed, to see that failure
/// again; `shown` tells of the case that failed.
pub(crate) fn holds<S: Strategy>(
    seed: &str,
    cases: u32,
    strategy: &S,
    shown: impl Fn(&S::Value) -> String,
    check: impl AsyncFn(&S::Value) -> Result<(), TestCaseError>,
) {
    let number = match std::env::var(seed) {
        Ok(number) => number.parse().expect("a number"),
        Err(_) => std::time::UNIX_EPOCH.elapsed().expect("a time").as_micros() as u64,
    };
    let config = Config {
        cases,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let bytes: Vec<u8> = number.to_le_bytes().repeat(4);
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runner.run(strategy, |case| runtime.block_on(check(&case))) {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\n{}\nagain: {seed}={number}", shown(&case)),
        Err(error) => panic!("{error}\nagain: {seed}={number}"),
    }
}
