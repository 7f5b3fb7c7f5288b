//! Each record by itself: who signed it, with which key, in which role, and where it stands in the log.
//!
//! Guarantees: only an attested record goes on to the checks between records. The claimed issuer and time choose a
//! chain and nothing else until the signature holds.

use schemas::{
    bundle::{Bundle, BundleKind, BundledRecord},
    erasure::Erasure,
    event::{Event, EventAck, EventApplied},
    federation::{Role, Standing},
    id::{EntityId, MessageId},
    receipt::{Outcome, Receipt, ReceiptRole},
    time::{NumericDate, Timestamp},
    wallet_build::WalletBuild,
};
use serde::Deserialize;
use tlog::entry::EntryType;

use super::{
    CheckId, Finding, Reason, RecordSummary, Report,
    log::{Pinned, Place},
};
use crate::{
    exchange::{Attested, MemberClaims, check_receipt},
    federation::{FederationError, VerifiedMember, verify_chain},
    seal::{Limits, Typ, UnverifiedJws},
};

/// The attested records of a bundle by type; `None` in place of one that did not pass.
#[derive(Default)]
pub(super) struct Attestations {
    pub receipts: Vec<Option<Attested<Receipt>>>,
    pub events: Vec<Option<Attested<Event>>>,
    pub acks: Vec<Option<Attested<EventAck>>>,
    pub applied: Vec<Option<Attested<EventApplied>>>,
    pub erasures: Vec<Option<Attested<Erasure>>>,
    pub builds: Vec<Option<Attested<WalletBuild>>>,
}

/// What the claims say before anybody vouched for them: for choosing a chain.
#[derive(Deserialize)]
struct Claimed {
    iss: EntityId,
    iat: NumericDate,
}

impl Attestations {
    pub(super) fn verify(bundle: &Bundle, pinned: &Pinned<'_>, now: Timestamp, report: &mut Report) -> Self {
        let mut all = Self::default();
        let mut used = vec![false; bundle.members.len()];
        for (index, record) in bundle.records.iter().enumerate() {
            all.verify_one(bundle, index, record, &mut used, pinned, now, report);
        }
        if used.contains(&false) {
            report.add(CheckId::SignerChain, None, Finding::Failed(Reason::NotNeeded));
        }
        all
    }

    #[expect(clippy::too_many_arguments, reason = "one record in its whole context, called once")]
    fn verify_one(
        &mut self,
        bundle: &Bundle,
        index: usize,
        record: &BundledRecord,
        used: &mut [bool],
        pinned: &Pinned<'_>,
        now: Timestamp,
        report: &mut Report,
    ) {
        let mut check = RecordCheck { bundle, index, record, used, pinned, now, report };
        match (bundle.kind, typ_of(record)) {
            (BundleKind::Exchange, Some(Typ::Receipt)) => self.receipts.push(check.run()),
            (BundleKind::Exchange, Some(Typ::Erasure)) => self.erasures.push(check.run()),
            (BundleKind::Trigger, Some(Typ::Event)) => self.events.push(check.run()),
            (BundleKind::Trigger, Some(Typ::EventAck)) => self.acks.push(check.run()),
            (BundleKind::Trigger, Some(Typ::EventApplied)) => self.applied.push(check.run()),
            (BundleKind::Build, Some(Typ::Build)) => self.builds.push(check.run()),
            (_, Some(_)) => check.add(CheckId::RecordSignature, Finding::Failed(Reason::RecordType)),
            (_, None) => check.add(CheckId::RecordSignature, Finding::Failed(Reason::RecordMalformed)),
        }
    }
}

/// What a record says that it is.
pub(super) fn typ_of(record: &BundledRecord) -> Option<Typ> {
    UnverifiedJws::of(&record.jws, Limits::RECORD).ok()?.claimed_typ()
}

/// What a bundled record is about, and what its signer must be.
trait Evidence: MemberClaims {
    const ENTRY: EntryType;
    fn jti(&self) -> &MessageId;
    fn about(&self) -> &MessageId;
    fn is_consistent(&self) -> bool;
    fn check_role(&self, signer: &VerifiedMember) -> Result<(), Reason>;
}

