//! Orders about schemes: signed by an officer on her own machine, taken here, carried out with the second person's.
//!
//! Guarantees: an order counts only if its key is a confirmed, unended key of a scheme officer here and belongs to the account that
//! hands it in, which is open and still that role's; two orders are one if they say the same but for signer, time, id and salt; they are carried out once, when they are
//! two persons', in one transaction with the audit row and the log's outbox. A version is brought into force only with a back-test
//! of that very file whose sample of leavers an officer has read, not before today.

use protocol::seal::{self, Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, random};
use schemas::{
    decision::SchemeVersion,
    digest::Digest,
    id::{CompactJws, EntityId, SchemeId, SystemName},
    problem::Code,
    scheme::{SchemeAction, SchemeOrder},
    time::{CivilDate, Timestamp},
    version::V1,
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;
use tlog::entry::EntryType;

use super::{SchemeError, Schemes, action, clean};
use crate::{
    audit,
    keys::Keys,
    people::{Role, two_persons},
    store::{
        outbox::outbox_insert,
        people::{accounts::account_find, officer_keys::officer_key_find},
        schemes::{
            SchemeStoreError, StoredOrder, StoredSignature, backtest_newest, order_insert, order_list,
            runs::leavers_readers, signature_insert, signature_list, version_of_hash,
        },
    },
};

/// How long a signed order may wait before it is handed in, seconds.
const LIFE: i64 = 86_400;

/// What all officers who sign say alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The department.
    pub aud: EntityId,
    /// What is done.
    pub action: SchemeAction,
    /// With which version.
    pub scheme: SchemeVersion,
    /// From which day.
    pub from: CivilDate,
    /// On which back-test it rests.
    pub backtest: Digest,
}

impl Terms {
    fn of(order: &SchemeOrder) -> Self {
        Self {
            aud: order.aud.clone(),
            action: order.action,
            scheme: order.scheme.clone(),
            from: order.from,
            backtest: order.backtest,
        }
    }

    /// By which equal orders are found.
    ///
    /// # Errors
    /// Never, in truth: the members are plain.
    pub(super) fn digest(&self) -> Result<Digest, SealFailed> {
        let text = serde_json::to_vec(self).map_err(|_| SealFailed { operation: "write an order" })?;
        Ok(Digest::of(text))
    }
}

/// What became of a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderTaken {
    /// What was signed.
    pub terms: Terms,
    /// How many officers have signed it.
    pub signatures: usize,
    /// Whether it was carried out.
    pub carried_out: bool,
}

/// On the officer's own machine: signs an order.
///
/// # Errors
/// If OpenSSL fails.
pub fn sign_order(key: &SigningKey, terms: &Terms, now: Timestamp) -> Result<CompactJws, SealFailed> {
    let order = SchemeOrder {
        v: V1,
        iss: key.kid().clone(),
        aud: terms.aud.clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        action: terms.action,
        scheme: terms.scheme.clone(),
        from: terms.from,
        backtest: terms.backtest,
    };
    seal::sign(Typ::Scheme, key, &order)
}

impl Schemes {
    /// What an officer would sign to bring a version into force: from a day, or from the first day it may.
    ///
    /// If another officer signed such an order that waits, its day is taken unless one is given.
    ///
    /// # Errors
    /// `not-found`; `conflict` without a back-test.
    pub async fn publish_terms(&self, version: &SchemeVersion, from: Option<CivilDate>) -> Result<Terms, SchemeError> {
        let (this, version, today) = (self.clone(), version.clone(), self.now().civil_day());
        let terms = move |conn: &mut AnyConnection| {
            if let (Some(waiting), None) = (waiting(conn, &version.id, SchemeAction::Publish)?, from)
                && waiting.scheme == version
            {
                return Ok(waiting);
            }
            let scheme = this.scheme_of(conn, &version.hash)?;
            let from = from.unwrap_or(scheme.in_force.from.max(today));
            this.terms(conn, SchemeAction::Publish, version, from)
        };
        self.db.read(terms).await
    }

    /// What an officer would sign to take back what is in force: the version before it, or none.
    ///
    /// # Errors
    /// `not-found` if nothing is in force.
    pub async fn rollback_terms(&self, id: &SchemeId, from: Option<CivilDate>) -> Result<Terms, SchemeError> {
        let (this, id, today) = (self.clone(), id.clone(), self.now().civil_day());
        let terms = move |conn: &mut AnyConnection| {
            for action in [SchemeAction::Rollback, SchemeAction::Withdraw] {
                if let (Some(waiting), None) = (waiting(conn, &id, action)?, from) {
                    return Ok(waiting);
                }
            }
            let orders = order_list(conn, Some(&id))?;
            let from = from.unwrap_or(today);
            let (action, hash) = match standing(&orders)[..] {
                [] => {
                    let why = "no version of this scheme is in force or scheduled";
                    return Err(SchemeError::refused(Code::NotFound, why));
                }
                [only] => (SchemeAction::Withdraw, only),
                [.., before, _] => (SchemeAction::Rollback, before),
            };
            let stored = version_of_hash(conn, &hash)?.ok_or(SchemeError::Unreadable(hash))?;
            this.terms(conn, action, SchemeVersion { id: stored.scheme, version: stored.version, hash }, from)
        };
        self.db.read(terms).await
    }

