//! The template's alarms and dashboard on what the real binaries emit: good days, and a fault for each alarm. A template
//! that watches anything else, or in another way, is found out.

mod actor;
mod authorizer;
mod hipchat_proxy;
mod lambda_invoker;

use std::sync::LazyLock;

use local::function::FunctionOptions;
use tests::tidy::root;
use tests::watch::{Scenario, faults};

use actor::stack_of;

/// One event at a time, and no other waits.
fn no_queue(options: FunctionOptions) -> FunctionOptions {
    FunctionOptions { queue: 0, ..options }
}

/// All that happened; lived through once for all tests here.
static DAYS: LazyLock<Vec<Scenario>> = LazyLock::new(|| {
    let live = || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(days())
    };
    // Not within a test's own runtime.
    std::thread::scope(|scope| scope.spawn(live).join().unwrap())
});

async fn days() -> Vec<Scenario> {
    let (one, two, three) = tokio::join!(
        async {
            let quick = tokio::join!(authorizer::well(), authorizer::overloaded(), authorizer::gone());
            let more = tokio::join!(
                authorizer::other_answers(),
                authorizer::refused(),
                authorizer::untrusted()
            );
            let rest = tokio::join!(authorizer::slow(), authorizer::stale(), authorizer::no_keys());
            let last = tokio::join!(authorizer::denied(), authorizer::throttled());
            vec![
                quick.0, quick.1, quick.2, more.0, more.1, more.2, rest.0, rest.1, rest.2, last.0, last.1,
            ]
        },
        async {
            let quick = tokio::join!(
                hipchat_proxy::well(),
                hipchat_proxy::overloaded(),
                hipchat_proxy::refused()
            );
            let more = tokio::join!(
                hipchat_proxy::slow(),
                hipchat_proxy::strangers(),
                hipchat_proxy::flood()
            );
            let rest = tokio::join!(
                hipchat_proxy::broken(),
                hipchat_proxy::bad_directory(),
                hipchat_proxy::throttled()
            );
            vec![
                quick.0, quick.1, quick.2, more.0, more.1, more.2, rest.0, rest.1, rest.2,
            ]
        },
        async {
            let quick = tokio::join!(
                lambda_invoker::well(),
                lambda_invoker::failing(),
                lambda_invoker::circuit()
            );
            let more = tokio::join!(
                lambda_invoker::slow(),
                lambda_invoker::no_credentials(),
                lambda_invoker::broken()
            );
            let rest = tokio::join!(lambda_invoker::bad_table(), lambda_invoker::throttled());
            vec![quick.0, quick.1, quick.2, more.0, more.1, more.2, rest.0, rest.1]
        }
    );
    one.into_iter().chain(two).chain(three).collect()
}

