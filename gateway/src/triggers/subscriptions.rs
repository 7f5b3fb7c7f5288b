//! A subscriber's proposal at the source: countersigned if a registered law allows exactly this.
//!
//! Guarantees: what is in force was signed by both sides, rests on a law that names both and the purpose, covers the types, and
//! ends no later than the law; both copies are kept and ours is logged; a proposal that comes again gets the same copy.
//! One that speaks of everybody is signed here, and nothing is told under it until the data owner has approved it (`approvals`).
//! Deliberately absent: that approval.

use protocol::{
    event::{SubscriptionTerms, accept_subscription, sign_subscription},
    exchange::Attested,
    federation::VerifiedMember,
};
use schemas::{
    event::{AGE_ATTAINED, AGE_REVISED, EventBasis, Subscription, SubscriptionProfile},
    federation::Law,
    id::{CompactJws, EntityId, EventType},
    problem::Code,
    time::Timestamp,
};
use service_kit::db::DatabaseError;
use tlog::entry::EntryType;

use crate::{
    app::App,
    audit,
    directory::DirectorySnapshot,
    exchange::Rejected,
    store::{
        outbox::outbox_insert,
        triggers::{
            Side,
            feeds::feed_open,
            scopes::scope_insert,
            subscriptions::{SubscriptionRow, subscription_copy_insert, subscription_find, subscription_insert},
        },
    },
};

const ACTION: &str = "subscription.countersign";

impl App {
    /// Judges a proposal of the caller and returns our copy; a refusal is a row of the audit trail too.
    ///
    /// # Errors
    /// `peer-unknown`, `peer-suspended`; those of the token; `audience-wrong`, `peer-certificate-mismatch`, `role-missing`,
    /// `law-not-registered`, `law-scope-exceeded`, `access-denied`; `conflict` for other bytes under a known id.
    pub async fn countersign(&self, caller: &EntityId, body: &[u8]) -> Result<CompactJws, Rejected> {
        let outcome = self.judged_proposal(caller, body).await;
        if let Err(rejected) = &outcome {
            tracing::info!(code = %rejected.code(), peer = %caller, "a subscription is refused");
            let entry = audit::done(caller.as_str(), ACTION, self.entity().as_str(), self.now());
            audit::record(self.db(), audit::refused(entry, Some(rejected.code()))).await?;
        }
        outcome
    }

    async fn judged_proposal(&self, caller: &EntityId, body: &[u8]) -> Result<CompactJws, Rejected> {
        let (now, directory) = (self.now(), self.directory());
        let subscriber = directory.peer(caller, now).map_err(|refusal| Rejected::new(refusal.code()))?;
        let proposal =
            Attested::<Subscription>::verify(body, subscriber).map_err(|error| Rejected::new(error.code()))?;
        let terms = SubscriptionTerms::of(proposal.claims());
        if terms.source != *self.entity() {
            return Err(Rejected::new(Code::AudienceWrong));
        }
        let (known, id) = (self.db(), terms.id.clone());
        let known = known.read(move |conn| Ok::<_, DatabaseError>(subscription_find(conn, Side::Source, &id)?)).await?;
        if let Some(known) = known {
            return again(known, &proposal);
        }
        self.authorize_terms(&terms, subscriber, &directory, now)?;
        self.sign_and_keep(terms, proposal, subscriber, &directory, now).await
    }

    /// What a subscription may be: see the list of refusals.
    fn authorize_terms(
        &self,
        terms: &SubscriptionTerms,
        subscriber: &VerifiedMember,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<(), Rejected> {
        let refuse = |code| Err(Rejected::new(code));
        let us = directory.peer(self.entity(), now).map_err(|refusal| Rejected::new(refusal.code()))?;
        // Whom a pseudonym means, only the identity registry of its sector can tell; a source of another kind must ask it.
        let names_them = us.authorize_identity_registry(subscriber.sector()).is_ok()
            && self.keys().sectors.contains_key(subscriber.sector());
        let may_send = |kind: &EventType| us.authorize_event_source(kind).is_ok();
        if !names_them || terms.types.is_empty() || !terms.types.iter().all(may_send) {
            return refuse(Code::RoleMissing);
        }
        let ages = terms.filter.as_ref().is_some_and(|filter| !filter.ages.is_empty());
        let of_age = terms.types.iter().any(|kind| [AGE_ATTAINED, AGE_REVISED].contains(&kind.as_str()));
        if terms.profile != SubscriptionProfile::Minimal || (of_age && !ages) {
            return refuse(Code::AccessDenied);
        }
        let EventBasis::Law { id } = &terms.basis;
        let law = directory.law(id, now).map_err(|refusal| Rejected::new(refusal.code()))?;
        let Some(law) = law.filter(|law| law.consumer == terms.subscriber && law.provider == terms.source) else {
            return refuse(Code::LawNotRegistered);
        };
        let within = law.purpose == terms.purpose && terms.until <= law.until && now.civil_day() <= terms.until;
        if within && terms.types.iter().all(|kind| covers(law, kind)) { Ok(()) } else { refuse(Code::LawScopeExceeded) }
    }

    async fn sign_and_keep(
        &self,
        terms: SubscriptionTerms,
        proposal: Attested<Subscription>,
        subscriber: &VerifiedMember,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<CompactJws, Rejected> {
        let copy = sign_subscription(&terms, self.entity(), &self.keys().signing, now)?;
        let us = directory.peer(self.entity(), now).map_err(|refusal| Rejected::new(refusal.code()))?;
        accept_subscription(copy.jws().as_str().as_bytes(), proposal.jws().as_str().as_bytes(), us, subscriber)
            .map_err(|error| Rejected::new(error.code()))?;
        let (ours, theirs, digest, now_ms) = (copy.jws().clone(), proposal.jws().clone(), copy.digest(), self.now_ms());
        let kept = self
            .db()
            .write(move |conn| {
                if subscription_insert(conn, Side::Source, &terms)? {
                    scope_insert(conn, &terms)?;
                    subscription_copy_insert(conn, &terms.id, Side::Source, &ours)?;
                    subscription_copy_insert(conn, &terms.id, Side::Subscriber, &theirs)?;
                    feed_open(conn, &terms.subscriber)?;
                    outbox_insert(conn, &[(EntryType::Version, digest)], now_ms)?;
                    audit::append(conn, &audit::done(terms.subscriber.as_str(), ACTION, terms.source.as_str(), now))?;
                }
                Ok::<_, DatabaseError>(subscription_find(conn, Side::Source, &terms.id)?)
            })
            .await?;
        self.wake_anchor();
        // Whoever was first under this id is in force.
        again(kept.ok_or(Rejected::new(Code::Conflict))?, &proposal)
    }
}

/// The same proposal gets the same copy; another one under the same id is refused.
fn again(known: SubscriptionRow, proposal: &Attested<Subscription>) -> Result<CompactJws, Rejected> {
    match known.source_copy {
        Some(ours) if known.subscriber_copy.as_ref() == Some(proposal.jws()) => Ok(ours),
        _ => Err(Rejected::new(Code::Conflict)),
    }
}

/// Whether a law that speaks of a dataset `<provider>.<subject>` speaks of events about that subject.
fn covers(law: &Law, kind: &EventType) -> bool {
    let about = kind.as_str().split('.').nth(2);
    about.is_some() && law.allowed.dataset.as_str().rsplit('.').next() == about
}
