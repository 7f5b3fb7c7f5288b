//! What a citizen sees of decisions about her, and what she answers.
//!
//! Guarantees: decisions are found by the pseudonym that she disclosed and by nothing else; an offer is taken by a wallet of her
//! own, never in an assisted session; an objection carries her signature, stops the window at once and is answered with a slip and
//! the signed record. To object is to have received the notice. Who is wrongly registered as dead reads and objects with the binding
//! that the death suspended, and takes no offer with it. Deliberately absent: judging an objection (`officer`).

use std::collections::BTreeMap;

use eligibility::lifecycle::entering::{AnyEntering, NoApplicationNeeded};
use protocol::{
    consent::Refusal,
    credential::{VerifiedBinding, did},
    seal::{JwsError, Typ, UnverifiedJws, random},
};
use schemas::{
    benefits::{
        BenefitAnswer, BenefitView, Benefits, BenefitsRequest, ObjectionOrder, ObjectionRequest, ObjectionTaken,
        OfferAnswer,
    },
    decision::{AppealRoute, DecisionAction},
    id::{MessageId, SectorSubject},
    problem::Code,
    scheme::DecisionState,
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::{
    DecisionError,
    contest::{Said, is_open, object_now},
    look::before_objection,
    records::{self, Word},
    run::{local, locked},
};
use crate::{
    app::App,
    consents::PresentationError,
    notices::Person,
    store::decisions::{
        cases::{Decided, Todo, Undone, decision_update, decisions_of},
        log::{Logged, log_of},
        work::decisions_wake,
    },
};

/// Decisions shown at most.
const MOST: usize = 200;
/// An order may be this far ahead of our clock, seconds.
const SKEW: i64 = 10;
/// Longest words of an objection, characters.
const WORDS: usize = 2_000;

/// A citizen's wish was not done.
#[derive(Debug, thiserror::Error)]
pub enum CitizenError {
    /// The presentation.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// Not as asked.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Ours.
    #[error(transparent)]
    Failed(#[from] DecisionError),
}

impl From<service_kit::db::DatabaseError> for CitizenError {
    fn from(error: service_kit::db::DatabaseError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<crate::store::decisions::DecisionStoreError> for CitizenError {
    fn from(error: crate::store::decisions::DecisionStoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Her pseudonym here. One who does not disclose it cannot be found.
fn person(app: &App, binding: &VerifiedBinding) -> Result<Person, Refusal> {
    let subject = binding.disclosed(&format!("sub_{}", app.config().sector));
    let subject: Option<SectorSubject> = subject.and_then(|text| text.parse().ok());
    let subject = subject.ok_or(Refusal::new(Code::RequestMalformed, "disclose this department's sub_<sector>"))?;
    Ok(Person::of_subject(app.keys(), &subject))
}

impl App {
    /// What was decided about her here, newest first.
    ///
    /// # Errors
    /// Those of the presentation; `request-malformed`: the pseudonym is not disclosed.
    pub(crate) async fn benefits(&self, request: &BenefitsRequest) -> Result<Benefits, CitizenError> {
        let binding = self.verify_contesting_presentation(&request.binding).await?;
        let (person, keys) = (person(self, &binding)?, self.keys().clone());
        let found = self.db().read(move |conn| {
            let mut decided = decisions_of(conn, &keys, &person)?;
            decided.reverse();
            decided.truncate(MOST);
            let with_log = decided.into_iter().map(|decided| {
                let log = log_of(conn, &decided.id)?;
                Ok((decided, log))
            });
            with_log.collect::<Result<Vec<_>, DecisionError>>()
        });
        let decisions = found.await?.into_iter().map(|(decided, log)| self.benefit_view(decided, log));
        Ok(Benefits { member: self.entity().clone(), decisions: decisions.collect::<Result<_, _>>()? })
    }

    fn benefit_view(&self, decided: Decided, log: Vec<Logged>) -> Result<BenefitView, DecisionError> {
        let code = decided.matter.cause.reason.code();
        Ok(BenefitView {
            may: may(&decided, self.decided_at()),
            at: Timestamp::from_seconds(decided.at_ms.div_euclid(1000)),
            why: self.why(&decided),
            decision: decided.id,
            case: decided.case,
            scheme: decided.matter.title,
            action: decided.action,
            state: decided.state,
            reason: code.parse().map_err(|_| DecisionError::NotWhole("a reason that is no code"))?,
            effective: decided.matter.effective,
            source: decided.matter.source,
            until: decided.until,
            monthly: decided.matter.monthly,
            clauses: decided.matter.clauses,
            decisive: decided.matter.decisive,
            changes: decided.matter.changes,
            records: log.into_iter().map(|logged| logged.jws).collect(),
        })
    }

    /// One sentence a language: what was decided and why.
    pub(super) fn why(&self, decided: &Decided) -> BTreeMap<String, String> {
        self.words_of_decision(decided)
    }

    /// Takes an offer, or does not; leaves what a law entered her in. Its state from now on.
    ///
    /// # Errors
    /// Those of the presentation; `access-denied` (an assisted session); `not-found`; `conflict`: nothing is to be answered,
    /// or no more; `request-malformed`: an objection is another endpoint's.
    pub(crate) async fn answer_offer(&self, request: &OfferAnswer) -> Result<DecisionState, CitizenError> {
        let binding = self.verify_own_presentation(&request.binding).await?;
        self.answer_of(&person(self, &binding)?, &request.decision, request.answer).await
    }

    /// The same, once it is known who she is.
    pub(super) async fn answer_of(
        &self,
        person: &Person,
        decision: &MessageId,
        answer: BenefitAnswer,
    ) -> Result<DecisionState, CitizenError> {
        let (with, id, who, now) = (self.clone(), decision.clone(), person.clone(), self.decided_at());
        let write = move |conn: &mut AnyConnection| {
            let decided = own(conn, &with, (&id, &who))?;
            answer_now(conn, &with, decided, answer, now)
        };
        let state = self.db().write(write).await?;
        // The roll is told now; if that fails, the job goes on with it.
        if let Err(error) = super::settle(self, person).await {
            tracing::warn!(%error, "an answer is kept, and the roll is told later");
        }
        self.wake_anchor();
        self.wake_decisions();
        Ok(state)
    }

    /// Takes an objection of hers against a removal.
    ///
    /// # Errors
    /// Those of the presentation; codes of the token; `consent-wrong-subject` (by another key than the binding's),
    /// `audience-wrong`, `stale` (from the future), `not-found`, `conflict`: nothing can be objected to, or no more.
    pub(crate) async fn object(&self, request: &ObjectionRequest) -> Result<ObjectionTaken, CitizenError> {
        let token = UnverifiedJws::parse(request.objection.as_str().as_bytes(), protocol::seal::Limits::of(12 * 1024))
            .map_err(bad)?;
        let binding = self.verify_contesting_presentation(&request.binding).await?;
        let order = self.verify_objection(token, &binding)?;
        let person = person(self, &binding)?;
        before_objection(self, &person, &order.decision).await?;
        let (with, now) = (self.clone(), self.decided_at());
        let taken = self
            .db()
            .write(move |conn| {
                own(conn, &with, (&order.decision, &person))?;
                let said = Said { route: AppealRoute::Wallet, words: order.words, by: None };
                object_now(conn, &with, &order.decision, said, now)
            })
            .await?;
        self.wake_anchor();
        Ok(taken)
    }

    fn verify_objection(&self, token: UnverifiedJws, binding: &VerifiedBinding) -> Result<ObjectionOrder, Refusal> {
        let token = token.verify(Typ::Objection, binding.key()).map_err(|error| match error {
            JwsError::SignatureInvalid => Refusal::new(Code::ConsentWrongSubject, "not by the binding's key"),
            other => bad(other),
        })?;
        let order: ObjectionOrder = token.claims().map_err(bad)?;
        if did::encode(binding.key()).ok().as_ref() != Some(&order.iss) {
            return Err(Refusal::new(Code::ConsentWrongSubject, "the objection names another issuer"));
        }
        if order.aud != *self.entity() {
            return Err(Refusal::new(Code::AudienceWrong, "the objection is for another department"));
        }
        if order.iat > self.decided_at().plus(SKEW).numeric() {
            return Err(Refusal::new(Code::Stale, "the objection is from the future"));
        }
        if order.words.chars().count() > WORDS {
            return Err(Refusal::new(Code::RequestMalformed, "at most 2,000 characters"));
        }
        Ok(order)
    }
}

fn bad(error: JwsError) -> Refusal {
    Refusal::new(error.code(), "the objection is no token of this kind")
}

/// A decision of hers; she is locked until the end of the transaction.
fn own(conn: &mut AnyConnection, app: &App, (id, person): (&MessageId, &Person)) -> Result<Decided, CitizenError> {
    let found = locked(conn, app, id)?.filter(|decided| decided.person == *person);
    Ok(found.ok_or(Refusal::new(Code::NotFound, "no such decision about this person"))?)
}

fn may(decided: &Decided, now: Timestamp) -> Vec<BenefitAnswer> {
    use DecisionState as S;
    match (decided.action, decided.state) {
        (DecisionAction::Offer, S::Offered) => vec![BenefitAnswer::Accept, BenefitAnswer::Decline],
        (DecisionAction::Enrol, S::Enrolled) if decided.matter.by_law => vec![BenefitAnswer::Decline],
        // While it is heard nothing new is asked of her; what she adds is taken all the same.
        (DecisionAction::Remove, state) if state != S::Contested && is_open(decided, now) => {
            vec![BenefitAnswer::Object]
        }
        _ => Vec::new(),
    }
}

const NOTHING: Refusal = Refusal::new(Code::Conflict, "nothing is to be answered here, or no more");

fn answer_now(
    conn: &mut AnyConnection,
    app: &App,
    mut decided: Decided,
    answer: BenefitAnswer,
    now: Timestamp,
) -> Result<DecisionState, CitizenError> {
    let stored = AnyEntering::stored(decided.id.clone(), decided.state, decided.until).map_err(|_| NOTHING)?;
    match (answer, stored) {
        (BenefitAnswer::Accept, AnyEntering::Offered(offered)) => {
            offered.accept(now.civil_day()).map_err(|_| NOTHING)?;
            (decided.state, decided.todo) = (DecisionState::Accepted, Some(Todo::Enrol));
        }
        (BenefitAnswer::Decline, AnyEntering::Offered(offered)) => {
            offered.decline();
            decided.state = DecisionState::Declined;
        }
        (BenefitAnswer::Decline, AnyEntering::Enrolled(enrolled)) if decided.matter.by_law => {
            enrolled.decline(NoApplicationNeeded::by_the_scheme());
            (decided.state, decided.todo) = (DecisionState::Declined, Some(Todo::Decline));
            let undone = Undone { decision: random::message_id(now), reason: "DECLINED".to_owned(), event: None };
            decided.matter.undone = Some(undone);
        }
        (BenefitAnswer::Object, _) => {
            return Err(Refusal::new(Code::RequestMalformed, "objections go to /citizen/v1/objections").into());
        }
        _ => return Err(NOTHING.into()),
    }
    decided.since = now.civil_day();
    let local = local(conn, app, &decided)?;
    records::log(conn, app, (&decided, local.as_ref()), Word::own(&decided), now)?;
    if !decision_update(conn, app.keys(), &decided)? {
        return Err(Refusal::new(Code::Conflict, "it changed meanwhile; look again").into());
    }
    decisions_wake(conn, &decided.person)?;
    Ok(decided.state)
}