#[test]
fn every_alarm_goes_off_at_its_fault_alone_and_every_widget_shows_something() {
    let faults = faults(&actor::the_stack(), &DAYS);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// One way to break the template: a text of it, what takes its place everywhere, and the fault that must be found.
type Break = (&'static str, &'static str, &'static str);

const BREAKS: &[Break] = &[
    // Names of nothing.
    (
        "MetricName: StaleHits",
        "MetricName: StaleHit",
        "AuthorizerStaleAlarm: nobody emits LambdaSuite StaleHit",
    ),
    (
        "MetricName: MessagesFailed",
        "MetricName: MessagesLost",
        "HipchatProxyFailedAlarm: nobody emits",
    ),
    (
        "        - {Name: reason, Value: circuit_open}",
        "        - {Name: reason, Value: circuit_closed}",
        "LambdaInvokerCircuitAlarm: keeps quiet at: the target is left alone",
    ),
    (
        "        - {Name: outcome, Value: upstream_error}\n        - {Name: reason, Value: circuit_open}",
        "        - {Name: reason, Value: circuit_open}",
        "LambdaInvokerCircuitAlarm: nobody emits",
    ),
    (
        "      Namespace: LambdaSuite\n",
        "      Namespace: Suite\n",
        "AuthorizerErrorsAlarm: nobody emits Suite Requests",
    ),
    (
        "\"SlackMs\"",
        "\"SlackTime\"",
        "Dashboard: nobody emits LambdaSuite SlackTime",
    ),
    (
        "\"${AuthorizerFunction}:live\"",
        "\"${AuthorizerFunction}\"",
        "Dashboard: nobody emits AWS/Lambda Invocations",
    ),
    (
        "{Name: Resource, Value: !Sub \"${HipchatProxyFunction}:live\"}",
        "{Name: Resource, Value: live}",
        "HipchatProxyErrorsAlarm: nobody emits",
    ),
    // Thresholds that nothing reaches, or that good days do.
    (
        "      Threshold: 2800\n",
        "      Threshold: 4800\n",
        "AuthorizerDurationAlarm: keeps quiet at: the authorization server hangs",
    ),
    (
        "      Threshold: 48000\n",
        "      Threshold: 60000\n",
        "LambdaInvokerDurationAlarm: keeps quiet at: the target hangs",
    ),
    (
        "      Threshold: 8000\n",
        "      Threshold: 1\n",
        "HipchatProxyDurationAlarm: goes off at: messages arrive",
    ),
    (
        "      Threshold: 50\n",
        "      Threshold: 5\n",
        "AuthorizerDeniedAlarm: goes off at: the authorizer decides",
    ),
    (
        "      Threshold: 50\n",
        "      Threshold: 500\n",
        "HipchatProxyDeniedAlarm: keeps quiet at: tokens that nobody knows",
    ),
    // Other ways to look.
    (
        "ComparisonOperator: GreaterThanThreshold",
        "ComparisonOperator: LessThanThreshold",
        "AuthorizerUpstreamAlarm: goes off at: the authorizer decides",
    ),
    (
        "TreatMissingData: notBreaching",
        "TreatMissingData: breaching",
        "AuthorizerThrottlesAlarm: goes off at: no traffic",
    ),
    (
        "DatapointsToAlarm: 2",
        "DatapointsToAlarm: 3",
        "HipchatProxyDurationAlarm: keeps quiet at: Slack hangs",
    ),
    (
        "      Statistic: Sum\n",
        "      Statistic: Minimum\n",
        "AuthorizerThrottlesAlarm: keeps quiet at",
    ),
    (
        "      ExtendedStatistic: p99\n",
        "      ExtendedStatistic: p50\n",
        "LambdaInvokerDurationAlarm: keeps quiet at: the target hangs",
    ),
    (
        "      Period: 300\n",
        "      Period: 60\n",
        "AuthorizerErrorsAlarm: : looks at periods of 60 s",
    ),
    (
        "FILL(tls, 0)",
        "FILL(tsl, 0)",
        "AuthorizerUpstreamAlarm: no metric has the id \"tsl\"",
    ),
    (
        "FILL(tls, 0)",
        "tls",
        "AuthorizerUpstreamAlarm: keeps quiet at: the authorization server answers 503",
    ),
    (
        ">= 20, 100 *",
        ">= 20000, 100 *",
        "LambdaInvokerErrorRateAlarm: keeps quiet at: the target answers 500",
    ),
    (
        "  AuthorizerKeysAlarm:\n",
        "  AuthorizerJwksAlarm:\n",
        "AuthorizerKeysAlarm: there is no such alarm",
    ),
    (
        "  AuthorizerKeysAlarm:\n",
        "  AuthorizerJwksAlarm:\n",
        "AuthorizerJwksAlarm: no fault is tried that it is for",
    ),
];

#[test]
fn a_template_that_watches_something_else_is_found_out() {
    let whole = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    for (text, other, words) in BREAKS {
        assert!(whole.contains(text), "the template no longer has {text:?}");
        let found = faults(&stack_of(&whole.replace(text, other)), &DAYS);
        assert!(
            found.iter().any(|fault| fault.contains(words)),
            "{text:?} was broken, and {words:?} is not among:\n{}",
            found.join("\n")
        );
    }
}
