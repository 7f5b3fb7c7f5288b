//! `vinimay gateway scheme`: schemes from the file to being in force, and back.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, Subcommand};
use eligibility::{
    fact::names,
    lint::{Level, Lint, lint, render},
    vocabulary,
};
use gateway::schemes::{
    BackTested, Progress, SchemeError,
    commands::{
        SchemeCommandError, Which, scheme_approve, scheme_backtest, scheme_list, scheme_publish, scheme_rollback,
        scheme_sign, scheme_submit,
    },
};
use indicatif::{ProgressBar, ProgressStyle};
use registry_adapter::mapping::RollId;
use schemas::{
    id::{SchemeId, SystemName},
    problem::Code,
    time::CivilDate,
};
use serde_json::json;
use service_kit::clock::Clock;

use super::{
    gateway::Config,
    output::{Failure, print, print_json, say},
    server::block_on,
};

/// What can be done with schemes.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a file, with arrows into it, and run the examples inside. Needs no gateway.
    #[command(
        after_help = "Examples:\n  vinimay gateway scheme lint cg-ignoaps.toml\n  vinimay gateway scheme lint --json cg-ignoaps.toml"
    )]
    Lint {
        /// The scheme file.
        file: PathBuf,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// The names of facts that clauses and expressions may use.
    Facts {
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Hand a file in. It is kept by its hash and never changes.
    #[command(after_help = "Example:\n  vinimay gateway scheme submit cg-ignoaps.toml")]
    Submit {
        #[command(flatten)]
        config: Config,
        /// The scheme file.
        file: PathBuf,
    },
    /// Who would enter and leave if a version were in force, on the department's own roll; signed, and needed to publish.
    #[command(
        after_help = "Examples:\n  vinimay gateway scheme backtest CG-IGNOAPS@3\n  vinimay gateway scheme backtest CG-IGNOAPS --roll old_age_pension --as-of 2026-12-01 --json"
    )]
    Backtest {
        #[command(flatten)]
        config: Config,
        /// The version, such as CG-IGNOAPS@3; without a number, the newest.
        scheme: Which,
        /// The roll, where the configuration does not name it.
        #[arg(long)]
        roll: Option<RollId>,
        /// The day to ask about; today, if not given.
        #[arg(long, value_name = "DATE")]
        as_of: Option<CivilDate>,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// As a scheme officer: sign that a version may come into force. Two persons must.
    #[command(
        after_help = "Example:\n  vinimay gateway scheme approve CG-IGNOAPS@3 --account asha.devi --key officer.pem --from 2026-12-01 --leavers-read"
    )]
    Approve {
        #[command(flatten)]
        config: Config,
        /// The version, such as CG-IGNOAPS@3; without a number, the newest.
        scheme: Which,
        #[command(flatten)]
        officer: Officer,
        /// I have read the people whom the back-test lists as leavers.
        #[arg(long)]
        leavers_read: bool,
    },
    /// On your own machine: sign what a page of the console shows. Needs no gateway.
    #[command(after_help = "Example:\n  vinimay gateway scheme sign terms.json --key officer.pem")]
    Sign {
        /// What the page shows, saved.
        terms: PathBuf,
        /// The file that `vinimay gateway user key` made; it stays on this machine.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Bring into force what two officers signed.
    #[command(after_help = "Example:\n  vinimay gateway scheme publish CG-IGNOAPS@3")]
    Publish {
        #[command(flatten)]
        config: Config,
        /// The version, such as CG-IGNOAPS@3; without a number, the newest.
        scheme: Which,
    },
    /// As a scheme officer: sign that the version before comes back, or none. Carried out with the second person's signature.
    #[command(
        after_help = "Example:\n  vinimay gateway scheme rollback CG-IGNOAPS --account asha.devi --key officer.pem"
    )]
    Rollback {
        #[command(flatten)]
        config: Config,
        /// The scheme.
        scheme: SchemeId,
        #[command(flatten)]
        officer: Officer,
    },
    /// Every version and how it stands.
    #[command(after_help = "Examples:\n  vinimay gateway scheme list\n  vinimay gateway scheme list --json")]
    List {
        #[command(flatten)]
        config: Config,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
}

