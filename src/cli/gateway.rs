//! `vinimay gateway`: a department's gateway.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use gateway::{
    app::{StartError, open_database},
    audit,
    commands::{self, CommandError},
    config::Config as GatewayConfig,
    identity::EndingReason,
    join::Invitation,
    parked::Kind,
};
use registry_adapter::{
    install::{RoleName, Roles, install},
    source::OpenError,
};
use schemas::id::{EntityId, KeyId, LawId, MessageId};
use serde_json::json;
use service_kit::{clock::Clock, db::DatabaseUrl, telemetry::Metrics};

use super::{
    catalogue::table,
    output::{Failure, print, print_json, say},
    server::{StopArguments, block_on},
};

/// What can be done with a gateway.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make keys, certificate and database; once.
    #[command(after_help = "Example:\n  vinimay gateway init --config gateway.toml")]
    Init {
        #[command(flatten)]
        config: Config,
    },
    /// Join a federation, or, without an invitation, update the entry with which one joined.
    #[command(
        after_help = "Example:\n  vinimay gateway join https://anchor.gov.example --fingerprint 8Jx… --invitation-file invitation.txt"
    )]
    Join {
        #[command(flatten)]
        config: Config,
        /// The trust anchor's entity id.
        anchor: EntityId,
        /// Thumbprint of its federation key, as the authority gave it on paper.
        // One thumbprint in 64 begins with a hyphen.
        #[arg(long, allow_hyphen_values = true)]
        fingerprint: KeyId,
        /// A file with the one-time code.
        #[arg(long, value_name = "FILE")]
        invitation_file: Option<PathBuf>,
    },
    /// Serve.
    Run {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        stop: StopArguments,
    },
    /// Which pseudonym is which local number.
    Link {
        #[command(subcommand)]
        command: Link,
    },
    /// Officers who may sign in to the console.
    User {
        #[command(subcommand)]
        command: super::user::Command,
    },
    /// Schemes: lint, hand in, back-test, sign, publish, roll back.
    Scheme {
        #[command(subcommand)]
        command: super::scheme::Command,
    },
    /// Facts that schemes need: which did not come, and why.
    Fact {
        #[command(subcommand)]
        command: super::fact::Command,
    },
    /// Journals beside the rolls: verify, replay.
    Journal {
        #[command(subcommand)]
        command: super::journal::Command,
    },
    /// Decisions that wait for officers: look, decide, enter objections and deliveries, let a stopped scheme go on.
    Review {
        #[command(subcommand)]
        command: super::review::Command,
    },
    /// Whom a roll of ours and another department's both have, under a registered law.
    Overlap {
        #[command(subcommand)]
        command: super::overlap::Command,
    },
    /// Bindings, at the identity registry.
    Binding {
        #[command(subcommand)]
        command: Binding,
    },
    /// Feeds of life events.
    Trigger {
        #[command(subcommand)]
        command: super::trigger::Command,
    },
    /// Who tells whom of which life events.
    Subscription {
        #[command(subcommand)]
        command: super::subscription::Command,
    },
    /// Residents, at the identity registry.
    Subjects {
        #[command(subcommand)]
        command: Subjects,
    },
    /// Who has which dataset, its fields, and on what basis each may be asked for.
    #[command(
        after_help = "Example:\n  vinimay gateway catalogue\n  vinimay gateway catalogue --json | jq '.datasets[].dataset'"
    )]
    Catalogue {
        #[command(flatten)]
        config: Config,
        /// As JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// What was given up for the time being.
    Parked {
        #[command(subcommand)]
        command: Parked,
    },
    /// The audit trail.
    Trail {
        #[command(subcommand)]
        command: Trail,
    },
    /// The evidence of one receipt, for an auditor.
    Bundle {
        #[command(flatten)]
        config: Config,
        /// `jti` of one of the department's own receipts.
        receipt: MessageId,
    },
    /// The configuration.
    Config {
        #[command(subcommand)]
        command: Configuration,
    },
    /// The department's own database.
    Source {
        #[command(subcommand)]
        command: Source,
    },
}

/// Which gateway.
#[derive(Debug, Args)]
pub struct Config {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "gateway.toml")]
    config: PathBuf,
}

impl Config {
    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.config
    }
}

/// Links.
#[derive(Debug, Subcommand)]
pub enum Link {
    /// Find the residents of a file of the identity registry in the own register.
    Seed {
        #[command(flatten)]
        config: Config,
        /// What `subjects export` wrote for this department.
        file: PathBuf,
    },
}

/// What is parked.
#[derive(Debug, Subcommand)]
pub enum Parked {
    /// Count and list it.
    List {
        #[command(flatten)]
        config: Config,
    },
    /// Set everything of a kind out anew.
    #[command(after_help = "Example:\n  vinimay gateway parked replay orders")]
    Replay {
        #[command(flatten)]
        config: Config,
        /// notices, erasures, orders or decisions.
        kind: Kind,
    },
}

