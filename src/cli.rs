//! The command line: what can be typed, and which function does it.
//!
//! Guarantees: data goes to standard output, words to standard error; exit 0 yes, 1 no, 2 usage or configuration, 3 could not
//! tell, 4 trust failure; secrets are never arguments. Deliberately absent: anything that a server does.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod anchor;
mod audit;
mod catalogue;
mod demo;
mod fact;
mod gateway;
mod journal;
mod output;
mod overlap;
mod review;
mod scheme;
mod server;
mod subscription;
mod trigger;
mod user;
mod wallet;

pub use output::{Failure, say};

/// Departments exchange data with the citizen's consent, and leave evidence.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

const EXAMPLES: &str = "Examples:
  vinimay demo                                   a whole federation on this machine, with a story
  vinimay gateway run --config gateway.toml      a department's gateway
  vinimay anchor run --config anchor.toml        the federation's trust anchor
  vinimay wallet show LINK                       what a department asks of a citizen
  vinimay audit verify bundle.json --trust trust-root.json

Exit codes: 0 yes, 1 no, 2 usage or configuration, 3 could not tell, 4 trust failure.";

#[derive(Debug, Subcommand)]
enum Role {
    /// Run a whole federation on this machine and tell its story.
    Demo(demo::Arguments),
    /// A department's gateway.
    Gateway {
        #[command(subcommand)]
        command: gateway::Command,
    },
    /// The federation's trust anchor.
    Anchor {
        #[command(subcommand)]
        command: anchor::Command,
    },
    /// A citizen's wallet on the command line.
    Wallet(wallet::Arguments),
    /// Check evidence off line.
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
}

/// Reads the arguments, does what they say, and tells how it went.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Failure::USAGE } else { 0 });
        }
    };
    let done = match arguments.role {
        Role::Demo(arguments) => demo::run(arguments),
        Role::Gateway { command } => gateway::run(command),
        Role::Anchor { command } => anchor::run(command),
        Role::Wallet(arguments) => wallet::run(arguments),
        Role::Audit { command } => audit::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::from(failure.exit)
        }
    }
}
