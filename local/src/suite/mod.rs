//! The whole suite: the functions' processes, what stands before them and what they talk to.

mod addresses;
pub mod defaults;
mod fronts;
mod options;
pub(crate) mod permissions;
mod plan;
mod ports;
mod standins;
mod start;

use std::{fmt, future::Future, path::PathBuf};

use tempfile::TempDir;

pub use self::{
    addresses::{Addresses, AddressesFile, InvokerRoute, OauthClientAddress},
    fronts::Fronts,
    options::{Credentials, FunctionSettings, Options},
    permissions::Permissions,
    standins::StandIns,
};
use crate::function::{Function, InitFailure, LogLine};

/// The running suite. Dropping it kills the functions' processes and closes every listener; [`Suite::stop`] also
/// waits for that.
#[derive(Debug)]
pub struct Suite {
    addresses: Addresses,
    functions: Vec<Function>,
    fronts: Fronts,
    stand_ins: StandIns,
    /// Holds the authority's certificate; removed with the suite.
    #[expect(dead_code, reason = "kept for its drop")]
    folder: TempDir,
}

impl Suite {
    /// Starts everything and returns once every function waits for its first event.
    ///
    /// # Errors
    /// A taken port, a missing binary, a function that does not start. Nothing is left running then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        start::start(options, std::future::pending()).await
    }

    /// As [`Suite::start`], given up as soon as `stop` is done.
    ///
    /// # Errors
    /// Those of [`Suite::start`], and [`StartError::Stopped`].
    pub async fn start_until(options: Options, stop: impl Future<Output = ()>) -> Result<Self, StartError> {
        start::start(options, stop).await
    }

    /// Where everything listens, and the secrets that are needed to try it.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// A function by name, to invoke it directly.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name() == name)
    }

    /// What the processes of a function printed; nothing for an unknown name.
    #[must_use]
    pub fn logs(&self, function: &str) -> Vec<LogLine> {
        self.function(function)
            .map(|function| function.log().lines())
            .unwrap_or_default()
    }

    /// What stands before the functions.
    #[must_use]
    pub fn fronts(&self) -> &Fronts {
        &self.fronts
    }

    /// What the functions talk to, as far as it is a stand-in.
    #[must_use]
    pub fn stand_ins(&self) -> &StandIns {
        &self.stand_ins
    }

    /// Closes the listeners, kills the functions' processes and waits until they are gone.
    pub async fn stop(self) {
        let Self { functions, fronts, .. } = self;
        drop(fronts);
        for function in functions {
            function.stop().await;
        }
    }
}

/// Why the suite did not start.
#[derive(Debug)]
pub enum StartError {
    /// A port is in use.
    PortTaken {
        /// The port.
        port: u16,
        /// What should have listened there: a name of [`Addresses`].
        name: &'static str,
    },
    /// The consecutive ports do not fit below 65536.
    PortBase(u16),
    /// A function's binary is not there.
    NoBinary(PathBuf),
    /// Options that do not go together, as a sentence.
    Options(String),
    /// A function did not get ready.
    Init(Box<InitFailure>),
    /// The start was given up.
    Stopped,
    /// Anything else of this machine, as a sentence.
    Machine(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortTaken { port, name } => write!(
                f,
                "port {port} for {name} is taken: set LOCAL_PORT_BASE to the first of {} free ports, or to 0 for any",
                ports::COUNT
            ),
            Self::PortBase(base) => {
                write!(
                    f,
                    "LOCAL_PORT_BASE is {base}: {} ports from there on are needed below 65536",
                    ports::COUNT
                )
            }
            Self::NoBinary(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let name = if name == plan::DEMO_BINARY {
                    "local".into()
                } else {
                    name
                };
                write!(f, "{} is missing: build it with cargo build -p {name}", path.display())
            }
            Self::Stopped => f.write_str("stopped before everything was ready"),
            Self::Options(sentence) | Self::Machine(sentence) => f.write_str(sentence),
            Self::Init(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}
