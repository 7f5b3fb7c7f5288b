//! What an officer signs with her own key before a command does anything about a decision.
//!
//! Guarantees: the order is a JWS of a kind of its own (`dx-review+jwt`), by a confirmed, unended key of a reviewer, for this
//! department and that key's account, made within a day, taken once; the account is open and still a reviewer's. It is kept,
//! encrypted, as evidence of who wanted what. Deliberately absent: the second person; the decision itself asks for one.

use protocol::{
    consent::Refusal,
    seal::{self, Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, random},
};
use schemas::{
    id::{CompactJws, EntityId, KeyId, MessageId, SystemName},
    problem::Code,
    time::{NumericDate, Timestamp},
    version::V1,
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

use super::{ReviewAct, ReviewDone, account_may};
use crate::{
    app::App,
    audit,
    decisions::OfficerRefused,
    people::{Role, Roles},
    store::{people::officer_keys::officer_key_find, review::review_order_insert},
};

/// How long a signed order may wait before it is handed in, seconds.
const LIFE: i64 = 86_400;
/// Its action in the audit trail.
const ORDER: &str = "review.order";

/// What is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    v: V1,
    /// The officer's key.
    iss: KeyId,
    /// The department.
    aud: EntityId,
    iat: NumericDate,
    jti: MessageId,
    /// The account as which it is done.
    account: SystemName,
    /// What is done.
    act: ReviewAct,
}

/// On the officer's own machine: signs what she wants done.
///
/// # Errors
/// If OpenSSL fails.
pub fn sign_review_order(
    key: &SigningKey,
    (department, account): (&EntityId, &SystemName),
    act: ReviewAct,
    now: Timestamp,
) -> Result<CompactJws, SealFailed> {
    let order = Order {
        v: V1,
        iss: key.kid().clone(),
        aud: department.clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        account: account.clone(),
        act,
    };
    seal::sign(Typ::Review, key, &order)
}

fn denied() -> OfficerRefused {
    let because = "the key is not a confirmed key of a reviewer with this account; mend: hand it in at /console/keys, have \
                   another officer confirm it, and name the account that handed it in; a key signs one thing: who is a scheme \
                   officer too hands in a second key";
    Refusal::new(Code::AccessDenied, because).into()
}

impl App {
    /// Takes an officer's signed order and does what it says.
    ///
    /// # Errors
    /// `signature-invalid`, `access-denied`, `request-malformed`, `replayed`, and those of [`review_act`](Self::review_act).
    pub async fn take_review_order(
        &self,
        account: &SystemName,
        order: &CompactJws,
    ) -> Result<ReviewDone, OfficerRefused> {
        let (with, by, jws) = (self.clone(), account.clone(), order.clone());
        match self.db().write(move |conn| with.verified_order(conn, &by, &jws)).await {
            Ok(act) => self.review_act(account, act).await,
            Err(error) => {
                let row = audit::done(account.as_str(), ORDER, "review", self.now());
                audit::record(self.db(), audit::refused(row, Some(error.code()))).await?;
                Err(error)
            }
        }
    }

    /// The act, if it is this account's to do, by a key that may sign, and fresh.
    fn verified_order(
        &self,
        conn: &mut AnyConnection,
        account: &SystemName,
        jws: &CompactJws,
    ) -> Result<ReviewAct, OfficerRefused> {
        let malformed = |_| Refusal::new(Code::RequestMalformed, "this is no signed order about a decision");
        let invalid = |why| Refusal::new(Code::SignatureInvalid, why);
        let unverified = UnverifiedJws::of(jws, Limits::ORDER).map_err(malformed)?;
        let issuer = unverified.claimed_issuer();
        let claimed: KeyId = issuer.iss().and_then(|iss| iss.parse().ok()).ok_or_else(denied)?;
        let key = officer_key_find(conn, &claimed).map_err(failed)?.ok_or_else(denied)?;
        let signs = Role::Reviewer.signs() == Some(key.key.role.as_str());
        let stands = account_may(conn, self, account, &Roles::new([Role::Reviewer]))?;
        if key.account != *account || key.confirmed_by.is_none() || !signs || !stands {
            return Err(denied());
        }
        let public = VerifyingKey::from_jwk(&key.key.jwk).map_err(|_| invalid("the officer's key cannot be used"))?;
        let verified = unverified.verify(Typ::Review, &public);
        let verified = verified.map_err(|_| invalid("the order is not signed by the officer's key"))?;
        let order: Order = verified.claims().map_err(malformed)?;
        let age = self.now().seconds().saturating_sub(order.iat.seconds());
        if order.iss != claimed
            || order.aud != *self.entity()
            || order.account != *account
            || !(-LIFE..=LIFE).contains(&age)
        {
            return Err(invalid("the order is of another key, account or department, or older than a day").into());
        }
        if !review_order_insert(conn, self.keys(), (&claimed, &order.jti, account), jws, self.now_ms())? {
            return Err(Refusal::new(Code::Replayed, "this order was taken before").into());
        }
        Ok(order.act)
    }
}

fn failed(error: crate::store::people::PeopleStoreError) -> OfficerRefused {
    crate::store::decisions::DecisionStoreError::from(error).into()
}
