//! The program `vinimay`: every role of the exchange, one command each.

use std::process::ExitCode;

fn main() -> ExitCode {
    vinimay::cli::run()
}
