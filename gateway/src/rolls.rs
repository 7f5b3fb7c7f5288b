//! The department's rolls between decisions: what others did to them is found, what was only intended is settled, and the heads of
//! their journals are signed and logged.
//!
//! Guarantees: an edit that the roll's triggers saw is journaled as *outside* within a minute, any other within a day, each with a row
//! of the audit trail and an alarm that names roll and entry and never a person; a journal that grew has a new head in the log within
//! the hour. Several processes may share one database: who works holds a lease. Deliberately absent: putting anything back.

use protocol::seal::{self, SealFailed, Typ, random};
use registry_adapter::{
    journal::{Finding, JournalHead, replay::Replayed},
    mapping::RollId,
    roll::{Carried, MappedRolls, RollError, Settled},
};
use schemas::{
    digest::Digest,
    head::{ChainHead, ChainKind},
    time::{CivilDate, Timestamp},
    version::V1,
};
use service_kit::{
    db::{AnyConnection, DatabaseError},
    jobs::{Jobs, JobsError},
};
use tlog::entry::EntryType;

use crate::{
    app::App,
    audit,
    decisions::DecisionError,
    notices::Person,
    store::{
        decisions::persons::{person_due_again, person_due_by},
        journal::{
            SignedHead, journal_alarmed, journal_head_covering, journal_head_insert, journal_head_newest,
            journal_look_upsert, journal_looked,
        },
        links::link_subjects,
        outbox::outbox_insert,
    },
};

pub mod commands;
mod open;
#[cfg(test)]
mod tests;
mod webhook;

pub(crate) use self::open::open as open_rolls;
pub use self::webhook::MEDIA_TYPE as ROLL_ORDER;

/// The job that looks for what others did.
pub const WATCH: &str = "roll-watch";
/// The job that compares whole rolls with their journals.
pub const SCAN: &str = "roll-scan";
/// The job that signs heads of journals.
pub const HEADS: &str = "journal-heads";

/// In the audit trail: others changed a row of a roll.
pub const OUTSIDE: &str = "roll.changed-outside";

/// Why rolls could not be looked after; it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum RollsError {
    /// The roll or its journal.
    #[error(transparent)]
    Roll(#[from] RollError),
    /// Our own database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Decisions.
    #[error(transparent)]
    Decisions(#[from] DecisionError),
    /// The head could not be signed.
    #[error(transparent)]
    Signing(#[from] SealFailed),
    /// No roll can be written here.
    #[error(
        "no roll is open here; mend: map a [[roll]], configure the source's writer, and name the roll in [[follow]] or [decisions]"
    )]
    NoRolls,
    /// The process stops.
    #[error("the process is stopping")]
    Stopping,
}

/// Registers the jobs of this area.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    if app.triggers().rolls().is_none() {
        return Ok(());
    }
    let with = app.clone();
    jobs.every("20 * * * * *", WATCH, move || {
        let app = with.clone();
        async move { watch(&app).await }
    })
    .await?;
    let with = app.clone();
    // 03:10 in India.
    jobs.every("0 40 21 * * *", SCAN, move || {
        let app = with.clone();
        async move { scan(&app).await }
    })
    .await?;
    let with = app.clone();
    let wake = jobs
        .every("40 */30 * * * *", HEADS, move || {
            let app = with.clone();
            async move { heads(&app).await }
        })
        .await?;
    app.wakes().put(HEADS, wake);
    Ok(())
}

/// Settles what is open and journals what others did since the last time. The first time it takes stock of each roll.
pub(crate) async fn watch(app: &App) -> Result<(), RollsError> {
    each_roll(app, WATCH, |rolls, roll, (at, known)| {
        let Settled { open, failed, done } = rolls.settle(roll, at)?;
        if open > 0 {
            tracing::warn!(%roll, open, failed, "changes of a roll wait to be read back");
        }
        let compared =
            if known { rolls.note_outside(roll, at).map(drop) } else { compare_whole(rolls, roll, (at, known)) };
        Ok(Found { compared, done })
    })
    .await
}

/// Compares every row of every roll with its journal.
pub(crate) async fn scan(app: &App) -> Result<(), RollsError> {
    let look = |rolls: &MappedRolls, roll: &RollId, when| {
        Ok(Found { compared: compare_whole(rolls, roll, when), done: Vec::new() })
    };
    each_roll(app, SCAN, look).await
}

/// A roll whose journal is kept apart has no stock to be taken; its rows are compared by `journal verify`.
fn compare_whole(rolls: &MappedRolls, roll: &RollId, (at, known): (Timestamp, bool)) -> Result<(), RollError> {
    let compared = if known { rolls.scan(roll, at) } else { rolls.take_stock(roll, at) };
    match compared {
        Err(RollError::NotMapped { .. }) => Ok(()),
        compared => compared.map(drop),
    }
}