    fn terms(
        &self,
        conn: &mut AnyConnection,
        action: SchemeAction,
        scheme: SchemeVersion,
        from: CivilDate,
    ) -> Result<Terms, SchemeError> {
        let test = backtest_newest(conn, &self.keys, &scheme.hash)?;
        let test = test.ok_or_else(|| {
            SchemeError::refused(Code::BacktestMissing, "the version has no back-test; run one first")
        })?;
        Ok(Terms { aud: self.entity.clone(), action, scheme, from, backtest: test.digest })
    }

    /// Takes an officer's signed order. It is not carried out yet.
    ///
    /// # Errors
    /// `signature-invalid`, `access-denied`, `request-malformed`, `conflict`.
    pub async fn take_signature(&self, account: &SystemName, order: &CompactJws) -> Result<OrderTaken, SchemeError> {
        self.taking(account, order, false).await
    }

    /// The same, and carries it out if another person signed the same.
    ///
    /// # Errors
    /// As [`take_signature`](Self::take_signature).
    pub async fn take_order(&self, account: &SystemName, order: &CompactJws) -> Result<OrderTaken, SchemeError> {
        self.taking(account, order, true).await
    }

    async fn taking(&self, account: &SystemName, order: &CompactJws, at_once: bool) -> Result<OrderTaken, SchemeError> {
        let (this, by, jws) = (self.clone(), account.clone(), order.clone());
        let taken = self.db.write(move |conn| this.take(conn, &by, &jws, at_once)).await;
        if let Err(error) = &taken {
            let row = audit::done(account.as_str(), action::SIGN, "scheme", self.now());
            audit::record(&self.db, audit::refused(row, Some(error.code()))).await?;
        }
        taken
    }

    fn take(
        &self,
        conn: &mut AnyConnection,
        account: &SystemName,
        jws: &CompactJws,
        at_once: bool,
    ) -> Result<OrderTaken, SchemeError> {
        let order = self.verified(conn, account, jws)?;
        let terms = Terms::of(&order);
        self.authorize(conn, &terms)?;
        let digest = terms.digest()?;
        let signature = StoredSignature {
            terms: digest,
            kid: order.iss.clone(),
            account: account.clone(),
            scheme: order.scheme.id.clone(),
            jws: jws.clone(),
            at_ms: self.now_ms(),
        };
        if signature_insert(conn, &signature)? {
            let target = format!("{}@{}", terms.scheme.id, terms.scheme.version);
            audit::append(conn, &audit::done(account.as_str(), action::SIGN, &target, self.now()))?;
            outbox_insert(conn, &[(EntryType::Version, Digest::of(jws.as_str()))], self.now_ms())
                .map_err(SchemeStoreError::from)?;
        }
        let carried_out = at_once && self.carry_out(conn, &terms, account)?;
        let signatures = signature_list(conn, &terms.scheme.id)?.iter().filter(|s| s.terms == digest).count();
        Ok(OrderTaken { terms, signatures, carried_out })
    }

    /// The claims, if they are this account's, by a key that may sign, and fresh.
    fn verified(
        &self,
        conn: &mut AnyConnection,
        account: &SystemName,
        jws: &CompactJws,
    ) -> Result<SchemeOrder, SchemeError> {
        let malformed = |_| SchemeError::refused(Code::RequestMalformed, "this is no signed order about a scheme");
        let unverified = UnverifiedJws::of(jws, Limits::ORDER).map_err(malformed)?;
        let denied = || {
            SchemeError::refused(
                Code::AccessDenied,
                "the key is not a confirmed key of a scheme officer with this account",
            )
        };
        let issuer = unverified.claimed_issuer();
        let claimed = issuer.iss().and_then(|iss| iss.parse().ok()).ok_or_else(denied)?;
        let key = officer_key_find(conn, &claimed)?.ok_or_else(denied)?;
        let signs = Role::SchemeOfficer.signs() == Some(key.key.role.as_str());
        if key.account != *account || key.confirmed_by.is_none() || !signs || !may_sign(conn, &self.keys, account)? {
            return Err(denied());
        }
        let invalid = |why: &'static str| SchemeError::refused(Code::SignatureInvalid, why);
        let public = VerifyingKey::from_jwk(&key.key.jwk).map_err(|_| invalid("the officer's key cannot be used"))?;
        let verified = unverified
            .verify(Typ::Scheme, &public)
            .map_err(|_| invalid("the order is not signed by the officer's key"))?;
        let order: SchemeOrder = verified.claims().map_err(malformed)?;
        let age = self.now().seconds().saturating_sub(order.iat.seconds());
        if order.iss != claimed || order.aud != self.entity || !(-LIFE..=LIFE).contains(&age) {
            return Err(invalid("the order is for another department, or older than a day"));
        }
        Ok(order)
    }

