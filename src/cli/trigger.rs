//! `vinimay gateway trigger`: feeds of life events, what is parked, and the clock of ageing.

use clap::Subcommand;
use gateway::commands::{trigger_go_on, trigger_list, trigger_replay, trigger_show};
use schemas::id::{EntityId, MessageId};
use serde_json::json;
use service_kit::clock::Clock;

use super::{
    gateway::{Config, done},
    output::{Failure, print, print_json},
};

/// What can be done with feeds.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every feed that this department tells or hears, as it stands.
    List {
        #[command(flatten)]
        config: Config,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// The signed records of one event: who took it, and what became of it.
    Show {
        #[command(flatten)]
        config: Config,
        /// The event's `jti`.
        event: MessageId,
    },
    /// Send again what was parked for a subscriber.
    #[command(after_help = "Example:\n  vinimay gateway trigger replay https://food.gov.example")]
    Replay {
        #[command(flatten)]
        config: Config,
        /// To whom.
        subscriber: EntityId,
    },
    /// Let ageing go on up to today, after somebody has looked at the clock: it was more than two days ahead of the last pass.
    GoOn {
        #[command(flatten)]
        config: Config,
    },
}

/// Does what the arguments say.
///
/// # Errors
/// With the mend.
pub fn run(command: Command, clock: &Clock) -> Result<(), Failure> {
    match command {
        Command::List { config, json } => {
            let list = done(trigger_list(config.path(), clock))?;
            if json {
                return Ok(print_json(&list)?);
            }
            let mut table = comfy_table::Table::new();
            table
                .load_preset(comfy_table::presets::NOTHING)
                .set_header(["FEED", "NUMBER", "WAITING", "PARKED", "STATE"]);
            for feed in list.told {
                let state = feed.next.map_or_else(|| "well".to_owned(), |next| format!("tried again at {next}"));
                let numbers = [feed.last_seq, feed.waiting, feed.parked].map(|number| number.to_string());
                let [last, waiting, parked] = numbers;
                table.add_row([format!("to {}", feed.subscriber), last, waiting, parked, state]);
            }
            for feed in list.heard {
                let state = json!(feed.band).as_str().unwrap_or_default().to_owned();
                let row = [format!("from {}", feed.source), feed.contiguous.to_string(), feed.waiting.to_string()];
                let [source, contiguous, waiting] = row;
                table.add_row([source, contiguous, waiting, String::new(), state]);
            }
            Ok(print(table.to_string().trim_end())?)
        }
        Command::Show { config, event } => Ok(print_json(&done(trigger_show(config.path(), event, clock))?)?),
        Command::Replay { config, subscriber } => {
            Ok(print_json(&done(trigger_replay(config.path(), subscriber, clock))?)?)
        }
        Command::GoOn { config } => {
            let until = done(trigger_go_on(config.path(), clock))?;
            Ok(print_json(&json!({ "until": until }))?)
        }
    }
}
