//! A subscription: the same terms, signed by the source and by the subscriber.
//!
//! Guarantees: a [`VerifiedSubscription`] has both signatures over equal terms (all claims but `iss`, `iat`, `jti`,
//! `salt`), from the two members that it names. Deliberately absent: whether a law allows it.

use schemas::{
    event::{EventBasis, EventFilter, Subscription, SubscriptionProfile, SubscriptionScope},
    id::{EntityId, EventType, MessageId, PurposeCode},
    problem::Code,
    time::{CivilDate, Timestamp},
    version::V1,
};

use crate::{
    exchange::{Attested, NotAttested},
    federation::VerifiedMember,
    seal::{SealFailed, SigningKey, random},
};

/// What both sides agree upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionTerms {
    /// The subscription.
    pub id: MessageId,
    /// Who sends.
    pub source: EntityId,
    /// Who hears.
    pub subscriber: EntityId,
    /// Types.
    pub types: Vec<EventType>,
    /// For what.
    pub purpose: PurposeCode,
    /// Why it is allowed.
    pub basis: EventBasis,
    /// What an event carries.
    pub profile: SubscriptionProfile,
    /// About whom.
    pub scope: SubscriptionScope,
    /// Which events of these types; all, if there is none.
    pub filter: Option<EventFilter>,
    /// Last day.
    pub until: CivilDate,
}

/// A subscription that both sides signed. Made by [`accept_subscription`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSubscription(SubscriptionTerms);

/// Why two tokens make no subscription.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SubscriptionInvalid {
    /// The source's copy.
    #[error("the source's copy is not the source's")]
    Source(#[source] NotAttested),
    /// The subscriber's copy.
    #[error("the subscriber's copy is not the subscriber's")]
    Subscriber(#[source] NotAttested),
    /// The copies name other parties than their signers, or one party twice.
    #[error("the copies are not signed by the two parties they name")]
    Parties,
    /// The copies differ.
    #[error("the two copies have different terms")]
    Terms,
    /// The source may not send one of the types, or none is named.
    #[error("the source has no role for the types")]
    Role,
}

impl SubscriptionInvalid {
    /// The code of refusal.
    pub const fn code(&self) -> Code {
        match self {
            Self::Source(error) | Self::Subscriber(error) => error.code(),
            Self::Parties | Self::Terms => Code::Conflict,
            Self::Role => Code::RoleMissing,
        }
    }
}

/// Signs our copy.
///
/// # Errors
/// If OpenSSL fails.
pub fn sign_subscription(
    terms: &SubscriptionTerms,
    us: &EntityId,
    key: &SigningKey,
    now: Timestamp,
) -> Result<Attested<Subscription>, SealFailed> {
    let SubscriptionTerms { id, source, subscriber, types, purpose, basis, profile, scope, filter, until } =
        terms.clone();
    let copy = Subscription {
        v: V1,
        iss: us.clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        id,
        source,
        subscriber,
        types,
        purpose,
        basis,
        profile,
        scope,
        filter,
        until,
    };
    Attested::sign(copy, key)
}

/// Verifies both copies against the two members.
///
/// # Errors
/// [`SubscriptionInvalid`].
pub fn accept_subscription(
    source_copy: &[u8],
    subscriber_copy: &[u8],
    source: &VerifiedMember,
    subscriber: &VerifiedMember,
) -> Result<VerifiedSubscription, SubscriptionInvalid> {
    let ours = Attested::<Subscription>::verify(source_copy, source).map_err(SubscriptionInvalid::Source)?;
    let theirs =
        Attested::<Subscription>::verify(subscriber_copy, subscriber).map_err(SubscriptionInvalid::Subscriber)?;
    let terms = SubscriptionTerms::of(ours.claims());
    if (&terms.source, &terms.subscriber) != (source.entity(), subscriber.entity()) || terms.source == terms.subscriber
    {
        return Err(SubscriptionInvalid::Parties);
    }
    if terms != SubscriptionTerms::of(theirs.claims()) {
        return Err(SubscriptionInvalid::Terms);
    }
    let may_send = |kind: &EventType| source.authorize_event_source(kind).is_ok();
    if terms.types.is_empty() || !terms.types.iter().all(may_send) {
        return Err(SubscriptionInvalid::Role);
    }
    Ok(VerifiedSubscription(terms))
}

impl SubscriptionTerms {
    /// The terms of one copy, for the other side to sign or refuse.
    pub fn of(copy: &Subscription) -> Self {
        let Subscription { id, source, subscriber, types, purpose, basis, profile, scope, filter, until, .. } =
            copy.clone();
        Self { id, source, subscriber, types, purpose, basis, profile, scope, filter, until }
    }
}

impl VerifiedSubscription {
    /// What was agreed.
    pub fn terms(&self) -> &SubscriptionTerms {
        &self.0
    }

    /// Whether an event of this type may be sent on that day.
    pub fn covers(&self, kind: &EventType, day: CivilDate) -> bool {
        self.0.types.contains(kind) && day <= self.0.until
    }
}