/// Who signs.
#[derive(Debug, Args)]
pub struct Officer {
    /// The officer's account.
    #[arg(long, value_name = "NAME")]
    account: SystemName,
    /// The file that `vinimay gateway user key` made; it stays on this machine.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// From which day; today, or the day that another officer signed, if not given.
    #[arg(long, value_name = "DATE")]
    from: Option<CivilDate>,
}

impl Officer {
    fn who(&self) -> (&SystemName, &Path) {
        (&self.account, &self.key)
    }
}

/// Does what the arguments say.
///
/// # Errors
/// With the mend.
pub fn run(command: Command, clock: &Clock) -> Result<(), Failure> {
    match command {
        Command::Lint { file, json } => lint_file(&file, json),
        Command::Facts { json } => facts(json),
        Command::Submit { config, file } => {
            let text = read(&file)?;
            let found = lint(&text);
            if !found.is_clean() {
                show(&found, &file, &text);
                return Err(not_clean(&found, &file));
            }
            let version = done(scheme_submit(config.path(), text, clock))?;
            say(&format!(
                "{}@{} is handed in; next: vinimay gateway scheme backtest {0}@{1}",
                version.id, version.version
            ));
            Ok(print_json(&version)?)
        }
        Command::Backtest { config, scheme, roll, as_of, json } => {
            let tested = done(scheme_backtest(config.path(), &scheme, (roll, as_of), bar(), clock))?;
            if json { Ok(print_json(&tested)?) } else { Ok(print(&summary(&tested))?) }
        }
        Command::Approve { config, scheme, officer, leavers_read } => {
            let when = (officer.from, leavers_read);
            let taken = done(scheme_approve(config.path(), &scheme, officer.who(), when, clock))?;
            match taken.signatures {
                0 | 1 => say("signed; another scheme officer must sign the same"),
                _ => say("signed by two; next: vinimay gateway scheme publish"),
            }
            Ok(print_json(&taken)?)
        }
        Command::Sign { terms, key } => {
            let order =
                scheme_sign(&read(&terms)?, &key, clock).map_err(|error| Failure::new(Failure::USAGE, error))?;
            Ok(print(order.as_str())?)
        }
        Command::Publish { config, scheme } => {
            let terms = done(scheme_publish(config.path(), &scheme, clock))?;
            say(&format!("{}@{} is in force from {}", terms.scheme.id, terms.scheme.version, terms.from));
            Ok(print_json(&terms)?)
        }
        Command::Rollback { config, scheme, officer } => {
            let taken = done(scheme_rollback(config.path(), &scheme, officer.who(), officer.from, clock))?;
            if !taken.carried_out {
                say("signed; another scheme officer must sign the same before anything changes");
            }
            Ok(print_json(&taken)?)
        }
        Command::List { config, json } => list(&config, json, clock),
    }
}

fn done<T>(work: impl Future<Output = Result<T, SchemeCommandError>>) -> Result<T, Failure> {
    block_on(async move { Ok(work.await) })?.map_err(|error| {
        let exit = match &error {
            SchemeCommandError::Config(_) | SchemeCommandError::NoRoll(_) | SchemeCommandError::NoSource => {
                Failure::USAGE
            }
            SchemeCommandError::Scheme(SchemeError::Refused(refusal)) if refusal.code() == Code::SignatureInvalid => {
                Failure::TRUST
            }
            SchemeCommandError::Scheme(error) if error.code() == Code::Internal => Failure::UNKNOWN,
            _ => Failure::NO,
        };
        Failure::new(exit, error)
    })
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        let mend = "mend: name a scheme file in UTF-8";
        Failure::new(Failure::USAGE, anyhow!("{}: {error}; {mend}", file.display()))
    })
}

fn show(found: &Lint, file: &Path, text: &str) {
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("NO_COLOR").is_none();
    say(render(&found.findings, &file.display().to_string(), text, colour).trim_end());
}

fn not_clean(found: &Lint, file: &Path) -> Failure {
    let errors = found.findings.iter().filter(|f| f.level == Level::Error).count();
    Failure::new(Failure::NO, anyhow!("{}: {errors} errors; mend: as each arrow says", file.display()))
}