/// What came of looking at one roll.
struct Found {
    /// Whether all was compared that was to be; what others did stands in the journal, up to where it went wrong.
    compared: Result<(), RollError>,
    /// Orders that the department's own system carried out since.
    done: Vec<Carried>,
}

async fn each_roll(
    app: &App,
    name: &'static str,
    look: impl Fn(&MappedRolls, &RollId, (Timestamp, bool)) -> Result<Found, RollError> + Send + Copy + 'static,
) -> Result<(), RollsError> {
    let rolls = open(app)?;
    let Some(lease) = app.lease(name).await? else { return Ok(()) };
    let done = async {
        let mut failed = None;
        for roll in rolls.rolls().cloned().collect::<Vec<_>>() {
            // One roll that cannot be looked at hides no other.
            failed = failed.or(one_roll(app, &rolls, roll, look).await.err());
            if !app.renew(&lease).await? {
                break;
            }
        }
        failed.map_or(Ok(()), Err)
    }
    .await;
    app.release(lease).await?;
    done
}

/// `look` is told when it is, and whether the roll's stock was taken before.
async fn one_roll(
    app: &App,
    rolls: &MappedRolls,
    roll: RollId,
    look: impl Fn(&MappedRolls, &RollId, (Timestamp, bool)) -> Result<Found, RollError> + Send + 'static,
) -> Result<(), RollsError> {
    let (reader, named) = (rolls.clone(), roll.clone());
    // Whoever is concerned is known before it is written down that the change was made.
    let found = blocking(move || reader.found(&named)).await??;
    look_again(app, found).await?;
    let name = roll.to_string();
    let alarmed = app.db().read(move |conn| Ok::<_, DatabaseError>(journal_alarmed(conn, &name)?)).await?;
    let (reader, named) = (rolls.clone(), roll.clone());
    let since = match alarmed.upto {
        Some(seq) => seq,
        None => blocking(move || reader.journal_head(&named)).await??.map_or(0, |head| head.seq),
    };
    let (writer, when, named) = (rolls.clone(), (app.now(), alarmed.stock), roll.clone());
    let found = blocking(move || look(&writer, &named, when)).await??;
    if !found.done.is_empty() {
        look_again(app, found.done).await?;
        app.wake_decisions();
    }
    alarm(app, rolls, &roll, (since, found.compared.is_ok())).await?;
    Ok(found.compared?)
}

/// Whoever was meant is looked at again: what was carried out is written down, or taken back if nobody wants it any more, and what waited
/// for it goes on. An order that holds or lifts has a number of its own, by which no decision is found; her row has hers.
pub(crate) async fn look_again(app: &App, done: Vec<Carried>) -> Result<(), DecisionError> {
    let now_ms = app.decided_at_ms();
    for Carried { order, subject } in done {
        let keys = app.keys().clone();
        // One order a transaction: nobody else is locked meanwhile.
        let due = move |conn: &mut AnyConnection| {
            person_due_by(conn, &order, now_ms)?;
            let linked = match &subject {
                Some(number) => link_subjects(conn, &keys, number.as_str())?,
                None => Vec::new(),
            };
            for subject in linked {
                person_due_again(conn, &Person::of_subject(&keys, &subject), now_ms)?;
            }
            Ok::<_, DecisionError>(())
        };
        app.db().write(due).await?;
    }
    Ok(())
}

/// An alarm and a row of the audit trail for each thing that others did since this entry of the journal, whoever found it: this look,
/// one that was broken off, or an order that met it. `compared`: whether this look came to its end.
async fn alarm(
    app: &App,
    rolls: &MappedRolls,
    roll: &RollId,
    (since, compared): (u64, bool),
) -> Result<(), RollsError> {
    let (reader, named) = (rolls.clone(), roll.clone());
    let (found, upto) = blocking(move || reader.outside_after(&named, since)).await??;
    let (named, now_ms, at) = (roll.clone(), app.now_ms(), app.now());
    let count = app
        .db()
        .write(move |conn| {
            let name = named.to_string();
            // Another look may have been quicker: whoever writes the row first reads it first, and each entry is alarmed once.
            journal_look_upsert(conn, &name, None, 0)?;
            let known = journal_alarmed(conn, &name)?.upto.unwrap_or(since);
            let new = found.iter().filter(|change| change.journal.seq > known);
            let rows: Vec<_> = new
                .map(|change| audit::done("outside", OUTSIDE, &format!("{named}#{}", change.journal.seq), at))
                .collect();
            rows.iter().try_for_each(|row| audit::append(conn, row))?;
            journal_look_upsert(conn, &name, compared.then_some(now_ms), upto)?;
            Ok::<_, DatabaseError>(rows.len())
        })
        .await?;
    if count > 0 {
        tracing::error!(%roll, rows = count, "others changed rows of a roll; see the journal's outside entries");
    }
    Ok(())
}