struct RecordCheck<'a> {
    bundle: &'a Bundle,
    index: usize,
    record: &'a BundledRecord,
    used: &'a mut [bool],
    pinned: &'a Pinned<'a>,
    now: Timestamp,
    report: &'a mut Report,
}

impl RecordCheck<'_> {
    fn add(&mut self, id: CheckId, finding: Finding) {
        self.report.add(id, Some(self.index), finding);
    }

    fn run<T: Evidence>(&mut self) -> Option<Attested<T>> {
        let signer = self.signer()?;
        let place = self.pinned.check_anchored(self.index, self.record, T::ENTRY, self.now, self.report);
        let received = place.as_ref().map(Place::received);
        let bytes = self.record.jws.as_str().as_bytes();
        let attested = Attested::<T>::verify_received(bytes, &signer, received).map_err(|_| Reason::SignatureInvalid);
        self.add(CheckId::RecordSignature, Finding::from(&attested));
        let attested = attested.ok()?;
        let claims = attested.claims();
        self.add(CheckId::SignerRole, Finding::from(&claims.check_role(&signer)));
        let consistent = if claims.is_consistent() { Ok(()) } else { Err(Reason::Contradiction) };
        self.add(CheckId::RecordConsistent, Finding::from(&consistent));
        self.add(
            CheckId::LogTime,
            place.as_ref().map_or(Finding::CouldNotBeChecked(Reason::NotAnchored), |place| {
                place.check_order(claims.iat(), self.now)
            }),
        );
        self.report.records.push(RecordSummary {
            record: self.index,
            typ: T::TYP.as_str(),
            iss: claims.iss().clone(),
            jti: claims.jti().clone(),
            about: claims.about().clone(),
            iat: claims.iat(),
            index: place.as_ref().map(|place| place.index),
            received_ms: place.as_ref().map(|place| place.received_ms),
            stamped: place.as_ref().and_then(|place| place.stamped),
        });
        Some(attested)
    }

    /// The signer, by a chain that was valid when the record says it was signed.
    fn signer(&mut self) -> Option<VerifiedMember> {
        let found = self.find_signer();
        self.add(
            CheckId::SignerChain,
            match &found {
                Ok(_) => Finding::Passed,
                Err(Reason::ChainMissing) => Finding::CouldNotBeChecked(Reason::ChainMissing),
                Err(reason) => Finding::Failed(*reason),
            },
        );
        if found.is_err() {
            self.add(CheckId::RecordSignature, Finding::CouldNotBeChecked(Reason::EarlierCheck));
        }
        found.ok()
    }

    fn find_signer(&mut self) -> Result<VerifiedMember, Reason> {
        let jws = UnverifiedJws::of(&self.record.jws, Limits::RECORD).map_err(|_| Reason::RecordMalformed)?;
        let claimed: Claimed = jws.unverified_claims().map_err(|_| Reason::RecordMalformed)?;
        let mut result = Err(Reason::ChainMissing);
        for (index, member) in self.bundle.members.iter().enumerate().filter(|(_, m)| m.entity == claimed.iss) {
            match self.verify_chain(index, claimed.iat) {
                Ok(signer) if *signer.entity() == member.entity => {
                    self.used[index] = true;
                    return Ok(signer);
                }
                Ok(_) => result = Err(Reason::ChainInvalid),
                Err(reason) => result = Err(reason),
            }
        }
        // A chain that was tried is not superfluous, it is wrong: its own reason says more.
        for (used, member) in self.used.iter_mut().zip(&self.bundle.members) {
            *used |= member.entity == claimed.iss;
        }
        result
    }

    fn verify_chain(&self, member: usize, at: NumericDate) -> Result<VerifiedMember, Reason> {
        let chain = &self.bundle.members[member].chain;
        verify_chain(chain, self.pinned.root, Timestamp::from_numeric(at)).map_err(|error| match error {
            FederationError::AnchorNotPinned => Reason::ForeignAnchor,
            FederationError::NotLinked(_) => Reason::ForeignStatement,
            FederationError::Expired | FederationError::NotYetValid => Reason::StatementExpired,
            _ => Reason::ChainInvalid,
        })
    }
}

