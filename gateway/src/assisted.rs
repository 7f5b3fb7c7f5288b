//! A centre's operator helps a citizen who has no phone of her own.
//!
//! Source: protocol, "The citizen" ("Assisted: operator and method stand inside what is signed"); experience, "Citizen". The
//! operator opens a session; the device in front of the citizen makes keys that live as long as the page, is bound for two hours,
//! and shows or reads out the card; a code goes to her own or her family's phone; only with it the device gets the words that must
//! stand inside the signature. Guarantees: who helped, when, and which cards were approved is in the audit trail and in rows that
//! stay; the phone's number is not kept; which operator and session a consent names is held against what the identity registry
//! signed when it bound her (ADR 0380). Deliberately absent: trust in the device, which could sign without a code: that is why
//! providers see the mark and may refuse it, and why each session names a person.

mod endings;
mod slip;

use protocol::{consent::Refusal, seal::random};
use schemas::{
    assisted::{ApprovalAsked, ApprovalOrder, AssistedSession, AssistedSlip, Closing, Confirmation, Confirmed},
    consent::Assistance,
    federation::Role,
    id::{MessageId, SystemName},
    local::QrPicture,
    problem::Code,
    time::Timestamp,
};
use service_kit::db::DatabaseError;

use crate::{
    app::App,
    audit,
    consents::OrderError,
    console::qr,
    notices::NotDelivered,
    store::{
        assisted::{
            NewApproval, StoredSession, approval_confirm, approval_insert, approvals_of,
            endings::{EndingStoreError, endings_insert},
            session_close, session_insert, session_open, slip_find,
        },
        consents::requests::RequestStoreError,
    },
};

/// How long a session lasts at most, seconds.
const LIFE: i64 = 3600;
/// How long a code may be told, seconds.
const CODE_LIFE: u32 = 600;
/// Digits of a code.
const DIGITS: usize = 6;
/// Codes of one session at most: messages cost money, and each is a message to somebody's phone.
const CODES: i64 = 12;
/// Consents on one slip at most.
const CONSENTS: usize = 32;

/// The actions in the audit trail.
const OPEN: &str = "assisted.open";
const APPROVE: &str = "assisted.approve";
const CLOSE: &str = "assisted.close";

/// Nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum AssistedError {
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The rows.
    #[error(transparent)]
    Store(#[from] DatabaseError),
    /// The rows of revocations that wait for the slip.
    #[error(transparent)]
    Ending(#[from] EndingStoreError),
    /// A revocation could not be set on its way.
    #[error(transparent)]
    Forward(#[from] RequestStoreError),
}

impl From<OrderError> for AssistedError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Refused(refusal) => Self::Refused(refusal),
            OrderError::Store(error) => Self::Store(error),
            OrderError::Forward(error) => Self::Forward(error),
            other @ (OrderError::Seal(_) | OrderError::Facts(_)) => {
                Self::Store(DatabaseError::Storage(other.to_string()))
            }
        }
    }
}

const NO_SESSION: Refusal = Refusal::new(Code::AccessDenied, "there is no open session of this token");

impl App {
    /// Opens a session of this operator.
    ///
    /// # Errors
    /// `role-missing`: this department helps nobody.
    pub async fn assisted_open(&self, operator: &SystemName) -> Result<AssistedSession, AssistedError> {
        let now = self.now();
        if let Err(refusal) = self.authorize_helping(now) {
            let row = audit::done(operator.as_str(), OPEN, "session", now);
            audit::record(self.db(), audit::refused(row, Some(refusal.code()))).await?;
            return Err(refusal.into());
        }
        let (token, ends) = (random::token(), now.plus(LIFE));
        let session = StoredSession { id: random::message_id(now), operator: operator.clone(), opened: now, ends };
        let row = audit::done(operator.as_str(), OPEN, session.id.as_str(), now);
        let (keys, written, secret) = (self.keys().clone(), session.clone(), token.clone());
        self.db()
            .write(move |conn| {
                session_insert(conn, &keys, &written, &secret)?;
                audit::append(conn, &row)
            })
            .await?;
        let wallet_link = self.assisted_link(&session.id, &token);
        Ok(AssistedSession { session: session.id, token, wallet_link, ends })
    }

    /// The token stands behind `#`, which no browser sends.
    fn assisted_link(&self, session: &MessageId, token: &str) -> Option<String> {
        let operator: String = url::form_urlencoded::byte_serialize(self.entity().as_str().as_bytes()).collect();
        let origin = self.wallet_origin()?;
        Some(format!("{origin}/#/assisted?operator={operator}&session={session}&token={token}"))
    }

    fn authorize_helping(&self, now: Timestamp) -> Result<(), Refusal> {
        let directory = self.directory();
        if directory.peer(self.entity(), now)?.roles().contains(&Role::AssistedOperator) {
            return Ok(());
        }
        Err(Refusal::new(Code::RoleMissing, "this department helps nobody"))
    }

