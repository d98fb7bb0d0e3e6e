//! One function with the settings that the template gives it, and what CloudWatch would get to see of each call.

use std::collections::BTreeMap;
use std::time::Duration;

use local::function::{Attributes, Function, FunctionOptions, Invoked, Run, Source};
use serde_json::Value;
use tests::template::stack::{Stack, members, text};
use tests::tidy::{root, template};
use tests::watch::metrics::Period;

use crate::stage::binaries;

/// The stack as the repository's template makes it from its defaults.
pub(super) fn the_stack() -> Stack {
    stack_of(&std::fs::read_to_string(root().join("template.yaml")).unwrap())
}

pub(super) fn stack_of(template: &str) -> Stack {
    Stack::new(
        &template::parse(template).unwrap(),
        &[("VpcId", "vpc-0123456789abcdef0")],
    )
}

/// A function whose time runs so many times faster than a clock's, so that nobody waits for its time limit.
pub(super) struct Actor {
    function: Function,
    resource: &'static str,
    faster: u32,
    lines: usize,
}

impl Actor {
    /// A function by its folder and its resource, in its deployed time.
    pub(super) fn new(folder: &str, resource: &'static str, variables: &[(&str, String)]) -> Self {
        Self::faster(1, folder, resource, variables)
    }

    /// The same in another time: its time limit and all its variables in milliseconds shrink.
    pub(super) fn faster(faster: u32, folder: &str, resource: &'static str, variables: &[(&str, String)]) -> Self {
        Self::with(faster, folder, resource, variables, |options| options)
    }

    pub(super) fn with(
        faster: u32,
        folder: &str,
        resource: &'static str,
        variables: &[(&str, String)],
        change: impl FnOnce(FunctionOptions) -> FunctionOptions,
    ) -> Self {
        let stack = the_stack();
        let properties = &stack.resources[resource]["Properties"];
        let mut environment = BTreeMap::new();
        for (name, value) in members(&properties["Environment"]["Variables"]) {
            let value = match text(value) {
                // Secrets that the stack would make.
                token if token.starts_with("${") => String::new(),
                millis if name.ends_with("_MS") => (millis.parse::<u32>().unwrap() / faster).to_string(),
                value => value,
            };
            environment.insert(name.to_owned(), value);
        }
        for (name, value) in variables {
            environment.insert((*name).to_owned(), value.clone());
        }
        let limit = Duration::from_secs(text(&properties["Timeout"]).parse().unwrap());
        let options = FunctionOptions {
            timeout: limit / faster,
            environment,
            ..FunctionOptions::new(folder, binaries().join(folder))
        };
        Self {
            function: Function::new(change(options)),
            resource,
            faster,
            lines: 0,
        }
    }

    /// Three periods in each of which these events come.
    pub(super) async fn three(&mut self, events: &[Value]) -> Vec<Period> {
        let mut periods = Vec::new();
        for _ in 0..3 {
            periods.push(self.period(events).await);
        }
        periods
    }

    /// A period in which these events come, one after the other.
    pub(super) async fn period(&mut self, events: &[Value]) -> Period {
        let mut period = Period::default();
        for event in events {
            let run = self.function.run(event.to_string().into(), Attributes::default()).await;
            self.count(&run, &mut period).await;
        }
        self.read_lines(&mut period);
        period
    }

    /// A period in which this event comes so often at a time.
    pub(super) async fn at_a_time(&mut self, event: &Value, times: usize) -> Period {
        let mut period = Period::default();
        let running: Vec<_> = (0..times)
            .map(|_| {
                let (function, event) = (self.function.clone(), event.to_string());
                tokio::spawn(async move { function.run(event.into(), Attributes::default()).await })
            })
            .collect();
        for run in running {
            let run = run.await.unwrap();
            self.count(&run, &mut period).await;
        }
        self.read_lines(&mut period);
        period
    }

    /// Lambda's own metrics of a call
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>): a throttled one is no invocation.
    async fn count(&self, run: &Run, period: &mut Period) {
        // What it printed is read before it is looked at.
        run.lines().await;
        let throttled = run.outcome == Invoked::Throttled;
        let mut add = |name, value| period.add_of_lambda(name, self.resource, value);
        add("Throttles", f64::from(u8::from(throttled)));
        if throttled {
            return;
        }
        let failed = !matches!(run.outcome, Invoked::Response(_));
        add("Invocations", 1.0);
        add("Errors", f64::from(u8::from(failed)));
        add("Duration", run.took.as_secs_f64() * 1000.0 * f64::from(self.faster));
    }

    fn read_lines(&mut self, period: &mut Period) {
        let lines = self.function.log().lines();
        let new = lines.iter().skip(self.lines);
        for line in new.filter(|line| line.source == Source::Stdout) {
            period.add_line(&line.text).unwrap();
        }
        self.lines = lines.len();
    }
}
