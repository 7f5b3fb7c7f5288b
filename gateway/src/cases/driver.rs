//! Working through a batch: page by page, so many at once, until everybody has an end or something stops it.
//!
//! In this order, and what is true if we stop there: a page of people is read (nothing happened) · each is looked up under its own
//! key (who was asked before is not asked again) · those who were not are named by the identity registry in one call · each is
//! asked, the query stored before it is sent (recovery ends it; the next driver finds it) · the page is written with the lease
//! renewed (another process that took the batch meanwhile wins, and we stop). A question that a dead process left behind may reach
//! the provider for the first time when it is too old. Its signed `stale` says that it was and will be no use, so that person is
//! named and asked anew, under a key of its own. Guarantees: memory is that of one page; nobody is asked anew whose question may
//! have been a use; after a `law-quota-exceeded` no further query is sent. Deliberately absent: patience with a provider that is
//! away; the batch stops and its system goes on with it when it likes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, stream};
use schemas::{digest::Digest, id::SectorSubject, problem::Code};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{InquiryAbout, PartAbout, milliseconds, outcome, parts::unsealed, persons::nobody};
use crate::{
    app::App,
    exchange::ask::{About, Before, End, LawQuestion, NotAnswered, digest},
    store::{
        exchange::asks::{AskKey, ask_find},
        inquiries::{
            Claimed, Inquiry, Outcome, PartEnd, PartRow, State, batch_claim, batch_renew, batch_stop,
            inquiry_about_open, inquiry_find, part_about_open, parts_ended, parts_open, parts_write,
        },
    },
};

/// People of one page: named in one call, written in one transaction.
const PAGE: i64 = 64;
/// Questions in the air at once.
const AT_ONCE: usize = 16;
/// How long a batch is ours before somebody else may take it, milliseconds: longer than a page can take.
const LEASE_MS: i64 = 120_000;
/// A provider that leaves so many in a row without an answer is away.
const AWAY: u32 = 16;

/// A batch that is being worked on.
struct Batch {
    claimed: Claimed,
    key: AskKey,
    persons: u32,
    question: LawQuestion,
}

/// One person of a page, looked up.
struct Person {
    place: u32,
    key: AskKey,
    wanted: Digest,
    next: Next,
}

/// How a person was heard of.
struct Asked {
    end: PartEnd,
    /// By a question of long ago alone: there is another one to be asked.
    late: bool,
}

enum Next {
    /// Asked before: it has an end, or goes on.
    Before(Before),
    /// To be named and asked.
    Fresh(SectorSubject),
    /// To be asked, named to the provider.
    Named(About),
    /// Nothing can be asked.
    Not(NotAnswered),
}

/// What the people of a batch so far tell about the next ones.
#[derive(Default)]
struct Weather(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    stop: Option<NotAnswered>,
    unavailable: u32,
}

impl Weather {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nobody is asked about any more.
    fn stop(&self) -> Option<NotAnswered> {
        self.seen().stop.clone()
    }

    fn stop_for(&self, why: &NotAnswered) {
        self.seen().stop.get_or_insert_with(|| why.clone());
    }

    /// Learns from one person's end.
    fn learn(&self, end: &PartEnd) {
        let mut seen = self.seen();
        seen.unavailable = match (end.outcome, end.ended) {
            (Outcome::Unavailable, false) => seen.unavailable.saturating_add(1),
            _ => 0,
        };
        let stops = end.code.filter(|code| *code == Code::LawQuotaExceeded || seen.unavailable >= AWAY);
        if let (Some(code), None) = (stops, &seen.stop) {
            seen.stop = Some(NotAnswered::new(code));
        }
    }
}

