//! `vinimay gateway overlap`: whom two rolls both have, under a registered law.

use clap::{Args, Subcommand};
use gateway::{
    break_glass::Reason,
    overlap::{
        Order,
        commands::{compare, list, settle, show},
    },
    store::overlap::marks::Finding,
};
use schemas::id::{CaseId, DatasetId, EntityId, FieldName, LawId, MessageId, SystemName};
use serde_json::json;
use service_kit::clock::Clock;

use super::{
    gateway::Config,
    output::{Failure, print_json},
    server::block_on,
};

/// What can be done with comparisons.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare a roll with another department's. Both learn whom both have, and nothing of anybody else; nobody is held or removed.
    #[command(
        after_help = "Example:\n  vinimay gateway overlap compare --with https://food.gov.example --law nfsa-2013-s12 --roll social.pension --officer officer-7 --case SW-2026-118"
    )]
    Compare(Box<Compare>),
    /// Comparisons, the newest first, of both sides.
    List {
        #[command(flatten)]
        config: Config,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        most: u32,
    },
    /// One comparison: its numbers, our own numbers of those who were found, and what both sides signed.
    Show {
        #[command(flatten)]
        config: Config,
        /// The comparison.
        id: MessageId,
    },
    /// Write down what an officer found about one who stands on both rolls. It changes no roll.
    #[command(
        after_help = "Example:\n  vinimay gateway overlap settle 0193… --officer officer-7 --finding nothing --reason \"Both are hers by right: a pension and a card.\""
    )]
    Settle {
        #[command(flatten)]
        config: Config,
        /// The mark, as `overlap show` has it.
        mark: MessageId,
        /// Who looked, by pseudonym.
        #[arg(long)]
        officer: SystemName,
        /// nothing, or pursued: by the department's own procedure, with notice and hearing.
        #[arg(long)]
        finding: Finding,
        /// Why, in a sentence.
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: Reason,
    },
}

/// What is compared.
#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    config: Config,
    /// With whom.
    #[arg(long, value_name = "ENTITY")]
    with: EntityId,
    /// Under which registered law.
    #[arg(long)]
    law: LawId,
    /// The own roll, as the mapping names it.
    #[arg(long)]
    roll: DatasetId,
    /// By which identifier; needed only where the law names more than one.
    #[arg(long)]
    identifier: Option<FieldName>,
    /// Who answers for it, by pseudonym.
    #[arg(long)]
    officer: SystemName,
    /// The case.
    #[arg(long)]
    case: CaseId,
}

fn reason(text: &str) -> Result<Reason, String> {
    text.parse().map_err(|_| "say why in a sentence".to_owned())
}

/// Runs the command.
pub fn run(command: Command, clock: &Clock) -> Result<(), Failure> {
    match command {
        Command::Compare(command) => {
            let Compare { config, with, law, roll, identifier, officer, case } = *command;
            let order = Order { with, law, roll, identifier, officer, case };
            Ok(print_json(&block_on(async { Ok(compare(config.path(), order, clock).await?) })?)?)
        }
        Command::List { config, most } => {
            Ok(print_json(&block_on(async { Ok(list(config.path(), most, clock).await?) })?)?)
        }
        Command::Show { config, id } => {
            Ok(print_json(&block_on(async { Ok(show(config.path(), &id, clock).await?) })?)?)
        }
        Command::Settle { config, mark, officer, finding, reason } => {
            let found = (&officer, finding, &reason);
            block_on(async { Ok(settle(config.path(), &mark, found, clock).await?) })?;
            Ok(print_json(&json!({ "settled": true }))?)
        }
    }
}
