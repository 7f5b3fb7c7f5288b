//! What `vinimay gateway review …` calls.
//!
//! Guarantees: an officer's key is read where the command runs and goes nowhere; what is handed in is a signed order. Deliberately
//! absent: printing, exit codes, arguments.

use std::{collections::BTreeMap, path::Path};

use protocol::seal::{KeyError, SealFailed, SigningKey};
use schemas::{
    decision::DecisionAction,
    id::{CaseId, MessageId, SystemName},
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};
use serde::Serialize;
use service_kit::{
    clock::Clock,
    config::ConfigError,
    secret::{SecretError, SecretFile},
};

use super::{ReviewAct, ReviewDone, evidence::Evidence, order::sign_review_order};
use crate::{
    app::{App, StartError},
    config::Config,
    decisions::{DecisionError, OfficerRefused, ReviewItem, ReviewOutcome, Stopped},
};

/// A command about decisions failed.
#[derive(Debug, thiserror::Error)]
pub enum ReviewCommandError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Opening what is there.
    #[error(transparent)]
    Start(#[from] Box<StartError>),
    /// Reading decisions.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// Refused.
    #[error("{code}: {source}; mend: {mend}", code = source.code(), mend = mend(source))]
    Refused {
        /// Why.
        source: OfficerRefused,
    },
    /// The officer's key file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It holds something else.
    #[error("the officer's key cannot be read: {0}; mend: name the file that `vinimay gateway user key` made")]
    Key(#[from] KeyError),
    /// Signing.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// There is no such decision.
    #[error("no such decision here; mend: take its id from `vinimay gateway review list`")]
    Unknown,
    /// The blocking pool is gone.
    #[error("the process is stopping")]
    Stopping,
}

impl From<OfficerRefused> for ReviewCommandError {
    fn from(source: OfficerRefused) -> Self {
        Self::Refused { source }
    }
}

/// How an officer gets further.
const fn mend_of(code: schemas::problem::Code) -> &'static str {
    use schemas::problem::Code as C;
    match code {
        C::FourEyesRequired => "let another person do it, with an account and a key of her own",
        C::AccessDenied => "name the account and the key file of a reviewer whose key another officer confirmed",
        C::SignatureInvalid => "make the order anew with the key that the account handed in",
        C::NotFound => "take the id from `vinimay gateway review list`",
        C::ReasonMissing => "say why in a whole sentence with --reason-file",
        C::Conflict => "look at it with `vinimay gateway review show`; somebody else may have been faster",
        _ => "look at it with `vinimay gateway review show`",
    }
}

fn mend(refused: &OfficerRefused) -> &'static str {
    mend_of(refused.code())
}

async fn open(config: &Path, clock: &Clock) -> Result<App, ReviewCommandError> {
    let (config, clock) = (Config::load(config)?, clock.clone());
    let opened = tokio::task::spawn_blocking(move || App::open(config, clock)).await;
    Ok(opened.map_err(|_| ReviewCommandError::Stopping)?.map_err(Box::new)?)
}

/// What waits, as lists show it: no name, no number, no words of a citizen.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    /// The decision.
    pub decision: MessageId,
    /// The number on letters.
    pub case: CaseId,
    /// Id of the scheme or of the built-in rule.
    pub scheme: String,
    /// What it is about.
    pub action: DecisionAction,
    /// How far it has come.
    pub state: DecisionState,
    /// Why, as a code.
    pub reason: &'static str,
    /// The same in one sentence, by language.
    pub why: BTreeMap<String, String>,
    /// From which day it holds.
    pub effective: CivilDate,
    /// Last day of the window.
    pub until: Option<CivilDate>,
    /// When it began.
    pub at: Timestamp,
    /// Whether the breaker stopped it.
    pub stopped: bool,
    /// Whether an objection is open.
    pub objection: bool,
    /// Who decided first, if anybody did, and whether it stands.
    pub first: Option<(SystemName, bool)>,
}

impl From<ReviewItem> for Waiting {
    fn from(item: ReviewItem) -> Self {
        Self {
            first: item.objection.as_ref().and_then(|objection| objection.first.clone()),
            objection: item.objection.is_some(),
            decision: item.decision,
            case: item.case,
            scheme: item.scheme,
            action: item.action,
            state: item.state,
            reason: item.reason,
            why: item.why,
            effective: item.effective,
            until: item.until,
            at: item.at,
            stopped: item.stopped,
        }
    }
}

