//! `vinimay gateway journal`: is the journal of a roll whole, and how stood the roll on a day.

use clap::Subcommand;
use gateway::rolls::commands::{journal_replay, journal_verify};
use registry_adapter::mapping::RollId;
use schemas::time::CivilDate;
use serde_json::json;
use service_kit::clock::Clock;

use super::{
    gateway::Config,
    output::{Failure, print, print_json, say},
    server::block_on,
};

/// What can be done with journals.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Name every edited, deleted or missing entry and every row that others changed, with the time in which it happened.
    #[command(after_help = "Example:\n  vinimay gateway journal verify social.pension")]
    Verify {
        #[command(flatten)]
        config: Config,
        /// The roll, as the mapping names it.
        roll: RollId,
    },
    /// Make the roll of any day again from its journal: one line of JSON a row.
    #[command(after_help = "Example:\n  vinimay gateway journal replay social.pension --day 2026-11-20")]
    Replay {
        #[command(flatten)]
        config: Config,
        /// The roll, as the mapping names it.
        roll: RollId,
        /// As at the end of this day; today, if not given.
        #[arg(long, value_name = "DATE")]
        day: Option<CivilDate>,
        /// Only how many rows, and the digest over the lines.
        #[arg(long)]
        digest: bool,
    },
}

/// Runs the command.
pub fn run(command: Command, clock: &Clock) -> Result<(), Failure> {
    match command {
        Command::Verify { config, roll } => {
            let found = block_on(async { Ok(journal_verify(config.path(), &roll, clock).await?) })?;
            print_json(&found)?;
            if found.is_empty() {
                say("the journal is whole, and the roll is as it tells");
                return Ok(());
            }
            let what = format!(
                "{} findings; mend: keep database and backups as they are, and ask who changed them",
                found.len()
            );
            Err(Failure::new(1, anyhow::anyhow!(what)))
        }
        Command::Replay { config, roll, day, digest } => {
            let replayed = block_on(async { Ok(journal_replay(config.path(), &roll, day, clock).await?) })?;
            if digest {
                return Ok(print_json(&json!({ "rows": replayed.len(), "digest": replayed.digest() }))?);
            }
            Ok(print(replayed.to_lines().trim_end())?)
        }
    }
}
