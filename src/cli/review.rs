//! `vinimay gateway review`: what waits for officers, and what an officer does about it with a key of her own.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, Subcommand, ValueEnum};
use gateway::review::{
    ReviewAct,
    commands::{Done, ReviewCommandError, ReviewList, review_act, review_find, review_list, review_show},
    evidence::Evidence,
};
use schemas::{
    decision::{AppealRoute, DeliveryEvidence},
    id::{CaseId, MessageId, SystemName},
    problem::Code,
};
use serde::Serialize;
use service_kit::clock::Clock;

use super::{
    gateway::Config,
    output::{Failure, print, print_json, say},
    server::block_on,
};

/// What can be done about decisions.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What waits: objections first, then proposals, flags, reviews; stopped schemes.
    #[command(
        after_help = "Examples:\n  vinimay gateway review list\n  vinimay gateway review list --json | jq '.waiting[0]'"
    )]
    List {
        #[command(flatten)]
        config: Config,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// The removal that a letter is about, for an officer at the counter; that she looked is a row of the audit trail.
    #[command(
        after_help = "Example:\n  vinimay gateway review find 4WNu_IVDU5A15S7PFL7a74DdPyRrC7I94blf3zA3sxM --number-file number.txt --account asha.devi"
    )]
    Find {
        #[command(flatten)]
        config: Config,
        /// The case number on the letter; it may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        case: CaseId,
        /// A file with the person's number at this department: arguments can be read by others on this machine.
        #[arg(long, value_name = "FILE")]
        number_file: PathBuf,
        /// The officer's account.
        #[arg(long, value_name = "NAME")]
        account: SystemName,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Everything on which a decision rests: clauses, facts by source and day, events, notice and delivery, signed steps.
    #[command(after_help = "Example:\n  vinimay gateway review show 01936b1e-5b2f-7c3d-8e4f-0123456789ab")]
    Show {
        #[command(flatten)]
        config: Config,
        /// The decision.
        decision: MessageId,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// As a reviewer: say whether what was proposed stands. About an objection two persons must say the same.
    #[command(
        after_help = "Example:\n  vinimay gateway review decide 01936b1e-5b2f-7c3d-8e4f-0123456789ab --outcome reverse --reason-file why.txt --account asha.devi --key officer.pem"
    )]
    Decide {
        #[command(flatten)]
        config: Config,
        /// The decision.
        decision: MessageId,
        /// Whether it stands.
        #[arg(long)]
        outcome: Outcome,
        /// A file that says why, in whole sentences: arguments can be read by others on this machine.
        #[arg(long, value_name = "FILE")]
        reason_file: PathBuf,
        #[command(flatten)]
        officer: Officer,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// As a reviewer: enter an objection that somebody made in person. Her slip is printed.
    #[command(
        after_help = "Example:\n  vinimay gateway review object 01936b1e-5b2f-7c3d-8e4f-0123456789ab --route counter --words-file said.txt --account asha.devi --key officer.pem"
    )]
    Object {
        #[command(flatten)]
        config: Config,
        /// Against which decision.
        decision: MessageId,
        /// Where it was taken.
        #[arg(long)]
        route: Route,
        /// A file with what was said; may be left out.
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
        /// A file with the papers that were shown, one a line.
        #[arg(long, value_name = "FILE")]
        papers_file: Option<PathBuf>,
        #[command(flatten)]
        officer: Officer,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// As a reviewer: enter that a notice arrived. The time to object begins.
    #[command(
        after_help = "Example:\n  vinimay gateway review delivered 01936b1e-5b2f-7c3d-8e4f-0123456789ab --evidence officer --account asha.devi --key officer.pem"
    )]
    Delivered {
        #[command(flatten)]
        config: Config,
        /// Of which decision.
        decision: MessageId,
        /// What shows it.
        #[arg(long)]
        evidence: Shows,
        #[command(flatten)]
        officer: Officer,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// As a reviewer: sign that a scheme which the breaker stopped may go on. Two persons must.
    #[command(
        after_help = "Example:\n  vinimay gateway review release CG-IGNOAPS 40 --account asha.devi --key officer.pem"
    )]
    Release {
        #[command(flatten)]
        config: Config,
        /// The scheme, or the built-in rule, as `review list` names it.
        scheme: String,
        /// For how many people at most; both persons sign the same number, for a day.
        people: u64,
        #[command(flatten)]
        officer: Officer,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
}

