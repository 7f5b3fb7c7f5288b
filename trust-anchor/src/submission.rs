//! A member's digests on their way into the log. [`Submissions::submit`] tells the steps in their order.
//!
//! Guarantees: no claim counts before the signature; a member submits only types that are its to submit; nothing is
//! acknowledged without a durable index. A submission seen twice gets the same places, so it needs no memory of ids.
//! Deliberately absent: receipts; the anchor sees digests alone.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::seal::{
    self, ClaimsError, JwsError, Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, authorize_audience,
    authorize_fresh, random,
};
use schemas::{
    digest::Digest,
    federation::{AnchorAck, AnchorSubmission, EntityConfiguration, Role, SequencedEntry, Standing, SubmittedEntry},
    id::{CompactJws, EntityId, KeyId},
    problem::Code,
    time::Timestamp,
    version::V1,
};
use service_kit::db::{Database, DatabaseError};
use tlog::entry::EntryType;

use crate::{
    quota::{Exhausted, Quotas},
    sequencer::{LogQueue, MAX_BATCH, Placed, QueueError, Wanted},
    store::{
        StoreError,
        member::{self, Member},
    },
};

/// Configurations whose keys are kept parsed.
const MAX_CACHED: usize = 4_096;

/// A submission was not taken; nothing of it is in the log by this call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmissionError {
    #[error(transparent)]
    Token(#[from] JwsError),
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    #[error("the signer is no member; mend: join first")]
    Unknown,
    #[error("the membership is suspended")]
    Suspended,
    #[error("the submission names another issuer than the signer")]
    OtherIssuer,
    #[error("a submission has 1 to 1,024 entries")]
    Entries,
    #[error("entry type {0} does not exist")]
    NoSuchType(u8),
    #[error("this member may not submit entries of type {0}")]
    TypeNotAllowed(u8),
    #[error("the quota of this member is used up for now")]
    Quota(Exhausted),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Seal(#[from] SealFailed),
}

impl From<DatabaseError> for SubmissionError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl SubmissionError {
    /// The code of refusal.
    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::Token(error) => error.code(),
            Self::Claims(error) => error.code(),
            Self::Unknown => Code::PeerUnknown,
            Self::Suspended => Code::PeerSuspended,
            Self::OtherIssuer => Code::SignatureInvalid,
            Self::Entries | Self::NoSuchType(_) => Code::RequestMalformed,
            Self::TypeNotAllowed(_) => Code::RoleMissing,
            Self::Quota(_) => Code::TooManyRequests,
            Self::Queue(_) => Code::Overloaded,
            Self::Store(_) | Self::Seal(_) => Code::Internal,
        }
    }

    /// Seconds after which to try again.
    pub(crate) const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Quota(exhausted) => Some(exhausted.retry_after),
            Self::Queue(_) => Some(1),
            _ => None,
        }
    }
}

/// See the head of this file.
pub(crate) struct Submissions {
    database: Database,
    queue: LogQueue,
    anchor: EntityId,
    origin: String,
    key: SigningKey,
    quotas: Quotas,
    parsed: Mutex<HashMap<Digest, Arc<Vec<SubmittingKey>>>>,
}

/// A signing key of a member, with the time from which it no longer counts.
struct SubmittingKey {
    key: VerifyingKey,
    until: Option<Timestamp>,
}

impl Submissions {
    pub(crate) fn new(
        database: Database,
        queue: LogQueue,
        anchor: EntityId,
        origin: String,
        key: SigningKey,
        quotas: Quotas,
    ) -> Self {
        Self { database, queue, anchor, origin, key, quotas, parsed: Mutex::default() }
    }

    /// Takes one submission: parse → signature → audience and freshness → standing → types → quota → log → answer.
    pub(crate) async fn submit(
        &self,
        body: &[u8],
        now: Timestamp,
        monotonic: Duration,
    ) -> Result<CompactJws, SubmissionError> {
        let token = UnverifiedJws::parse(body, Limits::SUBMISSION)?;
        let member = self.claimed_member(&token).await?;
        let key = self.signing_key(&member, token.claimed_issuer().key_id(), now)?;
        let submission: AnchorSubmission = token.verify(Typ::AnchorSubmit, &key)?.claims()?;
        if submission.iss != member.entity {
            return Err(SubmissionError::OtherIssuer);
        }
        authorize_audience(&submission.aud, &self.anchor)?;
        authorize_fresh(submission.iat, submission.exp, now)?;
        let wanted = authorize(&member, &submission.entries)?;
        let count = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
        self.quotas.take(&member.entity, count, monotonic).map_err(SubmissionError::Quota)?;
        let placed = self.queue.sequence(wanted).await?;
        Ok(self.acknowledge(&submission, &placed, now)?)
    }

    async fn claimed_member(&self, token: &UnverifiedJws) -> Result<Member, SubmissionError> {
        let entity = token.claimed_issuer().entity().ok_or(SubmissionError::Unknown)?;
        let found = self.database.read(move |conn| member::member_find(conn, &entity)).await?;
        found.ok_or(SubmissionError::Unknown)
    }

