//! Subscribing: propose terms, get the source's signature, keep both copies.
//!
//! Guarantees: our copy is stored and on its way to the log before it is sent, and sent again byte for byte; only two verified
//! signatures over equal terms make a subscription. Deliberately absent: telling whom we follow.

use protocol::event::{SubscriptionTerms, accept_subscription, sign_subscription};
use protocol::seal::random;
use schemas::{
    event::{EventBasis, EventFilter, SubscriptionProfile, SubscriptionScope},
    id::{CompactJws, EntityId, EventType, LawId, MessageId, PurposeCode},
    problem::Code,
    time::CivilDate,
};
use service_kit::db::DatabaseError;
use tlog::entry::EntryType;

use super::{
    TriggerError,
    outbound::{Below, our_entry, post},
};
use crate::{
    app::App,
    audit,
    config::FollowSettings,
    store::{
        outbox::outbox_insert,
        triggers::{
            Side,
            scopes::{scope_find, scope_insert},
            subscriptions::{
                SubscriptionRow, copy_terms, subscription_copy_insert, subscription_find, subscription_insert,
                subscriptions_with,
            },
        },
    },
};

/// Media type of a subscription's copy.
pub const SUBSCRIPTION: &str = "application/dx-subscription+jwt";
/// A subscription that ends within so many days is followed by a new one, if the law lasts longer.
const RENEW_DAYS: i64 = 30;

/// What a subscriber proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Who tells.
    pub source: EntityId,
    /// Of what.
    pub types: Vec<EventType>,
    /// For what.
    pub purpose: PurposeCode,
    /// Under which registered law.
    pub law: LawId,
    /// About whom.
    pub scope: SubscriptionScope,
    /// Which of them.
    pub filter: Option<EventFilter>,
    /// Last day.
    pub until: CivilDate,
}

impl App {
    /// Proposes a subscription, and keeps it once the source has signed. Each call proposes a new one.
    ///
    /// # Errors
    /// If the source refuses, cannot be reached, or signs other terms.
    pub async fn subscribe(&self, proposal: Proposal) -> Result<SubscriptionRow, TriggerError> {
        let source = proposal.source.clone();
        let (id, copy) = propose(self, proposal).await?;
        let reply = post(self, &source, Below::Subscriptions, SUBSCRIPTION, copy.as_str().as_bytes().to_vec()).await?;
        take_countersigned(self, &id, &copy, &reply.body).await
    }
}

/// The subscription of a `[[follow]]` section: the one in force, or one that the source signs now.
pub(super) async fn ensure(app: &App, section: &FollowSettings) -> Result<SubscriptionRow, TriggerError> {
    let today = app.now().civil_day();
    let until = last_day(app, section)?;
    let rows = with_source(app, section).await?;
    let lasting = rows.iter().find(|row| row.in_force(today) && (row.until >= until || lasts(row.until, today)));
    if let Some(row) = lasting {
        return Ok(row.clone());
    }
    let pending = rows.into_iter().find(|row| row.source_copy.is_none() && row.until == until);
    let (id, copy) = match pending.and_then(|row| Some((row.id, row.subscriber_copy?))) {
        Some(pending) => pending,
        None => propose(app, follow_proposal(section, until)).await?,
    };
    let reply =
        post(app, &section.source, Below::Subscriptions, SUBSCRIPTION, copy.as_str().as_bytes().to_vec()).await?;
    take_countersigned(app, &id, &copy, &reply.body).await
}

fn lasts(until: CivilDate, today: CivilDate) -> bool {
    until.start().seconds() - today.start().seconds() > RENEW_DAYS * 86_400
}

/// The law's last day, or as long as a person is followed, whichever is earlier.
fn last_day(app: &App, section: &FollowSettings) -> Result<CivilDate, TriggerError> {
    use protocol::consent::Refusal;
    let (snapshot, now) = (app.directory(), app.now());
    let unknown = Refusal::new(Code::LawNotRegistered, "the law of a [[follow]] section is not in the register");
    let law = snapshot.law(&section.law, now)?.ok_or(unknown)?;
    Ok(law.until.min(section.follow_for.after(now.civil_day(), 1)))
}

