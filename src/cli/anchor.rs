//! `vinimay anchor`: the federation's trust anchor.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use schemas::{
    federation::Role,
    id::{EntityId, Sector},
};
use serde_json::json;
use service_kit::{clock::Clock, telemetry::Metrics};
use trust_anchor::{commands, config::AnchorConfig, registers::Placeholders};

use super::{
    output::{Failure, print, print_json, say},
    server::{StopArguments, block_on},
};

/// What can be done with an anchor.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make keys, database and an empty log; once.
    #[command(after_help = "Example:\n  vinimay anchor init --config anchor.toml --officer asha --officer binod")]
    Init {
        #[command(flatten)]
        config: Config,
        /// Make a key for an officer of the authority (a real officer brings her own, see `officers` in the configuration).
        #[arg(long = "officer", value_name = "PERSON")]
        officers: Vec<String>,
    },
    /// Serve.
    Run {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        stop: StopArguments,
    },
    /// Members of the federation.
    Member {
        #[command(subcommand)]
        command: Member,
    },
    /// The purpose registry.
    Purpose {
        #[command(subcommand)]
        command: Register,
    },
    /// The register of laws.
    Law {
        #[command(subcommand)]
        command: Register,
    },
    /// The log.
    Log {
        #[command(subcommand)]
        command: Log,
    },
}

/// Which anchor.
#[derive(Debug, Args)]
pub struct Config {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "anchor.toml")]
    config: PathBuf,
}

/// Members of the federation.
#[derive(Debug, Subcommand)]
pub enum Member {
    /// Invite a department; prints a one-time code for its `gateway join`.
    #[command(
        after_help = "Example:\n  vinimay anchor member invite https://revenue.gov.example --sector revenue --role provider"
    )]
    Invite {
        #[command(flatten)]
        config: Config,
        /// The department's entity id.
        entity: EntityId,
        /// The sector whose pseudonyms it uses.
        #[arg(long)]
        sector: Sector,
        /// What it may do: provider, consumer:<family>, identity-registry:<sector>, event-source:<type>, assisted-operator.
        #[arg(long = "role", required = true)]
        roles: Vec<Role>,
        /// How long the code counts, in seconds.
        #[arg(long)]
        expires_in: Option<i64>,
        /// One JSON document on standard output.
        #[arg(long)]
        json: bool,
    },
    /// List members.
    List {
        #[command(flatten)]
        config: Config,
    },
    /// Suspend a member: others refuse it within a minute.
    Suspend {
        #[command(flatten)]
        config: Config,
        /// The department's entity id.
        entity: EntityId,
    },
    /// Lift a suspension.
    Resume {
        #[command(flatten)]
        config: Config,
        /// The department's entity id.
        entity: EntityId,
    },
}

/// A register.
#[derive(Debug, Subcommand)]
pub enum Register {
    /// Add or replace entries from TOML files, signed by two officers.
    Add {
        #[command(flatten)]
        config: Config,
        /// TOML files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Key files of the officers who sign, one each.
        #[arg(long = "officer-key", value_name = "FILE", required = true)]
        officer_keys: Vec<PathBuf>,
        /// What `${NAME}` in the files stands for.
        #[arg(long = "set", value_name = "NAME=ENTITY", value_parser = placeholder)]
        set: Vec<(String, EntityId)>,
    },
    /// List entries in force.
    List {
        #[command(flatten)]
        config: Config,
    },
}

/// The log.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// How many entries it has.
    Size {
        #[command(flatten)]
        config: Config,
    },
    /// The newest published checkpoint and its time stamps.
    Checkpoint {
        #[command(flatten)]
        config: Config,
    },
    /// The proof of a record.
    Prove {
        #[command(flatten)]
        config: Config,
        /// Entry type, 1 to 11.
        #[arg(long = "type")]
        entry_type: u8,
        /// `sha256:…` of the record.
        digest: schemas::digest::Digest,
    },
    /// Verify everything from the first entry.
    Fsck {
        #[command(flatten)]
        config: Config,
    },
}

fn placeholder(text: &str) -> Result<(String, EntityId), String> {
    let (name, entity) = text.split_once('=').ok_or("write it NAME=https://…")?;
    Ok((name.to_owned(), entity.parse().map_err(|e| format!("{e}"))?))
}

impl Config {
    fn load(&self) -> Result<AnchorConfig, Failure> {
        Ok(AnchorConfig::load(&self.config)?)
    }
}

