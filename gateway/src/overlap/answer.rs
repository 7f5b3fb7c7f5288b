//! The side that answers: begin, turns, end.
//!
//! Guarantees: one message reads from top to bottom: member, signature, audience, time, known or not, law, roll, quota; the signed
//! acceptance is durable before a point of ours leaves; a message that comes again with equal bytes gets the same answer, with other
//! bytes `replayed`. Points that are not what they have to be end the comparison. Deliberately absent: what the points mean.

use protocol::{
    consent::Refusal,
    exchange::Attested,
    federation::VerifiedMember,
    overlap::{Answering, Context, accept_message, accept_result, authorize},
};
use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId},
    overlap::{Overlap, OverlapSays, OverlapStep, OverlapTerms, OverlapTurn},
    problem::Code,
    time::Timestamp,
};

use super::{
    OverlapError, close,
    error::code_of,
    ours,
    roll::{self, OwnRoll},
    sessions::{Place, Session, Taken},
};
use crate::{
    app::App,
    audit,
    directory::DirectorySnapshot,
    exchange::{
        Rejected,
        journal::{LawTake, take_quotas},
    },
    laws,
    store::{
        exchange::law_uses::{LawCounter, LawDay},
        overlap::{
            NewOverlap, OverlapKey, OverlapRecord, Side, State, marks::MarkError, overlap_confirm, overlap_find,
            overlap_insert, records_of,
        },
    },
};

/// What the audit trail calls it.
const BEGIN: &str = "overlap.answer";
/// Seconds after which a busy place may be free.
const LATER: u32 = 30;

impl App {
    /// Answers a message about a comparison.
    ///
    /// # Errors
    /// A plain problem: `peer-unknown`, `peer-suspended`, those of the token, `audience-wrong`, `stale`, `replayed`, `overloaded`,
    /// `overlap-ended`, `overlap-points-invalid`. Whether the law allows it is answered and signed.
    pub async fn answer_overlap(&self, caller: &EntityId, body: &[u8]) -> Result<CompactJws, Rejected> {
        let (now, directory) = (self.now(), self.directory());
        let asker = directory.peer(caller, now).map_err(|refusal| Rejected::new(refusal.code()))?;
        let message = accept_message(body, asker, self.entity(), now).map_err(|error| Rejected::new(error.code()))?;
        let claims = message.claims();
        let key = OverlapKey { side: Side::Answerer, peer: caller.clone(), comparison: claims.comparison.clone() };
        match &claims.step {
            OverlapStep::Begin(terms) => self.begin_overlap(&message, terms, (&key, asker), &directory, now).await,
            OverlapStep::Turn(turn) => self.overlap_turn(&message, turn, &key, &directory).await,
            OverlapStep::End(result) => self.end_overlap(result, (&key, asker)).await,
        }
    }