/// Whether what was proposed stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Outcome {
    /// It stands: the objection is not right, the proposal goes on.
    Uphold,
    /// It does not: the objection is right, the proposal is dropped.
    Reverse,
}

/// Where an objection was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Route {
    /// At the department's counter.
    Counter,
    /// By an assisted operator.
    Operator,
}

/// What shows that a notice arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shows {
    /// An officer saw it handed over.
    Officer,
    /// The operator's delivery report of a short message.
    SmsReport,
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
}

/// Does what the arguments say.
///
/// # Errors
/// With the mend.
pub fn run(command: Command, clock: &Clock) -> Result<(), Failure> {
    match command {
        Command::List { config, json } => {
            let waiting = done(review_list(config.path(), clock))?;
            printed(json, &waiting, list)
        }
        Command::Find { config, case, number_file, account, json } => {
            let number = text(&number_file)?;
            let found = done(review_find(config.path(), &account, (&case, number.trim()), clock))?;
            let waiting = ReviewList { waiting: vec![found], stopped: Vec::new(), unmatched: 0 };
            if json { Ok(print_json(&waiting.waiting[0])?) } else { Ok(print(list(&waiting).trim_end())?) }
        }
        Command::Show { config, decision, json } => {
            let evidence = done(review_show(config.path(), &decision, clock))?;
            printed(json, &evidence, shown)
        }
        Command::Decide { config, decision, outcome, reason_file, officer, json } => {
            let act = ReviewAct::Decide { decision, upheld: outcome == Outcome::Uphold, reason: text(&reason_file)? };
            acted(&config, &officer, act, json, clock)
        }
        Command::Object { config, decision, route, words_file, papers_file, officer, json } => {
            let route = if route == Route::Counter { AppealRoute::Counter } else { AppealRoute::Operator };
            let words = words_file.as_deref().map(text).transpose()?.unwrap_or_default();
            let papers = papers_file.as_deref().map(text).transpose()?.unwrap_or_default();
            let papers = papers.lines().map(str::to_owned).collect();
            acted(&config, &officer, ReviewAct::Object { decision, route, words, papers }, json, clock)
        }
        Command::Delivered { config, decision, evidence, officer, json } => {
            let evidence = match evidence {
                Shows::Officer => DeliveryEvidence::Officer,
                Shows::SmsReport => DeliveryEvidence::SmsReport,
            };
            acted(&config, &officer, ReviewAct::Delivered { decision, evidence }, json, clock)
        }
        Command::Release { config, scheme, people, officer, json } => {
            acted(&config, &officer, ReviewAct::Release { scheme, people }, json, clock)
        }
    }
}

fn done<T>(work: impl Future<Output = Result<T, ReviewCommandError>>) -> Result<T, Failure> {
    block_on(async move { Ok(work.await) })?.map_err(|error| {
        let exit = match &error {
            ReviewCommandError::Config(_) | ReviewCommandError::Secret(_) | ReviewCommandError::Key(_) => {
                Failure::USAGE
            }
            ReviewCommandError::Refused { source } if source.code() == Code::SignatureInvalid => Failure::TRUST,
            ReviewCommandError::Refused { source } if source.code() == Code::Internal => Failure::UNKNOWN,
            ReviewCommandError::Decision(_) => Failure::UNKNOWN,
            _ => Failure::NO,
        };
        Failure::new(exit, error)
    })
}

fn text(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::new(Failure::USAGE, anyhow!("{}: {error}; mend: name a file in UTF-8", file.display()))
    })
}

fn printed<T: Serialize>(json: bool, value: &T, words: impl Fn(&T) -> String) -> Result<(), Failure> {
    if json { Ok(print_json(value)?) } else { Ok(print(words(value).trim_end())?) }
}

fn acted(config: &Config, officer: &Officer, act: ReviewAct, json: bool, clock: &Clock) -> Result<(), Failure> {
    let what = done(review_act(config.path(), (&officer.account, &officer.key), act, clock))?;
    if json { Ok(print_json(&what)?) } else { Ok(print(&told(&what))?) }
}

