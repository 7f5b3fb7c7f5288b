//! `vinimay gateway user`: officers who may sign in to the console.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Subcommand;
use gateway::people::{
    Change, Invite, Purpose, Role, Roles,
    commands::{UserCommandError, user_change, user_invite, user_key, user_list},
};
use schemas::id::{EntityId, SystemName};
use serde_json::json;
use service_kit::clock::Clock;

use super::{
    gateway::Config,
    output::{Failure, print, print_json, say},
    server::block_on,
};

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a one-time link by which an officer chooses a password; makes the account if there is none.
    #[command(
        after_help = "Example:\n  vinimay gateway user invite asha.devi --role operator --role reviewer --display \"Asha Devi\""
    )]
    Invite {
        #[command(flatten)]
        config: Config,
        /// The account's name.
        name: SystemName,
        /// What it may do; repeat it for more than one.
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<Role>,
        /// How pages address the officer.
        #[arg(long, value_name = "TEXT")]
        display: Option<String>,
        /// The officer's pseudonym, if the officer has another account: two accounts of one officer count as one.
        #[arg(long, value_name = "PSEUDONYM")]
        person: Option<SystemName>,
    },
    /// Every account.
    List {
        #[command(flatten)]
        config: Config,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Close an account and sign it out everywhere.
    Disable {
        #[command(flatten)]
        config: Config,
        /// The account's name.
        name: SystemName,
    },
    /// Open a closed account again.
    Enable {
        #[command(flatten)]
        config: Config,
        /// The account's name.
        name: SystemName,
    },
    /// Confirm that an account which an officer invited is another person's: then both may be two pairs of eyes.
    Confirm {
        #[command(flatten)]
        config: Config,
        /// The account's name.
        name: SystemName,
    },
    /// Say whose an account is, by the officer's pseudonym: two accounts of one officer count as one. For accounts that the OpenID
    /// provider made. What it confirmed, and what was confirmed of it, must be confirmed again.
    #[command(after_help = "Example:\n  vinimay gateway user person openid-1f2e3d4c5b6a asha.devi")]
    Person {
        #[command(flatten)]
        config: Config,
        /// The account's name.
        name: SystemName,
        /// The officer's pseudonym.
        person: SystemName,
    },
    /// On the officer's own machine: make the key by which the officer signs; its public half and a proof are printed.
    #[command(
        after_help = "Example:\n  vinimay gateway user key --out officer.pem --account asha.devi --department https://food.gov.example"
    )]
    Key {
        /// The account that will hand it in.
        #[arg(long, value_name = "NAME")]
        account: SystemName,
        /// The department's entity id, as the console shows it.
        #[arg(long, value_name = "URL")]
        department: EntityId,
        /// A file that does not exist yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Does what the arguments say.
///
/// # Errors
/// With the mend.
pub fn run(command: Command, clock: &Clock) -> Result<(), Failure> {
    match command {
        Command::Invite { config, name, roles, display, person } => {
            let invite = Invite { name: lower(&name)?, person, display, roles: Roles::new(roles) };
            let printed = done(user_invite(config.path(), invite, clock))?;
            say("hand this link over in person; it works once, for three days");
            Ok(print_json(&printed)?)
        }
        Command::List { config, json } => {
            let accounts = done(user_list(config.path(), clock))?;
            if json {
                return Ok(print_json(&accounts)?);
            }
            let mut table = comfy_table::Table::new();
            table.load_preset(comfy_table::presets::NOTHING).set_header(["NAME", "OFFICER", "ROLES", "STATE"]);
            for account in accounts {
                let state = match (account.disabled, account.has_password, &account.unconfirmed_from) {
                    (true, ..) => "closed",
                    (false, true, Some(_)) => "open, not confirmed",
                    (false, true, None) => "open",
                    (false, false, _) => "invited",
                };
                let (name, person) = (account.name.to_string(), account.person.to_string());
                table.add_row([name, person, account.roles.join(" "), state.to_owned()]);
            }
            Ok(print(&table.to_string())?)
        }
        Command::Disable { config, name } => change(&config, name, Change::Disable, clock),
        Command::Enable { config, name } => change(&config, name, Change::Enable, clock),
        Command::Confirm { config, name } => {
            done(user_change(config.path(), name.clone(), Change::Confirm, clock))?;
            Ok(print_json(&json!({ "name": name, "confirmed": true }))?)
        }
        Command::Person { config, name, person } => {
            done(user_change(config.path(), name.clone(), Change::Person(person.clone()), clock))?;
            Ok(print_json(&json!({ "name": name, "person": person }))?)
        }
        Command::Key { out, account, department } => {
            let of = Purpose { department: &department, account: &account };
            let key = user_key(&out, of, clock.now()).map_err(|error| Failure::new(Failure::NO, error))?;
            say(&format!("{} stays on this machine; paste all of this into the console", out.display()));
            Ok(print_json(&key)?)
        }
    }
}

/// Names are compared in small letters.
fn lower(name: &SystemName) -> Result<SystemName, Failure> {
    let small = name.as_str().to_ascii_lowercase().parse();
    small.map_err(|_| Failure::new(Failure::USAGE, anyhow!("{name} is no name")))
}

fn change(config: &Config, name: SystemName, change: Change, clock: &Clock) -> Result<(), Failure> {
    let disabled = change == Change::Disable;
    done(user_change(config.path(), name.clone(), change, clock))?;
    Ok(print_json(&json!({ "name": name, "disabled": disabled }))?)
}

/// Runs a command to its end, and gives its failure the exit code that tells its kind.
fn done<T>(work: impl Future<Output = Result<T, UserCommandError>>) -> Result<T, Failure> {
    block_on(async move { Ok(work.await) })?.map_err(|error| {
        let code = if matches!(error, UserCommandError::Config(_)) { Failure::USAGE } else { Failure::NO };
        Failure::new(code, error)
    })
}