    async fn assisted_session(&self, token: &str, now: Timestamp) -> Result<StoredSession, AssistedError> {
        self.authorize_helping(now)?;
        let (keys, token) = (self.keys().clone(), token.to_owned());
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(session_open(conn, &keys, &token, now)?));
        Ok(found.await?.ok_or(NO_SESSION)?)
    }

    /// Sends a code for one card to a phone.
    ///
    /// # Errors
    /// `access-denied` (no open session of this token), `too-many-requests`, `registry-unavailable` (no message could be sent).
    pub(crate) async fn assisted_ask(&self, order: &ApprovalOrder) -> Result<ApprovalAsked, AssistedError> {
        let now = self.now();
        let session = self.assisted_session(&order.token, now).await?;
        let (approval, code) = (random::message_id(now), random::pin(DIGITS));
        let (keys, id, given, card, method) =
            (self.keys().clone(), approval.clone(), code.clone(), order.card, order.method);
        let kept = self.db().write(move |conn| {
            if approvals_of(conn, &session.id)? >= CODES {
                return Ok(false);
            }
            let expires = now.plus(i64::from(CODE_LIFE));
            let new = NewApproval { id: &id, session: &session.id, card: &card, method, code: &given, expires };
            approval_insert(conn, &keys, &new)?;
            Ok::<_, DatabaseError>(true)
        });
        if !kept.await? {
            return Err(Refusal::new(Code::TooManyRequests, "the session has asked for too many codes").into());
        }
        self.send_code(order, &approval, &code, now).await.map_err(|error| {
            tracing::warn!(%error, "a code was not sent");
            Refusal::new(Code::RegistryUnavailable, "no message can be sent now")
        })?;
        Ok(ApprovalAsked { approval, expires_in: CODE_LIFE })
    }

    async fn send_code(
        &self,
        order: &ApprovalOrder,
        id: &MessageId,
        code: &str,
        now: Timestamp,
    ) -> Result<(), NotDelivered> {
        let text =
            slip::code_text(self, &order.language, code).map_err(|error| NotDelivered::later(error.to_string()))?;
        self.notices().send_short((id, now), order.phone.clone(), text).await
    }

    /// The citizen told the code: what must stand inside her consent.
    ///
    /// # Errors
    /// `access-denied`: no open session, no such approval, or another code; which of them is not told.
    pub(crate) async fn assisted_confirm(&self, told: &Confirmation) -> Result<Confirmed, AssistedError> {
        let now = self.now();
        let session = self.assisted_session(&told.token, now).await?;
        let row = audit::done(session.operator.as_str(), APPROVE, session.id.as_str(), now);
        let (keys, id, code, of) = (self.keys().clone(), told.approval.clone(), told.code.clone(), session.id.clone());
        let approved = self.db().write(move |conn| {
            let approved = approval_confirm(conn, &keys, &of, (&id, code.trim()), now)?;
            let row = if approved.is_some() { row } else { audit::refused(row, Some(Code::AccessDenied)) };
            audit::append(conn, &row)?;
            Ok::<_, DatabaseError>(approved)
        });
        let (card, method) = approved.await?.ok_or(Refusal::new(Code::AccessDenied, "the code was not accepted"))?;
        let assistance = Assistance { operator: self.entity().clone(), session: session.id, method };
        Ok(Confirmed { card, assistance })
    }

    /// Closes a session: the slip that the citizen takes home.
    ///
    /// # Errors
    /// `access-denied` (no open session of this token), `request-malformed` (too many consents; an ending that is none of theirs).
    pub(crate) async fn assisted_close(&self, closing: &Closing) -> Result<AssistedSlip, AssistedError> {
        let now = self.now();
        if closing.consents.len() > CONSENTS {
            return Err(Refusal::new(Code::RequestMalformed, "at most 32 consents of one session").into());
        }
        let session = self.assisted_session(&closing.token, now).await?;
        let endings = self.session_endings(&session.id, &closing.endings, &closing.consents)?;
        let slip = slip::of(self, &session, &closing.consents, now)
            .map_err(|error| DatabaseError::Storage(error.to_string()))?;
        let json = serde_json::to_string(&slip).map_err(|error| DatabaseError::Storage(error.to_string()))?;
        let row = audit::done(session.operator.as_str(), CLOSE, session.id.as_str(), now);
        let keys = self.keys().clone();
        let closed = self.db().write(move |conn| {
            let closed = session_close(conn, &session.id, &json, now)?;
            if closed {
                endings_insert(conn, &keys, &session.id, &endings)?;
            }
            audit::append(conn, &row)?;
            Ok::<_, EndingStoreError>(closed)
        });
        if !closed.await? {
            return Err(NO_SESSION.into());
        }
        let picture = qr::path(&slip.qr).map(|(size, path)| QrPicture { size, path });
        Ok(AssistedSlip { picture, ..slip })
    }

    /// The slip of a closed session, to print it again; `None` if it is not closed or another operator's.
    ///
    /// # Errors
    /// If the row cannot be read.
    pub async fn assisted_slip(
        &self,
        session: &MessageId,
        operator: &SystemName,
    ) -> Result<Option<AssistedSlip>, AssistedError> {
        let (id, operator) = (session.clone(), operator.clone());
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(slip_find(conn, &id, &operator)?)).await?;
        let damaged = |_| DatabaseError::Storage("a slip cannot be read".to_owned());
        Ok(found.map(|json| serde_json::from_str(&json).map_err(damaged)).transpose()?)
    }
}

#[cfg(test)]
mod tests;
