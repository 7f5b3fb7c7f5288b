//! The program `vinimay`: every role of the exchange, one command each.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "test-clock")]
    service_kit_testing::obey_the_named_file();
    vinimay::cli::run()
}