/// The audit trail.
#[derive(Debug, Subcommand)]
pub enum Trail {
    /// Hash every row again, from the first; the console checks only what is new.
    Verify {
        #[command(flatten)]
        config: Config,
    },
}

/// Bindings.
#[derive(Debug, Subcommand)]
pub enum Binding {
    /// End every binding of a resident, and every open invitation: for a lost phone. The desk then invites her anew.
    #[command(after_help = "Example:\n  vinimay gateway binding revoke --resident-file number.txt --reason lost-phone")]
    Revoke {
        #[command(flatten)]
        config: Config,
        /// A file with the register's own number of the resident: arguments can be read by others on this machine.
        #[arg(long, value_name = "FILE")]
        resident_file: PathBuf,
        /// lost-phone, stolen-phone, wrong-person or own-wish; it stands in the audit trail.
        #[arg(long)]
        reason: EndingReason,
    },
}

/// Residents.
#[derive(Debug, Subcommand)]
pub enum Subjects {
    /// Name the residents to one department, under a registered law; sealed to it.
    #[command(
        after_help = "Example:\n  vinimay gateway subjects export --for https://food.gov.example --law cg-seeding-2026-food --out food.jwt"
    )]
    Export {
        #[command(flatten)]
        config: Config,
        /// The department that may open the file.
        #[arg(long = "for", value_name = "ENTITY")]
        receiver: EntityId,
        /// The registered law that allows it.
        #[arg(long)]
        law: LawId,
        /// A file that does not exist yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// The configuration.
#[derive(Debug, Subcommand)]
pub enum Configuration {
    /// Try everything that it names: keys, mapping, and that the reader of the source cannot write.
    Check {
        #[command(flatten)]
        config: Config,
    },
}

/// The department's own database.
#[derive(Debug, Subcommand)]
pub enum Source {
    /// As the owner of the department's PostgreSQL database, once: what the mapping needs (journal, outbox, triggers), and the
    /// rights of the two roles. On SQLite the gateway does it itself.
    #[command(
        after_help = "Example:\n  vinimay gateway source install --config gateway.toml --owner postgres://owner@db.gov.example/social --reader social_reader --writer social_writer"
    )]
    Install {
        #[command(flatten)]
        config: Config,
        /// The database as its owner reaches it, without a password; libpq reads one from ~/.pgpass.
        #[arg(long, value_name = "URL")]
        owner: DatabaseUrl,
        /// The role that reads mapped tables.
        #[arg(long, value_name = "ROLE")]
        reader: RoleName,
        /// The role that holds beneficiaries and writes the journal.
        #[arg(long, value_name = "ROLE")]
        writer: RoleName,
    },
}

/// Does what the arguments say.
///
/// # Errors
/// With the mend.
pub fn run(command: Command) -> Result<(), Failure> {
    let clock = Clock::system();
    match command {
        Command::Init { config } => init(&config, &clock),
        Command::Join { config, anchor, fingerprint, invitation_file } => {
            join(&config, anchor, fingerprint, invitation_file.as_deref(), &clock)
        }
        Command::Run { config, stop } => {
            let config = GatewayConfig::load(&config.config)?;
            block_on(async move { serve(config, clock, stop).await })
        }
        Command::Link { command: Link::Seed { config, file } } => {
            Ok(print_json(&done(commands::link_seed(&config.config, &file, &clock))?)?)
        }
        Command::User { command } => super::user::run(command, &clock),
        Command::Trigger { command } => super::trigger::run(command, &clock),
        Command::Subscription { command } => super::subscription::run(command, &clock),
        Command::Scheme { command } => super::scheme::run(command, &clock),
        Command::Fact { command } => super::fact::run(command, &clock),
        Command::Journal { command } => super::journal::run(command, &clock),
        Command::Review { command } => super::review::run(command, &clock),
        Command::Overlap { command } => super::overlap::run(command, &clock),
        Command::Binding { command } => end_binding(command, &clock),
        Command::Subjects { command: Subjects::Export { config, receiver, law, out } } => {
            Ok(print_json(&done(commands::subjects_export(&config.config, receiver, law, &out, &clock))?)?)
        }
        Command::Catalogue { config, json } => {
            let catalogue = done(commands::catalogue(&config.config, &clock))?;
            let printed = if json { print_json(&catalogue) } else { print(table(&catalogue).trim_end()) };
            Ok(printed?)
        }
        Command::Parked { command: Parked::List { config } } => {
            Ok(print_json(&done(commands::parked_list(&config.config, &clock))?)?)
        }
        Command::Parked { command: Parked::Replay { config, kind } } => {
            let replayed = done(commands::parked_replay(&config.config, kind, &clock))?;
            Ok(print_json(&json!({ "replayed": replayed }))?)
        }
        Command::Trail { command: Trail::Verify { config } } => {
            Ok(print_json(&json!({ "rows": done(commands::trail_verify(&config.config, &clock))? }))?)
        }
        Command::Bundle { config, receipt } => {
            Ok(print_json(&done(commands::bundle(&config.config, receipt, &clock))?)?)
        }
        Command::Config { command: Configuration::Check { config } } => {
            Ok(print_json(&done(commands::config_check(&config.config))?)?)
        }
        Command::Source { command: Source::Install { config, owner, reader, writer } } => {
            let config = GatewayConfig::load(&config.config)?;
            block_on(async move { install_source(config, owner, Roles { reader, writer }, &clock).await })
        }
    }
}

