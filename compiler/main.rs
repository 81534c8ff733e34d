//! The `mediac` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    mediac::cli::main()
}