    fn signing_key(
        &self,
        member: &Member,
        kid: Option<KeyId>,
        now: Timestamp,
    ) -> Result<VerifyingKey, SubmissionError> {
        let keys = self.keys_of(member)?;
        let counts =
            |one: &&SubmittingKey| Some(one.key.kid()) == kid.as_ref() && one.until.is_none_or(|until| now < until);
        keys.iter().find(counts).map(|one| one.key.clone()).ok_or(JwsError::SignatureInvalid.into())
    }

    fn keys_of(&self, member: &Member) -> Result<Arc<Vec<SubmittingKey>>, SubmissionError> {
        let digest = member.configuration_digest;
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = parsed.get(&digest) {
            return Ok(Arc::clone(keys));
        }
        if parsed.len() >= MAX_CACHED {
            parsed.clear();
        }
        let keys = Arc::new(parse_keys(member)?);
        parsed.insert(digest, Arc::clone(&keys));
        Ok(keys)
    }

    fn acknowledge(
        &self,
        submission: &AnchorSubmission,
        placed: &[Placed],
        now: Timestamp,
    ) -> Result<CompactJws, SealFailed> {
        let entries = submission.entries.iter().zip(placed);
        let entries = entries.map(|(entry, place)| SequencedEntry {
            digest: entry.digest,
            index: place.index,
            received_ms: place.received_ms,
        });
        let ack = AnchorAck {
            v: V1,
            iss: self.anchor.clone(),
            aud: submission.iss.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            salt: random::salt(),
            submission: submission.jti.clone(),
            origin: self.origin.clone(),
            entries: entries.collect(),
        };
        seal::sign(Typ::AnchorAck, &self.key, &ack)
    }
}

/// The stored configuration was verified before it was stored.
fn parse_keys(member: &Member) -> Result<Vec<SubmittingKey>, StoreError> {
    let damaged = || StoreError::Damaged("entity configuration");
    let payload = member.configuration.as_str().split('.').nth(1).unwrap_or_default();
    let payload = seal::decode_base64url(payload).map_err(|_| damaged())?;
    let claims: EntityConfiguration = serde_json::from_slice(&payload).map_err(|_| damaged())?;
    let gateway = claims.metadata.data_gateway.ok_or_else(damaged)?;
    let keys = gateway.signing_jwks.keys.iter().map(|jwk| {
        let revoked = jwk.revoked.as_ref().map(|revoked| revoked.revoked_at);
        let until = [revoked, jwk.exp].into_iter().flatten().min().map(Timestamp::from_numeric);
        VerifyingKey::from_jwk(jwk).map(|key| SubmittingKey { key, until }).map_err(|_| damaged())
    });
    keys.collect()
}

fn authorize(member: &Member, entries: &[SubmittedEntry]) -> Result<Vec<Wanted>, SubmissionError> {
    if member.standing != Standing::Active {
        return Err(SubmissionError::Suspended);
    }
    if !(1..=MAX_BATCH).contains(&entries.len()) {
        return Err(SubmissionError::Entries);
    }
    let wanted = entries.iter().map(|entry| {
        let entry_type = EntryType::try_from(entry.r#type).map_err(|_| SubmissionError::NoSuchType(entry.r#type))?;
        if !may_submit(&member.roles, entry_type) {
            return Err(SubmissionError::TypeNotAllowed(entry.r#type));
        }
        Ok(Wanted { entry_type, digest: (*entry.digest.as_bytes()).into() })
    });
    wanted.collect()
}

/// Receipts come from those who answer or ask; directory, tokens and former logs from the anchor alone; the build
/// of the wallet from an identity registry, back-tests from any department.
fn may_submit(roles: &[Role], entry_type: EntryType) -> bool {
    match entry_type {
        EntryType::ExchangeReceipt => {
            roles.iter().any(|role| matches!(role, Role::Provider | Role::Consumer(_) | Role::IdentityRegistry(_)))
        }
        EntryType::Directory | EntryType::TimestampToken | EntryType::PreviousLog => false,
        EntryType::Trigger
        | EntryType::Tally
        | EntryType::Decision
        | EntryType::Version
        | EntryType::Head
        | EntryType::Consent
        | EntryType::Build => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_submits_its_own_types() {
        let roles = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Role>>();
        let source = roles(&["event-source:in.vinimay.death.registered.v1"]);
        let provider = roles(&["provider"]);
        let consumer = roles(&["consumer:social"]);
        assert!(may_submit(&provider, EntryType::ExchangeReceipt) && may_submit(&consumer, EntryType::ExchangeReceipt));
        assert!(!may_submit(&source, EntryType::ExchangeReceipt));
        for member in [&source, &provider, &consumer] {
            assert!(may_submit(member, EntryType::Trigger));
            for own in [EntryType::Directory, EntryType::TimestampToken, EntryType::PreviousLog] {
                assert!(!may_submit(member, own), "{own:?}");
            }
        }
    }
}