/// A word as JSON writes it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn told(done: &Done) -> String {
    match done {
        Done::SecondNeeded => "kept; another person must say the same before anything changes".to_owned(),
        Done::HeardAnew => "the first officer said otherwise: the objection is heard anew by two".to_owned(),
        Done::Decided { state } => format!("decided: {}", word(state)),
        Done::Entered { slip } => {
            let texts = ["hi", "en"].iter().filter_map(|language| slip.text.get(*language));
            let lines = texts.flat_map(|text| std::iter::once(&text.title).chain(&text.lines));
            lines.fold(String::new(), |page, line| page + line + "\n") + &format!("{}\n{}", slip.digest, slip.qr)
        }
        Done::Delivered => "on record; the time to object runs".to_owned(),
        Done::Signed => "signed; another reviewer must sign the same".to_owned(),
        Done::Released => "signed by two; the scheme goes on".to_owned(),
    }
}

fn list(found: &ReviewList) -> String {
    if found.waiting.is_empty() && found.stopped.is_empty() {
        say("nothing waits for an officer");
    }
    let mut table = comfy_table::Table::new();
    let head = ["DECISION", "SCHEME", "WHAT", "STATE", "REASON", "UNTIL", "FIRST"];
    table.load_preset(comfy_table::presets::NOTHING).set_header(head);
    for waiting in &found.waiting {
        let first = waiting
            .first
            .as_ref()
            .map_or_else(String::new, |(by, stands)| format!("{by}: {}", if *stands { "uphold" } else { "reverse" }));
        table.add_row([
            waiting.decision.to_string(),
            waiting.scheme.clone(),
            word(&waiting.action),
            if waiting.stopped { "stopped".to_owned() } else { word(&waiting.state) },
            waiting.reason.to_owned(),
            waiting.until.map_or_else(String::new, |day| day.to_string()),
            first,
        ]);
    }
    let stopped = found.stopped.iter().map(|stopped| {
        let signed = stopped.first.as_ref().map_or_else(String::new, |by| format!("; {by} has signed"));
        format!("\nstopped: {}, {} removals of {} people{signed}", stopped.scheme, stopped.removals, stopped.roll_size)
    });
    let unmatched = if found.unmatched == 0 { String::new() } else { format!("\nunmatched: {}", found.unmatched) };
    format!("{table}{}{unmatched}", stopped.collect::<String>())
}

fn shown(evidence: &Evidence) -> String {
    let summary = &evidence.summary;
    let mut lines = vec![
        format!("{} {} {}", word(&summary.action), word(&summary.state), summary.reason),
        format!("scheme {}, case {}, from {}", summary.scheme, summary.case, summary.effective),
    ];
    lines.extend(summary.why.get("en").cloned());
    for clause in &evidence.clauses {
        let decisive = if clause.decisive { ", decisive" } else { "" };
        lines.push(format!("clause {}: {}{decisive}", clause.id, word(&clause.result)));
        for fact in &clause.facts {
            let receipt = fact.receipt.map_or_else(|| "own".to_owned(), |digest| digest.to_string());
            lines.push(format!("  {} since {} by {}, receipt {receipt}", fact.fact, fact.effective, fact.source));
        }
    }
    for event in &evidence.events {
        let heard = event.heard.as_ref().map_or_else(String::new, |heard| format!(" {}", heard.event_type));
        lines.push(format!("event {}{heard}", event.digest));
    }
    lines.push(match evidence.notice.as_ref().map(|notice| &notice.delivery) {
        None => "no notice was written".to_owned(),
        Some(None) => "the notice has not arrived: no window runs".to_owned(),
        Some(Some(delivery)) => {
            format!(
                "the notice arrived {}, {}; objections until {}",
                delivery.at,
                word(&delivery.evidence),
                delivery.window_ends
            )
        }
    });
    for step in &evidence.steps {
        let what = step.action.as_ref().map_or_else(|| "notice delivered".to_owned(), word);
        let state = step.state.as_ref().map_or_else(String::new, word);
        lines.push(format!("{} {what} {state} {}", step.at, step.digest));
    }
    lines.join("\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(subcommand)]
        command: Command,
    }

    #[test]
    fn a_case_number_that_begins_with_a_hyphen_is_no_option() {
        for number in ["-WNu_IVDU5A15S7PFL7a74DdPyRrC7I94blf3zA3sxM", "--Nu_IVDU5A15S7PFL7a74DdPyRrC7I94blf3zA3sxM"] {
            let line = ["review", "find", number, "--number-file", "number.txt", "--account", "asha.devi", "--json"];
            let Command::Find { case, json, .. } = Line::try_parse_from(line).unwrap().command else {
                panic!("{number}")
            };
            assert_eq!((case.as_str(), json), (number, true));
        }
    }
}
