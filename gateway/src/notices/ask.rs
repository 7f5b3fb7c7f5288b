//! A wallet asks for its person's notices, and names those that it has: only what it names is delivered.
//!
//! Guarantees: what was told in an answer that may be lost starts no window; rows are found by the pseudonym that she disclosed and by the key that she proved, never by anything else.

use std::collections::BTreeMap;

use protocol::credential::{VerifiedBinding, did};
use schemas::{
    id::{MessageId, SectorSubject},
    notice::{Channel, DeliveryState, NoticeView, Notices, NoticesRequest, PreferencesView},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::{NoticeError, names::Names};
use crate::{
    app::App,
    consents::PresentationError,
    keys::Keys,
    store::{
        fetching::proven_insert,
        notices::{
            Person, StoredNotice,
            deliveries::deliveries_of,
            notice_fetched, notices_of,
            preferences::{Preference, preference_find},
        },
    },
};

/// Notices told at most, newest first.
const MOST: usize = 200;

/// Notices cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum ToldError {
    /// The presentation.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// The rows.
    #[error(transparent)]
    Store(#[from] NoticeError),
}

/// Who she is here: by her pseudonym, if she disclosed it, and by the key that she proved.
pub(super) fn persons(app: &App, binding: &VerifiedBinding) -> Vec<Person> {
    let subject = binding.disclosed(&format!("sub_{}", app.config().sector));
    let subject: Option<SectorSubject> = subject.and_then(|text| text.parse().ok());
    let by_subject = subject.map(|subject| Person::of_subject(app.keys(), &subject));
    let by_key = did::encode(binding.key()).ok().map(|key| Person::of_key(app.keys(), &key));
    by_subject.into_iter().chain(by_key).collect()
}

/// A notice with the ways that it went.
type Told = (StoredNotice, Vec<(Channel, DeliveryState)>);

impl App {
    /// One person's notices. Those that her wallet says it has count as delivered from now on.
    ///
    /// # Errors
    /// Those of the presentation; if the rows cannot be read.
    pub(crate) async fn tell_notices(&self, request: &NoticesRequest) -> Result<Notices, ToldError> {
        let binding = self.verify_contesting_presentation(&request.binding).await?;
        let (persons, keys, now_ms) = (persons(self, &binding), self.keys().clone(), self.now_ms());
        let seen: Vec<MessageId> = request.seen.iter().take(MOST).cloned().collect();
        let found = self.db().write(move |conn| fetch(conn, &keys, (&persons, &seen), now_ms)).await?;
        let (told, chosen) = found;
        let names = Names::now(self);
        let mut notices: Vec<NoticeView> = told.into_iter().map(|told| self.notice_view(told, &names)).collect();
        notices.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        notices.truncate(MOST);
        Ok(Notices { member: self.entity().clone(), notices, preferences: chosen.map(|chosen| view_of(&chosen)) })
    }

    fn notice_view(&self, (notice, ways): Told, names: &Names<'_>) -> NoticeView {
        let StoredNotice { id, kind, at_ms, fetched, .. } = notice;
        let mut delivery: BTreeMap<String, DeliveryState> =
            ways.into_iter().map(|(channel, state)| (channel.as_str().to_owned(), state)).collect();
        if fetched {
            delivery.insert(Channel::Wallet.as_str().to_owned(), DeliveryState::Delivered);
        }
        let text = self.notices().texts.by_language(&kind, &id, names);
        let at = Timestamp::from_seconds(at_ms.div_euclid(1000));
        NoticeView { id, at, seen: fetched, about: kind, text, delivery }
    }
}

fn fetch(
    conn: &mut AnyConnection,
    keys: &Keys,
    (persons, seen): (&[Person], &[MessageId]),
    now_ms: i64,
) -> Result<(Vec<Told>, Option<Preference>), NoticeError> {
    if let [subject, key] = persons {
        // She showed both at once: what this key consents to is about her.
        proven_insert(conn, (subject, key), now_ms)?;
    }
    let mut found: BTreeMap<MessageId, Told> = BTreeMap::new();
    let mut chosen: Option<Preference> = None;
    for person in persons {
        for id in seen {
            notice_fetched(conn, person, id, now_ms)?;
        }
        for notice in notices_of(conn, keys, person, i64::try_from(MOST).unwrap_or(i64::MAX))? {
            let ways = deliveries_of(conn, &notice.id)?;
            found.insert(notice.id.clone(), (notice, ways));
        }
        let here = preference_find(conn, keys, person)?;
        chosen = chosen.into_iter().chain(here).max_by_key(|chosen| chosen.ordered);
    }
    Ok((found.into_values().collect(), chosen))
}

pub(super) fn view_of(chosen: &Preference) -> PreferencesView {
    PreferencesView {
        level: chosen.level,
        language: chosen.language.clone(),
        phone: chosen.contact.phone.is_some(),
        email: chosen.contact.email.is_some(),
        since: chosen.ordered,
    }
}