/// Runs a command that works on the database; storage needs a runtime around it.
fn administer<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<T, Failure>
where
    E: std::error::Error + Send + Sync + 'static,
{
    block_on(async { work().map_err(anyhow::Error::from) })
}

/// Does what the arguments say.
///
/// # Errors
/// With the mend.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Init { config, officers } => init(&config, &officers),
        Command::Run { config, stop } => {
            let config = config.load()?;
            block_on(async move { serve(&config, stop).await })
        }
        Command::Member { command } => member(command),
        Command::Purpose { command } => register(command, true),
        Command::Law { command } => register(command, false),
        Command::Log { command } => log(command),
    }
}

async fn serve(config: &AnchorConfig, stop: StopArguments) -> anyhow::Result<()> {
    let running = trust_anchor::run::start(config, Clock::system(), Metrics::install().ok()).await?;
    // Before this a signal ends the process at once, as a kill would: nobody was told yet that it is ready.
    let stop = stop.listen()?;
    let listeners = json!({ "public": running.address, "management": running.management_address });
    print(&json!({ "ready": true, "listeners": listeners }).to_string())?;
    Ok(running.until_signal(stop).await?)
}

fn init(config: &Config, officers: &[String]) -> Result<(), Failure> {
    let config = config.load()?;
    let made = administer(|| trust_anchor::init::init(&config, officers, Clock::system().now()))?;
    say(&format!(
        "anchor {} is made; keep {} off line and back it up",
        made.trust_root.entity,
        config.keys_dir().display()
    ));
    say(&format!("members and auditors pin {}", made.trust_root_file.display()));
    Ok(print(&format!("fingerprint {}", made.trust_root.fingerprint))?)
}

fn member(command: Member) -> Result<(), Failure> {
    match command {
        Member::Invite { config, entity, sector, roles, expires_in, json } => {
            let config = config.load()?;
            let invited = administer(|| commands::member_invite(&config, entity, roles, sector, expires_in))?;
            if json {
                let shown = json!({ "entity": invited.entity, "code": invited.code, "expires_at": invited.expires_at });
                return Ok(print_json(&shown)?);
            }
            say("give this code to the department by another way than the network; it counts once:");
            Ok(print(&invited.code)?)
        }
        Member::List { config } => {
            let config = config.load()?;
            Ok(print_json(&administer(|| commands::member_list(&config))?)?)
        }
        Member::Suspend { config, entity } => {
            let config = config.load()?;
            administer(|| commands::member_suspend(&config, &entity))?;
            Ok(print(&format!("{entity} is suspended"))?)
        }
        Member::Resume { config, entity } => {
            let config = config.load()?;
            administer(|| commands::member_resume(&config, &entity))?;
            Ok(print(&format!("{entity} is active"))?)
        }
    }
}

fn register(command: Register, purposes: bool) -> Result<(), Failure> {
    match command {
        Register::Add { config, files, officer_keys, set } => {
            let config = config.load()?;
            let set: Placeholders = set.into_iter().collect();
            let add = if purposes { commands::purpose_add } else { commands::law_add };
            Ok(print_json(&administer(|| add(&config, &files, &set, &officer_keys))?)?)
        }
        Register::List { config } => {
            let config = config.load()?;
            let list = if purposes { commands::purpose_list } else { commands::law_list };
            Ok(print_json(&administer(|| list(&config))?)?)
        }
    }
}

fn log(command: Log) -> Result<(), Failure> {
    match command {
        Log::Size { config } => {
            let config = config.load()?;
            Ok(print(&administer(|| commands::log_size(&config))?.to_string())?)
        }
        Log::Checkpoint { config } => {
            let config = config.load()?;
            match administer(|| commands::log_checkpoint(&config))? {
                Some(view) => Ok(print_json(&view)?),
                None => Err(Failure::new(Failure::UNKNOWN, anyhow!("nothing has been published yet"))),
            }
        }
        Log::Prove { config, entry_type, digest } => {
            let config = config.load()?;
            Ok(print_json(&administer(|| commands::log_prove(&config, entry_type, digest))?)?)
        }
        Log::Fsck { config } => {
            let config = config.load()?;
            let verified = administer(|| commands::log_fsck(&config))?;
            Ok(print_json(&json!({
                "entries": verified.entries,
                "tiles": verified.tiles,
                "publications": verified.publications,
                "timestamps": verified.timestamps,
            }))?)
        }
    }
}