fn end_binding(Binding::Revoke { config, resident_file, reason }: Binding, clock: &Clock) -> Result<(), Failure> {
    let resident = std::fs::read_to_string(&resident_file).map_err(|error| {
        let told = anyhow::anyhow!("{}: the number cannot be read: {error}", resident_file.display());
        Failure::new(Failure::USAGE, told)
    })?;
    let ended = commands::binding_revoke(&config.config, resident.trim().to_owned(), reason, clock);
    Ok(print_json(&done(ended)?)?)
}

/// Runs a command to its end, and gives its failure the exit code that tells its kind.
pub(super) fn done<T>(work: impl Future<Output = Result<T, CommandError>>) -> Result<T, Failure> {
    block_on(async move { Ok(work.await) })?.map_err(|error| Failure::new(exit_code(&error), error))
}

const fn exit_code(error: &CommandError) -> u8 {
    match error {
        CommandError::Config(_) | CommandError::Start(StartError::Source(OpenError::Mapping(_))) => Failure::USAGE,
        CommandError::Join(join) if join.is_trust_failure() => Failure::TRUST,
        CommandError::Join(join) if join.is_away() => Failure::UNKNOWN,
        _ => Failure::NO,
    }
}

/// What is logged: `VINIMAY_LOG`, or everything of our own from `info` on.
fn log_filter() -> String {
    std::env::var("VINIMAY_LOG").unwrap_or_else(|_| "info,actix_server=warn,tokio_cron_scheduler=warn".to_owned())
}

async fn serve(config: GatewayConfig, clock: Clock, stop: StopArguments) -> anyhow::Result<()> {
    service_kit::telemetry::log_to_stderr(&log_filter())?;
    let running = gateway::run::start(config, clock, Metrics::install().ok()).await?;
    // Before this a signal ends the process at once, as a kill would: nobody was told yet that it is ready.
    let stop = stop.listen()?;
    print(&json!({ "ready": true, "listeners": running.listeners() }).to_string())?;
    Ok(running.until_signal(stop).await?)
}

fn init(config: &Config, clock: &Clock) -> Result<(), Failure> {
    let made = done(commands::init(&config.config, clock))?;
    say(&format!(
        "gateway {} is made; back {} up, and keep federation.pem off line after `join`",
        made.entity,
        made.keys.display()
    ));
    Ok(print_json(&made)?)
}

fn join(
    config: &Config,
    anchor: EntityId,
    fingerprint: KeyId,
    invitation: Option<&Path>,
    clock: &Clock,
) -> Result<(), Failure> {
    let read = |path: &Path| {
        let mend = "name the file with the code that the authority gave";
        let told = |error| anyhow::anyhow!("{}: the invitation cannot be read: {error}; mend: {mend}", path.display());
        std::fs::read_to_string(path).map_err(|error| Failure::new(Failure::USAGE, told(error)))
    };
    let code = invitation.map(read).transpose()?;
    let invitation = Invitation { anchor, fingerprint, code: code.map(|code| code.trim().to_owned()) };
    Ok(print_json(&done(commands::join(&config.config, &invitation, clock))?)?)
}

async fn install_source(config: GatewayConfig, owner: DatabaseUrl, roles: Roles, clock: &Clock) -> anyhow::Result<()> {
    let source =
        config.source.as_ref().context("the configuration has no [source]; mend: name its reader and mapping")?;
    let (database, mapping) = (open_database(&config)?, source.mapping.resolve());
    let installed = tokio::task::spawn_blocking(move || install(&mapping, &owner, Some(&roles))).await?;
    let row = audit::by_command_line(&config, audit::SOURCE_INSTALL, clock.now());
    let row = if installed.is_ok() { row } else { audit::refused(row, None) };
    audit::record(&database, row).await?;
    installed?;
    Ok(print_json(&json!({ "installed": true }))?)
}
