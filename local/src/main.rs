//! The command `local`: the suite on this machine.

use std::process::ExitCode;

fn main() -> ExitCode {
    local::cli::main()
}