/// A stopped scheme.
#[derive(Clone, Debug, Serialize)]
pub struct StoppedScheme {
    /// Which.
    pub scheme: String,
    /// Since when.
    pub since: Timestamp,
    /// How many removals there would have been in 24 hours.
    pub removals: u64,
    /// Of how many people on the roll.
    pub roll_size: u64,
    /// How many people wait for it to go on.
    pub waiting: u64,
    /// Who signed first that it may go on.
    pub first: Option<SystemName>,
    /// For how many people.
    pub people: Option<u64>,
}

impl From<Stopped> for StoppedScheme {
    fn from(stopped: Stopped) -> Self {
        Self {
            since: Timestamp::from_seconds(stopped.tripped_ms.div_euclid(1_000)),
            scheme: stopped.scheme,
            removals: stopped.removals,
            roll_size: stopped.roll_size,
            waiting: stopped.waiting,
            first: stopped.first_by,
            people: stopped.ceiling,
        }
    }
}

/// What waits for officers.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewList {
    /// Decisions: objections first.
    pub waiting: Vec<Waiting>,
    /// Schemes whose removals stopped.
    pub stopped: Vec<StoppedScheme>,
    /// Records of which nobody here is surely meant: they are told apart at the console.
    pub unmatched: usize,
}

/// What waits for officers.
///
/// # Errors
/// [`ReviewCommandError`], with its mend.
pub async fn review_list(config: &Path, clock: &Clock) -> Result<ReviewList, ReviewCommandError> {
    let app = open(config, clock).await?;
    Ok(ReviewList {
        waiting: app.review_list().await?.into_iter().map(Waiting::from).collect(),
        stopped: app.breakers().await?.into_iter().map(StoppedScheme::from).collect(),
        unmatched: app.match_queue().await?.len(),
    })
}

/// The removal that a letter is about, by its case and the person's number here, for an officer at the counter: that she looked is a
/// row of the audit trail.
///
/// # Errors
/// [`ReviewCommandError`], with its mend.
pub async fn review_find(
    config: &Path,
    officer: &SystemName,
    (case, number): (&CaseId, &str),
    clock: &Clock,
) -> Result<Waiting, ReviewCommandError> {
    let app = open(config, clock).await?;
    Ok(app.decision_for_counter(officer, case.as_str(), number).await?.into())
}

/// Everything on which a decision rests.
///
/// # Errors
/// [`ReviewCommandError`], with its mend.
pub async fn review_show(config: &Path, decision: &MessageId, clock: &Clock) -> Result<Evidence, ReviewCommandError> {
    let app = open(config, clock).await?;
    app.review_evidence(decision).await?.ok_or(ReviewCommandError::Unknown)
}

/// What was done, for printing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "done", rename_all = "kebab-case")]
pub enum Done {
    /// Another person must say the same.
    SecondNeeded,
    /// The second person said otherwise: it is heard anew.
    HeardAnew,
    /// It is decided.
    Decided {
        /// Its state from now on.
        state: DecisionState,
    },
    /// An objection was taken.
    Entered {
        /// The slip.
        slip: Box<super::ObjectionSlip>,
    },
    /// The delivery is on record.
    Delivered,
    /// The first of two signatures that a scheme may go on.
    Signed,
    /// The scheme goes on.
    Released,
}

impl From<ReviewDone> for Done {
    fn from(done: ReviewDone) -> Self {
        match done {
            ReviewDone::Heard(ReviewOutcome::SecondNeeded) => Self::SecondNeeded,
            ReviewDone::Heard(ReviewOutcome::HeardAnew) => Self::HeardAnew,
            ReviewDone::Heard(ReviewOutcome::Decided(state)) => Self::Decided { state },
            ReviewDone::Entered(slip) => Self::Entered { slip },
            ReviewDone::Delivered => Self::Delivered,
            ReviewDone::Released(false) => Self::Signed,
            ReviewDone::Released(true) => Self::Released,
        }
    }
}

/// Signs an order with an officer's own key, and hands it in.
///
/// # Errors
/// [`ReviewCommandError`], with its mend.
pub async fn review_act(
    config: &Path,
    (account, key): (&SystemName, &Path),
    act: ReviewAct,
    clock: &Clock,
) -> Result<Done, ReviewCommandError> {
    let key = SigningKey::from_pem(SecretFile::read(key)?.expose())?;
    let app = open(config, clock).await?;
    let order = sign_review_order(&key, (app.entity(), account), act, clock.now())?;
    Ok(app.take_review_order(account, &order).await?.into())
}