impl App {
    /// Takes the batch that has waited longest, if one waits.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(super) async fn claim_batch(&self) -> Result<Option<Claimed>, DatabaseError> {
        let now_ms = milliseconds(self.now());
        self.db().write(move |conn| Ok(batch_claim(conn, now_ms, now_ms.saturating_add(LEASE_MS))?)).await
    }

    /// Works through a batch that was taken.
    ///
    /// # Errors
    /// If the database does not answer; the batch then waits until its lease is over.
    pub(super) async fn drive_batch(&self, claimed: Claimed) -> Result<(), NotAnswered> {
        let batch = self.taken(claimed).await?;
        let weather = Weather::default();
        let mut from = 0;
        while let Some(page) = self.page(&batch, from).await? {
            from = page.last().map_or(from, |part| part.place.saturating_add(1));
            let ends = self.ask_page(&batch, page, &weather).await?;
            let stop = weather.stop();
            let ours = self.keep_page(&batch, ends, stop.clone()).await?;
            self.cases().progress.notify_waiters();
            if !ours || stop.is_some() {
                return Ok(());
            }
        }
        self.put_down(&batch).await
    }

    async fn taken(&self, claimed: Claimed) -> Result<Batch, NotAnswered> {
        let id = claimed.id.clone();
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(inquiry_find(conn, &id)?)).await?;
        let gone = || NotAnswered::new(Code::RequestExpired);
        let Inquiry { key, parts, about, .. } = found.ok_or_else(gone)?;
        let about: InquiryAbout =
            inquiry_about_open(self.keys(), &claimed.id, &about.ok_or_else(gone)?).map_err(unsealed)?;
        Ok(Batch { claimed, key, persons: parts, question: about.question.ok_or_else(gone)? })
    }

    async fn page(&self, batch: &Batch, from: u32) -> Result<Option<Vec<PartRow>>, NotAnswered> {
        let id = batch.claimed.id.clone();
        let page = self.db().read(move |conn| Ok::<_, DatabaseError>(parts_open(conn, &id, from, PAGE)?)).await?;
        Ok((!page.is_empty()).then_some(page))
    }

    /// Asks about the people of a page, those who were not asked before or only by a question that was heard too late.
    async fn ask_page(
        &self,
        batch: &Batch,
        page: Vec<PartRow>,
        weather: &Weather,
    ) -> Result<Vec<PartEnd>, NotAnswered> {
        let (mut open, mut ends) = (page, Vec::new());
        while !open.is_empty() {
            let people = self.look_up(batch, open.clone()).await?;
            let people = self.name(batch, people, weather).await;
            // Collected first: a stream over the closure itself would not be `Send` for every lifetime.
            let asked: Vec<_> = people.into_iter().map(|person| self.ask_in_turn(batch, person, weather)).collect();
            let asked: Vec<Option<Asked>> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
            let (late, ended): (Vec<_>, Vec<_>) = asked.into_iter().flatten().partition(|asked| asked.late);
            ends.extend(ended.into_iter().map(|asked| asked.end));
            if weather.stop().is_some() {
                // They are open like all who were not asked, and the next driver finds that they were heard too late.
                break;
            }
            open.retain(|part| late.iter().any(|asked| asked.end.place == part.place));
        }
        ends.sort_by_key(|end| end.place);
        Ok(ends)
    }

    /// Finds under each person's key what was asked before, and else the person's pseudonym; one read.
    async fn look_up(&self, batch: &Batch, page: Vec<PartRow>) -> Result<Vec<Person>, NotAnswered> {
        let (app, id, key, question) =
            (self.clone(), batch.claimed.id.clone(), batch.key.clone(), batch.question.clone());
        let read = self.db().read(move |conn| {
            let person = |part: PartRow| {
                let stored = part.about.ok_or(NotAnswered::new(Code::RequestExpired))?;
                let about: PartAbout = part_about_open(app.keys(), &id, part.place, &stored).map_err(unsealed)?;
                let number = about.number.unwrap_or_default();
                let wanted = digest(&(&question, &number))?;
                let (key, next) = app.next(conn, key.part(part.place), &wanted, &number)?;
                Ok(Person { place: part.place, key, wanted, next })
            };
            page.into_iter().map(person).collect()
        });
        read.await
    }

    /// What is to be done about a person, and under which key.
    fn next(
        &self,
        conn: &mut AnyConnection,
        mut key: AskKey,
        wanted: &Digest,
        number: &str,
    ) -> Result<(AskKey, Next), NotAnswered> {
        while let Some(row) = ask_find(conn, &key).map_err(DatabaseError::from)? {
            let before = self.before(row, wanted);
            match (&before, key.again()) {
                (Ok(Before::Ended(end)), Some(again)) if was_late(end) => key = again,
                _ => return Ok((key, before.map_or_else(Next::Not, Next::Before))),
            }
        }
        match self.linked(conn, number) {
            Ok(subject) => Ok((key, Next::Fresh(subject))),
            Err(not) if not.code() == Code::Overloaded => Err(not),
            Err(not) => Ok((key, Next::Not(not))),
        }
    }

    /// Has those who are to be asked named, in one call. If nobody can be named now, nobody is asked.
    async fn name(&self, batch: &Batch, mut people: Vec<Person>, weather: &Weather) -> Vec<Person> {
        let fresh = |person: &Person| match &person.next {
            Next::Fresh(subject) => Some(subject.clone()),
            Next::Before(_) | Next::Named(_) | Next::Not(_) => None,
        };
        let subjects: Vec<SectorSubject> = people.iter().filter_map(fresh).collect();
        if subjects.is_empty() {
            return people;
        }
        let named = self.named_to_provider(&batch.key, &batch.question, &subjects).await;
        if let Err(not) = &named {
            weather.stop_for(not);
        }
        let mut names = named.map(Vec::into_iter);
        for person in &mut people {
            let Next::Fresh(subject) = &person.next else { continue };
            let about = |sealed| Next::Named(About { sealed, people: vec![subject.clone()] });
            person.next = match &mut names {
                Ok(names) => names.next().flatten().map_or_else(|| Next::Not(nobody()), about),
                Err(not) => Next::Not(not.clone()),
            };
        }
        people
    }

    /// `None`: nobody is asked about any more; whoever is left is told so by the stop itself.
    async fn ask_in_turn(&self, batch: &Batch, person: Person, weather: &Weather) -> Option<Asked> {
        if weather.stop().is_some() {
            return None;
        }
        let place = person.place;
        // A question of this very pass that is called too old is a matter of clocks; asking anew would not mend it.
        let of_long_ago = matches!(person.next, Next::Before(Before::Open(_))) && person.key.again().is_some();
        let result = self.ask_person(batch, person).await;
        let late = of_long_ago && result.as_ref().is_ok_and(was_late);
        let end = outcome::of(place, &result, self.now());
        weather.learn(&end);
        Some(Asked { end, late })
    }

    async fn ask_person(&self, batch: &Batch, person: Person) -> Result<End, NotAnswered> {
        match person.next {
            Next::Before(Before::Ended(end)) => Ok(end),
            Next::Before(Before::Open(pending)) => self.finish(&pending).await,
            Next::Named(about) => self.ask_under_law(&person.key, person.wanted, &batch.question, about).await,
            Next::Fresh(_) => Err(NotAnswered::new(Code::Internal)),
            Next::Not(not) => Err(not),
        }
    }

    /// Writes a page and keeps the batch, or stops it. `false`: another process has it.
    async fn keep_page(
        &self,
        batch: &Batch,
        ends: Vec<PartEnd>,
        stop: Option<NotAnswered>,
    ) -> Result<bool, NotAnswered> {
        let claimed = batch.claimed.clone();
        let until_ms = milliseconds(self.now()).saturating_add(LEASE_MS);
        let written = self.db().write(move |conn| {
            if !batch_renew(conn, &claimed, until_ms)? {
                return Ok(false);
            }
            parts_write(conn, &claimed.id, &ends)?;
            match stop {
                Some(why) => Ok::<_, DatabaseError>(batch_stop(conn, &claimed, State::Stopped, Some(left(&why)))?),
                None => Ok(true),
            }
        });
        Ok(written.await?)
    }

    /// Everybody was asked: the batch has ended, or waits for those whose answer did not come.
    async fn put_down(&self, batch: &Batch) -> Result<(), NotAnswered> {
        let (claimed, persons) = (batch.claimed.clone(), batch.persons);
        let written = self.db().write(move |conn| {
            let state = if parts_ended(conn, &claimed.id)? == persons { State::Ended } else { State::Stopped };
            Ok::<_, DatabaseError>(batch_stop(conn, &claimed, state, None)?)
        });
        written.await?;
        self.cases().progress.notify_waiters();
        Ok(())
    }
}

/// Whether the provider signed that it heard a question when that was too old, and never before: known questions are looked for
/// first, so it was no use, and it will be none.
const fn was_late(end: &End) -> bool {
    matches!(end, End::Refused { code: Code::Stale, .. })
}

/// What those hear who were not asked about: a quota and a missing law refuse, everything else keeps an answer away.
fn left(why: &NotAnswered) -> (Code, Outcome) {
    let refused = why.code() == Code::LawQuotaExceeded || !why.is_passing();
    (why.code(), if refused { Outcome::Refused } else { Outcome::Unavailable })
}