    /// Whether an order may be given: its file is ours and clean, its back-test exists, its day has not passed.
    fn authorize(&self, conn: &mut AnyConnection, terms: &Terms) -> Result<(), SchemeError> {
        let missing = || SchemeError::refused(Code::NotFound, "no such version was handed in");
        let stored = version_of_hash(conn, &terms.scheme.hash)?.ok_or_else(missing)?;
        if stored.scheme != terms.scheme.id || stored.version != terms.scheme.version {
            return Err(missing());
        }
        clean(&stored.body).map_err(SchemeError::NotLinted)?;
        let conflict = |why: &'static str| SchemeError::refused(Code::Conflict, why);
        let missing = || SchemeError::refused(Code::BacktestMissing, "the version has no back-test; run one first");
        let test = backtest_newest(conn, &self.keys, &terms.scheme.hash)?.ok_or_else(missing)?;
        if test.digest != terms.backtest {
            return Err(conflict("the order does not rest on the newest back-test of this file"));
        }
        let is_read = test.result.leavers.is_empty() || !leavers_readers(conn, &test.digest)?.is_empty();
        // What takes a version back does not wait for anything to be read.
        if terms.action == SchemeAction::Publish && !is_read {
            return Err(SchemeError::refused(Code::LeaversUnread, "an officer must read the sample of leavers first"));
        }
        if terms.from < self.now().civil_day() {
            return Err(conflict("the day has passed; nothing is brought into force backwards"));
        }
        let standing = standing(&order_list(conn, Some(&terms.scheme.id))?);
        let fits = match (terms.action, &standing[..]) {
            (SchemeAction::Publish, _) => true,
            (SchemeAction::Rollback, [behind @ .., _]) => behind.contains(&terms.scheme.hash),
            (SchemeAction::Withdraw, all) => all.contains(&terms.scheme.hash),
            (SchemeAction::Rollback, []) => false,
        };
        if !fits {
            return Err(conflict(
                "this version is not behind the one in force; what was taken back is brought into force anew",
            ));
        }
        Ok(())
    }

    /// Carries out what two persons signed about a version.
    ///
    /// # Errors
    /// `four-eyes-required` with fewer; `conflict` if it was carried out.
    pub async fn publish(&self, by: &str, version: &SchemeVersion) -> Result<Terms, SchemeError> {
        let (this, version, actor) = (self.clone(), version.clone(), by.to_owned());
        let target = format!("{}@{}", version.id, version.version);
        let done = self
            .db
            .write(move |conn| {
                let wanted = waiting(conn, &version.id, SchemeAction::Publish)?.filter(|terms| terms.scheme == version);
                let terms = wanted.ok_or_else(|| {
                    SchemeError::refused(
                        Code::FourEyesRequired,
                        "no officer has signed this version, or it is in force",
                    )
                })?;
                this.authorize(conn, &terms)?;
                if this.carry_out_as(conn, &terms, &actor)? {
                    return Ok(terms);
                }
                Err(SchemeError::refused(
                    Code::FourEyesRequired,
                    "two scheme officers, two persons, must sign the same order",
                ))
            })
            .await;
        if let Err(error) = &done {
            let row = audit::done(by, action::ORDER, &target, self.now());
            audit::record(&self.db, audit::refused(row, Some(error.code()))).await?;
        }
        done
    }

    fn carry_out(&self, conn: &mut AnyConnection, terms: &Terms, by: &SystemName) -> Result<bool, SchemeError> {
        self.carry_out_as(conn, terms, by.as_str())
    }