/// Signs the head of each journal that grew since its last head, and queues it for the log.
pub(crate) async fn heads(app: &App) -> Result<(), RollsError> {
    let rolls = open(app)?;
    for roll in rolls.rolls().cloned().collect::<Vec<_>>() {
        let (reader, named) = (rolls.clone(), roll.clone());
        let Some(head) = blocking(move || reader.journal_head(&named)).await?? else { continue };
        anchor(app, &roll, head).await?;
    }
    app.wake_anchor();
    Ok(())
}

async fn anchor(app: &App, roll: &RollId, head: JournalHead) -> Result<(), RollsError> {
    let now = app.now();
    let claims = ChainHead {
        v: V1,
        iss: app.entity().clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        kind: ChainKind::Journal,
        roll: Some(roll.dataset().clone()),
        seq: head.seq,
        head: head.hash,
    };
    let jws = seal::sign(Typ::Head, &app.keys().signing, &claims)?;
    let (name, now_ms) = (roll.to_string(), app.now_ms());
    let signed =
        SignedHead { seq: i64::try_from(head.seq).unwrap_or(i64::MAX), hash: head.hash.to_string(), at_ms: now_ms };
    app.db()
        .write(move |conn| {
            let newest = journal_head_newest(conn, &name)?;
            // A journal that got shorter has nothing new to say; `journal verify` says what happened to it.
            if newest.is_none_or(|newest| newest.seq < signed.seq) && journal_head_insert(conn, &name, &signed, &jws)? {
                outbox_insert(conn, &[(EntryType::Head, Digest::of(jws.as_str()))], now_ms)?;
            }
            Ok::<_, DatabaseError>(())
        })
        .await?;
    Ok(())
}

/// Something that should not be, and when it can have come about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// What.
    pub finding: Finding,
    /// Up to then it was as it should be; none where nothing attests it.
    pub after: Option<Timestamp>,
    /// When it was found.
    pub found: Timestamp,
}

/// Compares a roll's journal with itself, with the newest signed head and with the roll.
///
/// # Errors
/// If one of them cannot be read.
pub async fn verify(app: &App, roll: &RollId) -> Result<Vec<Suspicion>, RollsError> {
    let (rolls, named, name) = (open(app)?, roll.clone(), roll.to_string());
    let newest = app.db().read(move |conn| Ok::<_, DatabaseError>(journal_head_newest(conn, &name)?)).await?;
    let anchored =
        newest.and_then(|head| Some(JournalHead { seq: u64::try_from(head.seq).ok()?, hash: head.hash.parse().ok()? }));
    let findings = blocking(move || rolls.verify(&named, anchored)).await??;
    let (found, name) = (app.now(), roll.to_string());
    let suspicions = app
        .db()
        .read(move |conn| {
            let mut suspicions = Vec::new();
            for finding in findings {
                let after_ms = match &finding {
                    Finding::Edited { seq } | Finding::Unlinked { seq } | Finding::Missing { from: seq, .. } => {
                        let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
                        journal_head_covering(conn, &name, seq)?.map(|head| head.at_ms)
                    }
                    Finding::HeadDisagrees { .. } => journal_head_newest(conn, &name)?.map(|head| head.at_ms),
                    Finding::RowChangedOutside { .. } | Finding::RowMissing { .. } => journal_looked(conn, &name)?,
                };
                let after = after_ms.map(|ms| Timestamp::from_seconds(ms.div_euclid(1_000)));
                suspicions.push(Suspicion { finding, after, found });
            }
            Ok::<_, DatabaseError>(suspicions)
        })
        .await?;
    Ok(suspicions)
}

/// The roll as it stood at the end of a day.
///
/// # Errors
/// If the journal cannot be read.
pub async fn replay(app: &App, roll: &RollId, day: CivilDate) -> Result<Replayed, RollsError> {
    let (rolls, roll) = (open(app)?, roll.clone());
    Ok(blocking(move || rolls.replay(&roll, day)).await??)
}

fn open(app: &App) -> Result<MappedRolls, RollsError> {
    app.triggers().rolls().cloned().ok_or(RollsError::NoRolls)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, RollsError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| RollsError::Stopping)
}