    async fn begin_overlap(
        &self,
        message: &Attested<Overlap>,
        terms: &OverlapTerms,
        (key, asker): (&OverlapKey, &VerifiedMember),
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<CompactJws, Rejected> {
        if let Some(answer) = self.overlap_known(key, message.digest()).await? {
            return answer;
        }
        close::tidy(self).await?;
        let place = self.overlaps().reserve(&key.peer, &key.comparison, self.clock().monotonic());
        let place = place.ok_or(Rejected::new(Code::Overloaded).retry_after(LATER))?;
        let (session, answer) = self.decide_overlap(message, terms, (key, asker), directory, now).await?;
        if let Some(session) = session {
            place.put(session, self.clock().monotonic());
        }
        self.wake_anchor();
        Ok(answer)
    }

    /// What was answered before to this very message.
    async fn overlap_known(
        &self,
        key: &OverlapKey,
        request: Digest,
    ) -> Result<Option<Result<CompactJws, Rejected>>, Rejected> {
        let key = key.clone();
        let found = self.db().read(move |conn| {
            let row = overlap_find(conn, &key)?;
            row.map(|row| Ok::<_, MarkError>((row, records_of(conn, &key)?))).transpose()
        });
        let Some((row, records)) = found.await.map_err(OverlapError::from)? else { return Ok(None) };
        let first = |record: &OverlapRecord| record.ours && ["accepted", "refused"].contains(&record.what);
        let answered = records.into_iter().find(first).filter(|_| row.request == request);
        Ok(Some(answered.map(|record| record.jws).ok_or(Rejected::new(Code::Replayed))))
    }

    async fn decide_overlap(
        &self,
        message: &Attested<Overlap>,
        terms: &OverlapTerms,
        (key, asker): (&OverlapKey, &VerifiedMember),
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<(Option<Box<Session>>, CompactJws), Rejected> {
        match self.may_compare(terms, asker, directory, now).await {
            Ok(own) => {
                let people = own.size();
                let context = Context::new(&terms.law, [&key.peer, self.entity()], &message.digest());
                let (theirs, own) = (terms.people, own.people);
                let begun = tokio::task::spawn_blocking(move || Answering::begin(context, own, theirs));
                let answering = begun.await.map_err(|_| OverlapError::Stopping)?.map_err(OverlapError::from)?;
                let answer = self.commit_begin(message, (key, terms), Ok(people), directory, now).await?;
                let session = Session { terms: terms.clone(), request: message.digest(), answering, last: None };
                Ok((answer.1.then(|| Box::new(session)), answer.0))
            }
            Err(OverlapError::NotAllowed(refusal)) => {
                self.exchange().take_refusal(&key.peer)?;
                tracing::info!(code = %refusal.code(), because = refusal.because(), peer = %key.peer, "a comparison is refused");
                Ok((None, self.commit_begin(message, (key, terms), Err(refusal.code()), directory, now).await?.0))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The law, the roles, the state of our anchoring, and then our roll.
    async fn may_compare(
        &self,
        terms: &OverlapTerms,
        asker: &VerifiedMember,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<OwnRoll, OverlapError> {
        let role = |_| Refusal::new(Code::RoleMissing, "the asker or we do not hold the role for this");
        asker.authorize_consumer(&terms.purpose).map_err(role)?;
        directory.peer(self.entity(), now)?.authorize_provider().map_err(role)?;
        let parties = [asker.entity(), self.entity()];
        self.authorize_overlap(terms, parties, None, directory, now)?;
        self.authorize_anchored().await?;
        let own = roll::read(self, &terms.of, &terms.identifier).await?;
        self.authorize_overlap(terms, parties, Some(own.size()), directory, now)?;
        Ok(own)
    }

    /// Whether the register allows it now.
    pub(super) fn authorize_overlap(
        &self,
        terms: &OverlapTerms,
        parties: [&EntityId; 2],
        answerer_has: Option<u32>,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let law = directory.law(&terms.law, now)?;
        let purpose = directory.purpose_newest(&terms.purpose, now)?;
        authorize(terms, parties, law, purpose, answerer_has, now)
    }

    /// Our word, with the row and what the quota gives, in one commit. What is answered, and whether it is an acceptance.
    async fn commit_begin(
        &self,
        message: &Attested<Overlap>,
        (key, terms): (&OverlapKey, &OverlapTerms),
        people: Result<u32, Code>,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<(CompactJws, bool), Rejected> {
        let request = message.digest();
        let sign = |says| self.overlap_statement(key, request, says);
        let refused = |code| sign(OverlapSays::Refused { code });
        let accepted = people.ok().map(|people| sign(OverlapSays::Accepted { people })).transpose()?;
        let spent = refused(people.err().unwrap_or(Code::LawQuotaExceeded))?;
        let takes = if people.is_ok() { self.overlap_takes(terms, &key.peer, directory, now) } else { Vec::new() };
        let begin =
            OverlapRecord { ours: false, what: "begin", jti: key.comparison.clone(), jws: message.jws().clone() };
        let (key, terms, now_ms) = (key.clone(), terms.clone(), self.now_ms());
        let law = terms.law.clone();
        let peer = key.peer.clone();
        let outcome = self.db().write(move |conn| {
            let left = take_quotas(conn, &[&takes])?.into_iter().all(|taken| taken.is_ok());
            let accepted = accepted.filter(|_| left);
            let code = accepted.is_none().then(|| people.err().unwrap_or(Code::LawQuotaExceeded));
            let new = NewOverlap {
                key: &key,
                terms: &terms,
                request,
                people: (people.unwrap_or_default(), Some(terms.people)),
                refused: code,
                at: now,
            };
            if !overlap_insert(conn, &new)? {
                // The same message on another replica was first; nothing of this transaction stays.
                return Err(MarkError::Database(service_kit::db::DatabaseError::Storage(
                    "a comparison twice".to_owned(),
                )));
            }
            let said = accepted.unwrap_or(spent);
            ours::keep(conn, &key, &[begin, ours::record(&said, true)], (now, now_ms))?;
            let row = audit::done(key.peer.as_str(), BEGIN, key.comparison.as_str(), now);
            audit::append(conn, &if code.is_some() { audit::refused(row, code) } else { row })?;
            Ok((said.jws().clone(), code))
        });
        let (answer, code) = outcome.await.map_err(OverlapError::from)?;
        if code == Some(Code::LawQuotaExceeded) {
            laws::alarm(&law, &peer);
        }
        Ok((answer, code.is_none()))
    }

    /// A person on the asker's roll is a use of the law: she is asked about.
    fn overlap_takes(
        &self,
        terms: &OverlapTerms,
        asker: &EntityId,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Vec<LawTake> {
        let Ok(Some(law)) = directory.law(&terms.law, now) else { return Vec::new() };
        let (day, uses) = (LawDay::of(now), terms.people.max(1));
        let officer = LawCounter::of_officer(self.keys(), &law.id, day, asker, &terms.officer);
        vec![
            LawTake { counter: LawCounter::of_law(&law.id, day), uses, most: law.quota.per_day },
            LawTake { counter: officer, uses, most: law.quota.per_officer },
        ]
    }

    async fn overlap_turn(
        &self,
        message: &Attested<Overlap>,
        turn: &OverlapTurn,
        key: &OverlapKey,
        directory: &DirectorySnapshot,
    ) -> Result<CompactJws, Rejected> {
        let (place, session) = self.overlap_session(key)?;
        let now = self.clock().monotonic();
        if let Some((_, answer)) = session.last.as_ref().filter(|(last, _)| *last == message.digest()) {
            let answer = answer.clone();
            place.put(session, now);
            return Ok(answer);
        }
        if turn.n < session.answering.turns() {
            place.put(session, now);
            return Err(Rejected::new(Code::Replayed));
        }
        let parties = [&key.peer, self.entity()];
        // A law that was taken back meanwhile lets no further page out.
        if let Err(refusal) = self.authorize_overlap(&session.terms, parties, None, directory, self.now()) {
            return Err(self.break_off(key, *session, refusal.code()).await);
        }
        let (mut session, answered) = turned(session, turn.clone()).await?;
        let answered = match answered {
            Ok(answered) => answered,
            Err(error) => return Err(self.break_off(key, *session, code_of(&error)).await),
        };
        let statement = self.overlap_statement(key, session.request, OverlapSays::Turn(answered))?;
        session.last = Some((message.digest(), statement.jws().clone()));
        place.put(session, self.clock().monotonic());
        Ok(statement.jws().clone())
    }

    fn overlap_session(&self, key: &OverlapKey) -> Result<(Place<'_>, Box<Session>), Rejected> {
        match self.overlaps().take(&key.peer, &key.comparison) {
            Taken::Session(place, session) => Ok((place, session)),
            Taken::Busy => Err(Rejected::new(Code::Overloaded).retry_after(1)),
            Taken::None => Err(Rejected::new(Code::OverlapEnded)),
        }
    }

    /// Ends a comparison that cannot go on; the secret goes with it.
    async fn break_off(&self, key: &OverlapKey, session: Session, code: Code) -> Rejected {
        tracing::warn!(peer = %key.peer, %code, "a comparison of rolls is broken off");
        match close::broken(self, key, session.request, Some(session.answering.turns())).await {
            Ok(()) => Rejected::new(code),
            Err(error) => error.into(),
        }
    }

    async fn end_overlap(
        &self,
        result: &CompactJws,
        (key, asker): (&OverlapKey, &VerifiedMember),
    ) -> Result<CompactJws, Rejected> {
        if let Some(answer) = self.overlap_ended(key, result).await? {
            return answer;
        }
        let (_place, session) = self.overlap_session(key)?;
        let about = (&key.comparison, session.request);
        let theirs = match accept_result(result.as_str().as_bytes(), asker, self.entity(), about) {
            Ok(theirs) => theirs,
            Err(error) => return Err(self.break_off(key, *session, error.code()).await),
        };
        let Session { request, answering, terms, .. } = *session;
        let turns = answering.turns();
        let ended = tokio::task::spawn_blocking(move || answering.end()).await.map_err(|_| OverlapError::Stopping)?;
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                close::broken(self, key, request, Some(turns)).await?;
                return Err(Rejected::new(code_of(&error)));
            }
        };
        let counts = ours::counts(&ended, false);
        if theirs.claims().says != OverlapSays::Compared(counts) {
            tracing::error!(peer = %key.peer, law = %terms.law, alarm = "overlap-contradicted", "two sides of a comparison signed different results");
            close::broken(self, key, request, Some(turns)).await?;
            return Err(Rejected::new(Code::Conflict));
        }
        let own = self.overlap_statement(key, request, OverlapSays::Compared(counts))?;
        let records = vec![ours::record(&theirs, false), ours::record(&own, true)];
        if !close::compared(self, key, ended.common, records).await? {
            return Err(Rejected::new(Code::OverlapEnded));
        }
        let confirmed = key.clone();
        let confirm = move |conn: &mut _| Ok::<_, MarkError>(overlap_confirm(conn, &confirmed)?);
        self.db().write(confirm).await.map_err(OverlapError::from)?;
        Ok(own.jws().clone())
    }

    /// What was answered to this very result before.
    async fn overlap_ended(
        &self,
        key: &OverlapKey,
        result: &CompactJws,
    ) -> Result<Option<Result<CompactJws, Rejected>>, Rejected> {
        let key = key.clone();
        let found = self.db().read(move |conn| {
            let row = overlap_find(conn, &key)?;
            Ok::<_, MarkError>((row.map(|row| row.state), records_of(conn, &key)?))
        });
        let (state, records) = found.await.map_err(OverlapError::from)?;
        if state != Some(State::Compared) {
            return Ok(None);
        }
        let known = records.iter().any(|record| !record.ours && record.jws == *result);
        let ours = records.into_iter().find(|record| record.ours && record.what == "compared" && known);
        Ok(Some(ours.map(|record| record.jws).ok_or(Rejected::new(Code::Replayed))))
    }
}

/// Some tenths of a second of arithmetic: not on the threads that serve connections.
async fn turned(
    mut session: Box<Session>,
    turn: OverlapTurn,
) -> Result<(Box<Session>, Result<OverlapTurn, protocol::overlap::OverlapError>), OverlapError> {
    let work = tokio::task::spawn_blocking(move || {
        let answered = session.answering.answer(&turn);
        (session, answered)
    });
    work.await.map_err(|_| OverlapError::Stopping)
}
