//! Working through a batch: page by page, so many at once, until everybody has an end or something stops it.
//!
//! In this order, and what is true if we stop there: a page of people is read (nothing happened) · each is looked up under its own
//! key (who was asked before is not asked again) · those who were not are named by the identity registry in one call · each is
//! asked, the query stored before it is sent (recovery ends it; the next driver finds it) · the page is written with the lease
//! renewed (another process that took the batch meanwhile wins, and we stop). Guarantees: memory is that of one page; after a
//! `law-quota-exceeded` no further query is sent. Deliberately absent: patience with a provider that is away; the batch stops and
//! its system goes on with it when it likes.

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
    wanted: Digest,
    next: Next,
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

    /// Asks about the people of a page, those who were not asked before.
    async fn ask_page(
        &self,
        batch: &Batch,
        page: Vec<PartRow>,
        weather: &Weather,
    ) -> Result<Vec<PartEnd>, NotAnswered> {
        let people = self.look_up(batch, page).await?;
        let people = self.name(batch, people, weather).await;
        // Collected first: a stream over the closure itself would not be `Send` for every lifetime.
        let asked: Vec<_> = people.into_iter().map(|person| self.ask_in_turn(batch, person, weather)).collect();
        let asked: Vec<Option<PartEnd>> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        let mut ends: Vec<PartEnd> = asked.into_iter().flatten().collect();
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
                let next = app.next(conn, &key.part(part.place), &wanted, &number)?;
                Ok(Person { place: part.place, wanted, next })
            };
            page.into_iter().map(person).collect()
        });
        read.await
    }

    fn next(&self, conn: &mut AnyConnection, key: &AskKey, wanted: &Digest, number: &str) -> Result<Next, NotAnswered> {
        if let Some(row) = ask_find(conn, key).map_err(DatabaseError::from)? {
            return Ok(self.before(row, wanted).map_or_else(Next::Not, Next::Before));
        }
        match self.linked(conn, number) {
            Ok(subject) => Ok(Next::Fresh(subject)),
            Err(not) if not.code() == Code::Overloaded => Err(not),
            Err(not) => Ok(Next::Not(not)),
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
        let named = self.named(&batch.key, &batch.question, &subjects).await;
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
    async fn ask_in_turn(&self, batch: &Batch, person: Person, weather: &Weather) -> Option<PartEnd> {
        if weather.stop().is_some() {
            return None;
        }
        let place = person.place;
        let end = outcome::of(place, &self.ask_person(batch, person).await, self.now());
        weather.learn(&end);
        Some(end)
    }

    async fn ask_person(&self, batch: &Batch, person: Person) -> Result<End, NotAnswered> {
        let key = batch.key.part(person.place);
        match person.next {
            Next::Before(Before::Ended(end)) => Ok(end),
            Next::Before(Before::Open(pending)) => self.finish(&pending).await,
            Next::Named(about) => self.ask_under_law(&key, person.wanted, &batch.question, about).await,
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

/// What those hear who were not asked about: a quota and a missing law refuse, everything else keeps an answer away.
fn left(why: &NotAnswered) -> (Code, Outcome) {
    let refused = why.code() == Code::LawQuotaExceeded || !why.is_passing();
    (why.code(), if refused { Outcome::Refused } else { Outcome::Unavailable })
}