    /// Whether two persons signed it, and so it was carried out.
    fn carry_out_as(&self, conn: &mut AnyConnection, terms: &Terms, by: &str) -> Result<bool, SchemeError> {
        let digest = terms.digest()?;
        let signed: Vec<StoredSignature> =
            signature_list(conn, &terms.scheme.id)?.into_iter().filter(|s| s.terms == digest).collect();
        if !by_two_persons(conn, &self.keys, &signed)? {
            return Ok(false);
        }
        let place = order_list(conn, Some(&terms.scheme.id))?.last().map_or(0, |last| last.place + 1);
        let order = StoredOrder {
            scheme: terms.scheme.id.clone(),
            place,
            action: terms.action,
            hash: terms.scheme.hash,
            from: terms.from,
            terms: digest,
            at_ms: self.now_ms(),
        };
        if !order_insert(conn, &order)? {
            return Err(SchemeError::refused(Code::Conflict, "the order was carried out before"));
        }
        let target = format!("{}@{}", terms.scheme.id, terms.scheme.version);
        audit::append(conn, &audit::done(by, action::ORDER, &target, self.now()))?;
        Ok(true)
    }
}

/// Versions that stand, the one in force or scheduled last: what was taken back, and all that came after what it went back to, does not.
fn standing(orders: &[StoredOrder]) -> Vec<Digest> {
    let mut standing: Vec<Digest> = Vec::new();
    for order in orders {
        match order.action {
            SchemeAction::Publish => {
                standing.retain(|hash| *hash != order.hash);
                standing.push(order.hash);
            }
            SchemeAction::Rollback => {
                let behind = standing.iter().position(|hash| *hash == order.hash);
                standing.truncate(behind.unwrap_or(0));
                standing.push(order.hash);
            }
            SchemeAction::Withdraw => standing.clear(),
        }
    }
    standing
}

/// Whether an account is open and still a scheme officer's.
fn may_sign(conn: &mut AnyConnection, keys: &Keys, account: &SystemName) -> Result<bool, SchemeError> {
    let found = account_find(conn, keys, account)?;
    Ok(found.is_some_and(|found| !found.disabled && found.roles.holds(Role::SchemeOfficer)))
}

/// Whether any two of these are two persons', with keys that still stand and accounts that may still sign.
fn by_two_persons(conn: &mut AnyConnection, keys: &Keys, signed: &[StoredSignature]) -> Result<bool, SchemeError> {
    let mut standing = Vec::new();
    for signature in signed {
        let key = officer_key_find(conn, &signature.kid)?;
        let stands = key.is_some_and(|key| key.confirmed_by.is_some() && key.account == signature.account);
        if stands && may_sign(conn, keys, &signature.account)? {
            standing.push(&signature.account);
        }
    }
    for (n, first) in standing.iter().enumerate() {
        for second in &standing[n + 1..] {
            match two_persons(conn, first, second).map_err(SchemeError::from) {
                Ok(()) => return Ok(true),
                Err(SchemeError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(false)
}

/// The newest signed order of a kind about a scheme that was not carried out.
pub(super) fn waiting(
    conn: &mut AnyConnection,
    scheme: &SchemeId,
    action: SchemeAction,
) -> Result<Option<Terms>, SchemeError> {
    let done = order_list(conn, Some(scheme))?;
    for signature in signature_list(conn, scheme)? {
        if done.iter().any(|order| order.terms == signature.terms) {
            continue;
        }
        let terms = claims(&signature.jws)?;
        // An order from before the last one that was carried out is overtaken.
        let overtaken = done.last().is_some_and(|last| last.at_ms > signature.at_ms);
        if terms.action == action && !overtaken {
            return Ok(Some(terms));
        }
    }
    Ok(None)
}

/// How many officers signed the newest order about a file that was not carried out.
pub(super) fn open_signatures(
    conn: &mut AnyConnection,
    scheme: &SchemeId,
    hash: &Digest,
) -> Result<usize, SchemeError> {
    let Some(terms) = open_terms(conn, scheme, hash)? else { return Ok(0) };
    Ok(signature_list(conn, scheme)?.iter().filter(|s| s.terms == terms).count())
}

/// The newest order about a file that was not carried out.
pub(super) fn open_terms(
    conn: &mut AnyConnection,
    scheme: &SchemeId,
    hash: &Digest,
) -> Result<Option<Digest>, SchemeError> {
    let done = order_list(conn, Some(scheme))?;
    for signature in signature_list(conn, scheme)? {
        let is_open = !done.iter().any(|order| order.terms == signature.terms);
        if is_open && claims(&signature.jws)?.scheme.hash == *hash {
            return Ok(Some(signature.terms));
        }
    }
    Ok(None)
}

/// The terms of a stored order; its signature was verified when it was taken.
fn claims(jws: &CompactJws) -> Result<Terms, SchemeError> {
    let payload = jws.as_str().split('.').nth(1).and_then(|part| seal::decode_base64url(part).ok());
    let order: Option<SchemeOrder> = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    order.as_ref().map(Terms::of).ok_or_else(|| SchemeStoreError::Content("scheme_signature").into())
}