fn lint_file(file: &Path, json: bool) -> Result<(), Failure> {
    let text = read(file)?;
    let found = lint(&text);
    let examples = found.scheme.as_ref().map_or(0, |scheme| scheme.examples.len());
    if json {
        let findings: Vec<_> = found
            .findings
            .iter()
            .map(|f| {
                let (line, column) = f.line_and_column(&text);
                json!({ "code": f.code, "level": f.level, "what": f.what, "help": f.help, "line": line, "column": column })
            })
            .collect();
        print_json(&json!({ "clean": found.is_clean(), "examples": examples, "findings": findings }))?;
    } else {
        show(&found, file, &text);
    }
    if !found.is_clean() {
        return Err(not_clean(&found, file));
    }
    if !json {
        print(&format!("{}: clean, {examples} examples pass", file.display()))?;
    }
    Ok(())
}

fn facts(json: bool) -> Result<(), Failure> {
    let kinds = names::ALL.iter().filter_map(|name| Some((*name, vocabulary::kind(name)?.words())));
    if json {
        let all: serde_json::Map<_, _> = kinds.map(|(name, kind)| (name.to_owned(), json!(kind))).collect();
        return Ok(print_json(&all)?);
    }
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(["FACT", "IS"]);
    kinds.for_each(|(name, kind)| {
        table.add_row([name, kind]);
    });
    Ok(print(&table.to_string())?)
}

/// A bar on a terminal, silence elsewhere.
fn bar() -> Progress {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} people, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    Box::new(move |read, total| {
        bar.set_length(total);
        bar.set_position(read);
        if read == total {
            bar.finish_and_clear();
        }
    })
}

fn summary(tested: &BackTested) -> String {
    let (result, scheme) = (&tested.result, &tested.scheme);
    let mut table = comfy_table::Table::new();
    table
        .load_preset(comfy_table::presets::NOTHING)
        .set_header(["", "ENTER", "LEAVE", "STAY", "OUT", "UNKNOWN", "OFFICER"]);
    let mut row = |name: &str, c: &eligibility::backtest::Counts| {
        let mut cells = vec![name.to_owned()];
        cells.extend([c.enter, c.leave, c.stay, c.out, c.unknown, c.officer].map(|n| n.to_string()));
        table.add_row(cells);
    };
    row("all", &result.counts);
    for (what, groups) in
        [("district", &result.by_district), ("sex", &result.by_sex), ("category", &result.by_category)]
    {
        groups.iter().for_each(|(name, counts)| row(&format!("{what} {name}"), counts));
    }
    let why = |what: &str, why: &std::collections::BTreeMap<schemas::id::ClauseId, u64>| {
        let each: Vec<String> = why.iter().map(|(clause, n)| format!("{clause} {n}")).collect();
        if each.is_empty() { String::new() } else { format!("{what}: {}\n", each.join(", ")) }
    };
    let difference = result.difference.live.map_or_else(String::new, |_| {
        let d = &result.difference;
        format!(
            "against the version in force: {} same, {} gain, {} lose, {} less certain, {} more certain\n",
            d.same, d.gains, d.loses, d.less_certain, d.more_certain
        )
    });
    let leavers: String =
        result.leavers.iter().map(|l| format!("leaves: {} by {}\n", l.handle, clauses(&l.decisive))).collect();
    let breaker = if result.breaker_trips { "the breaker would stop these removals\n" } else { "" };
    format!(
        "{}@{} on {} people as of {}, {} of them on the roll\n{table}\n{}{}{difference}{breaker}{leavers}record {}",
        scheme.id,
        scheme.version,
        result.people,
        result.as_of.0,
        result.on_roll,
        why("who leaves, by clause", &result.why_leave),
        why("unknown, by clause", &result.why_unknown),
        tested.record,
    )
}

fn clauses(ids: &[schemas::id::ClauseId]) -> String {
    ids.iter().map(schemas::id::ClauseId::as_str).collect::<Vec<_>>().join(", ")
}

fn list(config: &Config, json: bool, clock: &Clock) -> Result<(), Failure> {
    let versions = done(scheme_list(config.path(), clock))?;
    if json {
        return Ok(print_json(&versions)?);
    }
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(["VERSION", "STATE", "FROM", "SIGNED", "TITLE"]);
    for listed in versions {
        let state =
            serde_json::to_value(listed.state).ok().and_then(|s| s.as_str().map(str::to_owned)).unwrap_or_default();
        let from = listed.from.map_or_else(String::new, |day| day.to_string());
        let version = format!("{}@{}", listed.version.id, listed.version.version);
        table.add_row([version, state, from, listed.signatures.to_string(), listed.title]);
    }
    Ok(print(&table.to_string())?)
}
