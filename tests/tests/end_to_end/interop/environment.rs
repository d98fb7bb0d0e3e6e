//! Where the packages of the interop tests are installed, and how a program from there is started.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// One installed environment: `tests/interop/<name>/` holds its pins and its programs.
pub(crate) struct Environment {
    name: &'static str,
}

impl Environment {
    /// The environment of this name. One that is missing or stale fails the test: a skipped test would look green.
    pub(crate) fn new(name: &'static str) -> Self {
        let environment = Self { name };
        assert!(
            environment.installed().join("stamp").is_file(),
            "tests/interop/{name} is not installed: run .ci/interop (make test does)"
        );
        environment
    }

    /// Where its packages are: a Python virtual environment, a folder with `node_modules`, or both in one.
    pub(crate) fn installed(&self) -> PathBuf {
        root().join(".tools/interop").join(self.name)
    }

    /// A file of ours that runs inside it.
    pub(crate) fn program(&self, file: &str) -> PathBuf {
        root().join("tests/interop").join(self.name).join(file)
    }

    /// Its Python running one of our programs; the child dies with the test.
    pub(crate) fn python(&self, file: &str) -> Command {
        let mut command = command(self.installed().join("bin/python"));
        // -B: nothing is written beside the sources.
        command.arg("-B").arg(self.program(file));
        command
    }

    /// A program that was built as the environment was installed; the child dies with the test.
    pub(crate) fn built(&self, program: &str) -> Command {
        command(self.installed().join(program))
    }

    /// Node running one of our programs, with this environment's `node_modules` to import from by `createRequire` on
    /// `NODE_MODULES_OF`; the child dies with the test.
    pub(crate) fn node(&self, file: &str) -> Command {
        let mut command = command(PathBuf::from("node"));
        command
            .arg(self.program(file))
            .env("NODE_PATH", self.installed().join("node_modules"))
            .env("NODE_MODULES_OF", self.installed());
        command
    }
}

/// A shell script of ours, run by this machine's own programs; the child dies with the test.
pub(crate) fn script(path: &Path) -> Command {
    let mut command = command(PathBuf::from("bash"));
    command.arg(path);
    command
}

/// A child that inherits neither the proxies nor the cloud settings of whoever runs the tests.
fn command(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    command.kill_on_drop(true).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        let lower = name.to_ascii_lowercase();
        if lower.ends_with("_proxy") || lower.starts_with("aws_") || lower.starts_with("python") {
            command.env_remove(name);
        }
    }
    command
}
