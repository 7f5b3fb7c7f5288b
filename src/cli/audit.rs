//! `vinimay audit`: evidence checked off line.

use std::path::PathBuf;

use clap::Subcommand;
use protocol::bundle::Verdict;
use service_kit::clock::Clock;

use super::output::{Failure, print, print_json};
use crate::audit::{self, Level};

/// What an auditor can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify bundles off line against a pinned trust root.
    #[command(
        after_help = "Example:\n  vinimay audit verify bundle.json --trust trust-root.json --level detailed\n\nExit codes: 0 verified, 1 refused, 3 could not tell, 4 foreign root."
    )]
    Verify(Verify),
    /// The trust root.
    Trust {
        #[command(subcommand)]
        command: Trust,
    },
}

/// Arguments of `audit verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Bundles, one file each.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The pinned trust root, obtained by another way than the bundles.
    #[arg(long, value_name = "ROOT")]
    trust: PathBuf,
    /// Verification never uses the network; this says so in scripts.
    #[arg(long)]
    offline: bool,
    /// How much to tell.
    #[arg(long, value_enum, default_value = "summary")]
    level: Level,
    /// At level evidence: where to write notes and tokens for stock tools.
    #[arg(long, value_name = "DIR", default_value = "evidence")]
    evidence: PathBuf,
    /// One JSON document on standard output.
    #[arg(long)]
    json: bool,
}

/// What can be done with a trust root.
#[derive(Debug, Subcommand)]
pub enum Trust {
    /// Show what a trust root pins.
    Show {
        /// The file.
        file: PathBuf,
    },
    /// Check a trust root against a fingerprint that was obtained by another way, and keep it.
    Pin {
        /// The file.
        file: PathBuf,
        /// Thumbprint of the anchor's federation key.
        // One thumbprint in 64 begins with a hyphen.
        #[arg(long, allow_hyphen_values = true)]
        fingerprint: String,
        /// Where to keep it.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

/// Does what the arguments say.
///
/// # Errors
/// With the exit code of the worst verdict.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Verify(arguments) => verify(&arguments),
        Command::Trust { command } => trust(command),
    }
}

fn verify(arguments: &Verify) -> Result<(), Failure> {
    let usage = |error| Failure::new(Failure::USAGE, error);
    let root = audit::read_root(&arguments.trust).map_err(usage)?;
    let now = Clock::system().now();
    let mut audited = Vec::new();
    for file in &arguments.files {
        let mut one = audit::verify_file(file, &root, now).map_err(usage)?;
        if arguments.level == Level::Evidence {
            one.commands = audit::write_evidence(&one, &root, &arguments.evidence)?;
        }
        audited.push(one);
    }
    if arguments.json {
        print_json(&audited)?;
    } else {
        audited.iter().try_for_each(|one| tell(one, arguments.level))?;
    }
    match audit::worst(&audited) {
        Verdict::Trusted => Ok(()),
        verdict => Err(Failure::new(verdict.exit_code(), anyhow::anyhow!("not every bundle was verified"))),
    }
}

fn tell(audited: &audit::Audited, level: Level) -> std::io::Result<()> {
    print(&audit::verdict_line(audited))?;
    if level != Level::Summary {
        audited.report.checks.iter().try_for_each(|check| print(&audit::finding_line(check)))?;
    }
    audited.commands.iter().try_for_each(|command| print(&format!("  {command}")))
}

fn trust(command: Trust) -> Result<(), Failure> {
    let usage = |error| Failure::new(Failure::USAGE, error);
    match command {
        Trust::Show { file } => Ok(print_json(&audit::read_root(&file).map_err(usage)?)?),
        Trust::Pin { file, fingerprint, to } => {
            let root = audit::read_root(&file).map_err(usage)?;
            if root.fingerprint.as_str() != fingerprint {
                let error = anyhow::anyhow!(
                    "the root's fingerprint is {}, not {fingerprint}; mend: ask the authority again by another way, and do not use this file",
                    root.fingerprint
                );
                return Err(Failure::new(Failure::TRUST, error));
            }
            std::fs::write(&to, serde_json::to_vec_pretty(&root)?)?;
            Ok(print(&format!("pinned {} in {}", root.entity, to.display()))?)
        }
    }
}
