//! Which ways a notice takes: by what it is, by what she has chosen, and by where she can be reached.
//!
//! Guarantees: what must be told goes by every way that is known, and on paper if none is; what she does not want to hear is withheld,
//! not forgotten; each notice is settled once. Deliberately absent: sending.

use schemas::notice::{Channel, NoticeClass, NoticeKind, NoticeLevel};
use service_kit::db::AnyConnection;

use super::NoticeError;
use crate::{
    app::App,
    keys::Keys,
    store::{
        links::link_number,
        notices::{
            NoticeState, StoredNotice,
            deliveries::delivery_insert,
            notice_settle, notices_new,
            preferences::{Preference, preference_find},
        },
    },
};

/// Notices of one round.
const ROUND: i64 = 200;

/// Which ways are configured here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configured {
    pub(super) mail: bool,
    pub(super) sms: bool,
    pub(super) letter: bool,
}

impl Configured {
    pub(super) fn of(app: &App) -> Self {
        let has = |channel| app.notices().notifier(channel).is_some();
        Self { mail: has(Channel::Mail), sms: has(Channel::Sms), letter: has(Channel::Letter) }
    }
}

/// Settles what is new; how many.
pub(super) async fn run(app: &App, now_ms: i64) -> Result<usize, NoticeError> {
    let (keys, configured) = (app.keys().clone(), Configured::of(app));
    let settled = app.db().write(move |conn| {
        let new = notices_new(conn, &keys, ROUND)?;
        for notice in &new {
            settle(conn, &keys, notice, configured, now_ms)?;
        }
        Ok::<_, NoticeError>(new.len())
    });
    settled.await
}

fn settle(
    conn: &mut AnyConnection,
    keys: &Keys,
    notice: &StoredNotice,
    configured: Configured,
    now_ms: i64,
) -> Result<(), NoticeError> {
    let chosen = preference_find(conn, keys, &notice.to)?;
    let level = chosen.as_ref().map_or(NoticeLevel::default(), |chosen| chosen.level);
    if !is_wanted(&notice.kind, level) {
        notice_settle(conn, &notice.id, NoticeState::Withheld)?;
        return Ok(());
    }
    // The row is locked from here to the commit: of two processes one opens the ways.
    if !notice_settle(conn, &notice.id, NoticeState::Sent)? {
        return Ok(());
    }
    let mut ways = electronic(chosen.as_ref(), configured);
    if ways.is_empty() && notice.kind.class() == NoticeClass::Always {
        ways.extend(paper(conn, keys, notice, configured)?);
    }
    for channel in ways {
        delivery_insert(conn, &notice.id, channel, now_ms)?;
    }
    Ok(())
}

/// Whether she wants to hear of it, as far as she may choose.
fn is_wanted(kind: &NoticeKind, level: NoticeLevel) -> bool {
    match (kind.class(), kind) {
        (NoticeClass::Always | NoticeClass::Exception, _) => true,
        (NoticeClass::Use, NoticeKind::Summary { .. }) => level == NoticeLevel::Weekly,
        (NoticeClass::Use, _) => level == NoticeLevel::EveryUse,
    }
}

fn electronic(chosen: Option<&Preference>, configured: Configured) -> Vec<Channel> {
    let Some(chosen) = chosen else { return Vec::new() };
    let mail = (configured.mail && chosen.contact.email.is_some()).then_some(Channel::Mail);
    let sms = (configured.sms && chosen.contact.phone.is_some()).then_some(Channel::Sms);
    mail.into_iter().chain(sms).collect()
}

/// Paper, if the department prints letters and has a number for her.
pub(super) fn paper(
    conn: &mut AnyConnection,
    keys: &Keys,
    notice: &StoredNotice,
    configured: Configured,
) -> Result<Option<Channel>, NoticeError> {
    if configured.letter && link_number(conn, keys, notice.to.as_str())?.is_some() {
        return Ok(Some(Channel::Letter));
    }
    tracing::warn!(notice = %notice.id, kind = notice.kind.word(), "a notice that must be told reaches nothing but a wallet");
    metrics::counter!("notices_without_a_way_total").increment(1);
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn she_chooses_about_uses_and_about_nothing_that_must_be_told() {
        let peer: schemas::id::EntityId = "https://revenue.gov.example".parse().unwrap();
        let exchange: schemas::id::MessageId = "01936b1e-5b2f-7c3d-8e4f-0123456789ab".parse().unwrap();
        let dataset: schemas::id::DatasetId = "revenue.income".parse().unwrap();
        let erased =
            NoticeKind::Erased { exchange: exchange.clone(), provider: peer.clone(), dataset: dataset.clone() };
        let overdue = NoticeKind::ErasureOverdue { exchange: exchange.clone(), provider: peer.clone(), dataset };
        let day = "2026-11-21".parse().unwrap();
        let summary = NoticeKind::Summary { uses: 2, from: day, until: day };
        let hold = NoticeKind::Hold { event: exchange, source: peer };
        let wanted = |level| [&erased, &summary, &overdue, &hold].map(|kind| is_wanted(kind, level));
        assert_eq!(wanted(NoticeLevel::EveryUse), [true, false, true, true]);
        assert_eq!(wanted(NoticeLevel::Weekly), [false, true, true, true]);
        assert_eq!(wanted(NoticeLevel::Exceptions), [false, false, true, true]);
    }
}
