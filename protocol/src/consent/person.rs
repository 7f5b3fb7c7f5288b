//! 2. Who decided, with whose help, and about whom.
//!
//! Guarantees: the key that signed the consent is the key of the binding that was presented for this very consent; a ward
//! is reached through a guardianship for that key, that purpose and this time alone; help by an operator is named in what
//! was signed, by the identity registry as by herself, and by a member that may help. Deliberately absent: status, which is judged last.

use schemas::{
    consent::{BindingMode, DataSubject},
    federation::{DatasetDescription, Purpose, Standing},
    id::SectorSubject,
    problem::Code,
    time::Timestamp,
};

use super::{ConsentBasis, Offer, Refusal, rules::require};
use crate::{credential::VerifiedBinding, seal::freshness::SKEW};

/// How far a key binding's time may lie from when the card was shown, seconds.
const NEAR_SHOWN: i64 = 10 * 60;

pub(super) const NO_GUARDIANSHIP: Refusal = Refusal::new(Code::GuardianshipInvalid, "no guardianship was presented");

/// Whether a presentation was made about when the card was shown.
pub(super) fn near_shown(basis: &ConsentBasis, shown: &VerifiedBinding) -> bool {
    let apart = shown.presented().seconds() - basis.consent.notice().shown_at.seconds();
    apart.abs() <= NEAR_SHOWN
}

/// The person who consented is the person of the binding, which was presented for this very consent.
pub(super) fn decided(basis: &ConsentBasis, offer: &Offer<'_>) -> Result<(), Refusal> {
    let ConsentBasis { consent, binding, .. } = basis;
    require(consent.key() == binding.key(), Code::ConsentWrongSubject, "the binding names another key")?;
    let invalid = |holds, because| require(holds, Code::BindingInvalid, because);
    invalid(binding.audience() == consent.terms().provider.as_str(), "presented to another receiver")?;
    invalid(binding.nonce() == consent.presentation_nonce(), "presented for another consent")?;
    invalid(near_shown(basis, binding), "presented at another time than the consent was shown")?;
    let pseudonym = binding.sole_subject(offer.sector);
    invalid(pseudonym.is_some(), "not exactly the pseudonym of this sector")?;
    helped(basis)
}

/// Who helped is the identity registry's word: what she signed names the same operator and the same session, or nobody.
fn helped(basis: &ConsentBasis) -> Result<(), Refusal> {
    let claims = basis.binding.claims();
    let invalid = |holds, because| require(holds, Code::BindingInvalid, because);
    let marked = (claims.mode == BindingMode::Assisted, claims.assisted.is_some());
    match (marked, &claims.assisted, basis.assistance()) {
        ((true, true), Some(by), Some(named)) => {
            invalid(by.operator == named.operator, "the registry bound her for another operator")?;
            invalid(by.session == named.session, "the registry bound her for another session")
        }
        ((false, false), None, None) => Ok(()),
        _ => invalid(false, "an assisted session and its operator go together"),
    }
}

/// About whom: herself, or the ward of a guardianship for her key.
pub(super) fn subject(basis: &ConsentBasis, offer: &Offer<'_>, now: Timestamp) -> Result<SectorSubject, Refusal> {
    let invalid = |holds, because| require(holds, Code::GuardianshipInvalid, because);
    let terms = basis.terms();
    let unknown = Refusal::new(Code::BindingInvalid, "not exactly the pseudonym of this sector");
    let own = basis.binding.sole_subject(offer.sector).ok_or(unknown)?;
    let DataSubject::Ward { guardianship_sha256 } = &terms.data_subject else {
        return invalid(basis.guardianship.is_none(), "a guardianship without a ward").map(|()| own);
    };
    let ward = &basis.guardianship.as_ref().ok_or(NO_GUARDIANSHIP)?.guardianship;
    invalid(ward.digest() == *guardianship_sha256, "another guardianship than she named")?;
    invalid(ward.guardian() == basis.consent.key(), "the guardianship is for another key")?;
    invalid(ward.covers(&terms.purpose.code), "the guardianship is not for this purpose")?;
    invalid(ward.claims().iat <= now.numeric().plus(SKEW), "the guardianship begins later")?;
    // She comes of age to the second: the end is never stretched.
    invalid(now.numeric() < ward.claims().exp, "the guardianship has ended")?;
    let missing = Refusal::new(Code::GuardianshipInvalid, "not exactly the ward's pseudonym of this sector");
    let subject = ward.sole_ward(offer.sector).ok_or(missing)?;
    invalid(subject != own, "a guardianship over oneself").map(|()| subject)
}

/// Help is by a member that may give it, and is not refused for this purpose.
pub(super) fn assisted(
    basis: &ConsentBasis,
    dataset: &DatasetDescription,
    purpose: &Purpose,
    offer: &Offer<'_>,
) -> Result<(), Refusal> {
    let Some(assistance) = basis.assistance() else { return Ok(()) };
    let invalid = Refusal::new(Code::BindingInvalid, "the operator is no member that may help");
    let operator = offer.operator.filter(|member| *member.entity() == assistance.operator).ok_or(invalid)?;
    let may = operator.standing() == Standing::Active && operator.authorize_assisted_operator().is_ok();
    require(may, Code::BindingInvalid, "the operator is suspended or without the role")?;
    let refused = dataset.refuse_assisted && purpose.sensitive;
    require(!refused, Code::BindingAssuranceTooLow, "no assisted consents for sensitive purposes here")
}