impl Evidence for Receipt {
    const ENTRY: EntryType = EntryType::ExchangeReceipt;

    fn jti(&self) -> &MessageId {
        &self.jti
    }

    fn about(&self) -> &MessageId {
        &self.exchange
    }

    fn is_consistent(&self) -> bool {
        check_receipt(self).is_ok()
    }

    /// Whoever answered or was answered needed the role; a refusal may well be about its absence.
    fn check_role(&self, signer: &VerifiedMember) -> Result<(), Reason> {
        if self.outcome != Outcome::Answered {
            return Ok(());
        }
        require_active(signer)?;
        let holds = match self.role {
            ReceiptRole::Consumer => signer.authorize_consumer(&self.purpose).is_ok(),
            ReceiptRole::Provider => may_answer(signer),
        };
        if holds { Ok(()) } else { Err(Reason::RoleMissing) }
    }
}

impl Evidence for Erasure {
    const ENTRY: EntryType = EntryType::Consent;

    fn jti(&self) -> &MessageId {
        &self.jti
    }

    fn about(&self) -> &MessageId {
        &self.exchange
    }

    fn is_consistent(&self) -> bool {
        super::erasure::is_consistent(self)
    }

    /// Whoever got data has to erase it, whatever became of its roles since.
    fn check_role(&self, _: &VerifiedMember) -> Result<(), Reason> {
        Ok(())
    }
}

impl Evidence for Event {
    const ENTRY: EntryType = EntryType::Trigger;

    fn jti(&self) -> &MessageId {
        &self.jti
    }

    fn about(&self) -> &MessageId {
        &self.jti
    }

    fn is_consistent(&self) -> bool {
        self.seq > 0 && self.person_seq > 0 && self.iss != self.aud
    }

    fn check_role(&self, signer: &VerifiedMember) -> Result<(), Reason> {
        require_active(signer)?;
        signer.authorize_event_source(&self.r#type).map_err(|_| Reason::RoleMissing)
    }
}

impl Evidence for EventAck {
    const ENTRY: EntryType = EntryType::Trigger;

    fn jti(&self) -> &MessageId {
        &self.jti
    }

    fn about(&self) -> &MessageId {
        &self.event
    }

    fn is_consistent(&self) -> bool {
        self.refusal.is_some() == (self.result == schemas::event::EventResult::Refused)
    }

    fn check_role(&self, _: &VerifiedMember) -> Result<(), Reason> {
        Ok(())
    }
}

impl Evidence for EventApplied {
    const ENTRY: EntryType = EntryType::Trigger;

    fn jti(&self) -> &MessageId {
        &self.jti
    }

    fn about(&self) -> &MessageId {
        &self.event
    }

    fn is_consistent(&self) -> bool {
        self.iss != self.aud
    }

    fn check_role(&self, _: &VerifiedMember) -> Result<(), Reason> {
        Ok(())
    }
}

impl Evidence for WalletBuild {
    const ENTRY: EntryType = EntryType::Build;

    fn jti(&self) -> &MessageId {
        &self.jti
    }

    fn about(&self) -> &MessageId {
        &self.jti
    }

    fn is_consistent(&self) -> bool {
        true
    }

    /// Nobody else's word about a wallet counts.
    fn check_role(&self, signer: &VerifiedMember) -> Result<(), Reason> {
        require_active(signer)?;
        let registry = signer.roles().iter().any(|role| matches!(role, Role::IdentityRegistry(_)));
        if registry { Ok(()) } else { Err(Reason::RoleMissing) }
    }
}

/// Departments answer as providers, an identity registry names people.
fn may_answer(signer: &VerifiedMember) -> bool {
    signer.roles().iter().any(|role| matches!(role, Role::Provider | Role::IdentityRegistry(_)))
}

fn require_active(signer: &VerifiedMember) -> Result<(), Reason> {
    if signer.standing() == Standing::Active { Ok(()) } else { Err(Reason::Suspended) }
}
