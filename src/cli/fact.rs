//! `vinimay gateway fact`: what schemes need to know and nobody has said.

use clap::Subcommand;
use gateway::fetching::commands::unknown;
use service_kit::clock::Clock;

use super::{
    gateway::Config,
    output::{Failure, print_json},
    server::block_on,
};

/// What can be done about facts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Facts that were asked for and did not come: whose, why, and when they are asked for again.
    #[command(after_help = "Example:\n  vinimay gateway fact unknown --most 20")]
    Unknown {
        #[command(flatten)]
        config: Config,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        most: u32,
    },
}

/// Runs the command.
pub fn run(command: Command, clock: &Clock) -> Result<(), Failure> {
    match command {
        Command::Unknown { config, most } => {
            let found = block_on(async { Ok(unknown(config.path(), most, clock).await?) })?;
            Ok(print_json(&found)?)
        }
    }
}