async fn with_source(app: &App, section: &FollowSettings) -> Result<Vec<SubscriptionRow>, TriggerError> {
    let section = section.clone();
    let found = app.db().read(move |conn| {
        let mut rows = subscriptions_with(conn, Side::Subscriber, &section.source)?;
        rows.retain(|row| {
            row.types.contains(&section.event) && row.purpose == section.purpose && row.law == section.law
        });
        // One that speaks of everybody has no list.
        let mut following = Vec::new();
        for row in rows {
            if scope_find(conn, &row.id)?.scope == SubscriptionScope::Follow {
                following.push(row);
            }
        }
        Ok::<_, DatabaseError>(following)
    });
    Ok(found.await?)
}

fn follow_proposal(section: &FollowSettings, until: CivilDate) -> Proposal {
    Proposal {
        source: section.source.clone(),
        types: vec![section.event.clone()],
        purpose: section.purpose.clone(),
        law: section.law.clone(),
        scope: SubscriptionScope::Follow,
        filter: None,
        until,
    }
}

/// Signs our copy and keeps it before anybody sees it.
async fn propose(app: &App, proposal: Proposal) -> Result<(MessageId, CompactJws), TriggerError> {
    let (now, Proposal { source, types, purpose, law, scope, filter, until }) = (app.now(), proposal);
    let terms = SubscriptionTerms {
        id: random::message_id(now),
        source,
        subscriber: app.entity().clone(),
        types,
        purpose,
        basis: EventBasis::Law { id: law },
        profile: SubscriptionProfile::Minimal,
        scope,
        filter,
        until,
    };
    let copy = sign_subscription(&terms, app.entity(), &app.keys().signing, now)?;
    let (id, jws, digest, now_ms) = (terms.id.clone(), copy.jws().clone(), copy.digest(), app.now_ms());
    let stored = jws.clone();
    app.db()
        .write(move |conn| {
            subscription_insert(conn, Side::Subscriber, &terms)?;
            scope_insert(conn, &terms)?;
            subscription_copy_insert(conn, &terms.id, Side::Subscriber, &stored)?;
            outbox_insert(conn, &[(EntryType::Version, digest)], now_ms)?;
            audit::append(conn, &audit::done("gateway", "subscription.propose", terms.source.as_str(), now))
        })
        .await?;
    app.wake_anchor();
    Ok((id, jws))
}

/// Verifies what the source signed against what we signed, and keeps it.
async fn take_countersigned(
    app: &App,
    id: &MessageId,
    copy: &CompactJws,
    theirs: &[u8],
) -> Result<SubscriptionRow, TriggerError> {
    let terms = copy_terms(copy)?;
    let (snapshot, now) = (app.directory(), app.now());
    let source = snapshot.peer(&terms.source, now)?;
    let us = our_entry(&snapshot, app.entity())?;
    accept_subscription(theirs, copy.as_str().as_bytes(), source, us).map_err(|error| {
        tracing::warn!(source = %terms.source, %error, "a source's copy of a subscription is not taken");
        TriggerError::Answer("the source's copy does not make a subscription")
    })?;
    let jws: CompactJws = std::str::from_utf8(theirs)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(TriggerError::Answer("the source's copy is no token"))?;
    let id = id.clone();
    let row = app
        .db()
        .write(move |conn| {
            subscription_copy_insert(conn, &id, Side::Source, &jws)?;
            audit::append(conn, &audit::done("gateway", "subscription.in-force", terms.source.as_str(), now))?;
            Ok::<_, DatabaseError>(subscription_find(conn, Side::Subscriber, &id)?)
        })
        .await?;
    row.ok_or(TriggerError::Answer("the subscription is gone"))
}
