//! Receipts of answers under a law: whether the register had that law then, and the law allowed what left.
//!
//! Guarantees: the register is the very one that the receipt names by the digest of its content, signed by two officers of the
//! pinned anchor; what the law says is held against the receipt, which holds no value. A register that is not there is *could
//! not be checked*; one that nobody names is refused. Deliberately absent: quotas, which no receipt can show.

use schemas::{
    bundle::Bundle,
    digest::Digest,
    federation::Law,
    id::{LawId, RegisterVersion},
    receipt::{Outcome, Receipt, ReceiptBasis, ReceiptRole},
    time::Timestamp,
};

use super::{CheckId, Finding, Reason, Report, log::Pinned, record::Attestations};
use crate::federation::{VerifiedAnchor, VerifiedLaws, VerifiedRegister, register_digest, verify_register};

/// The law that a receipt names.
struct Named<'a> {
    id: &'a LawId,
    version: Option<&'a RegisterVersion>,
    register: Digest,
}

pub(super) fn check(bundle: &Bundle, pinned: &Pinned<'_>, attestations: &Attestations, report: &mut Report) {
    let mut named = vec![false; bundle.registers.len()];
    for (place, receipt) in attestations.receipts.iter().enumerate() {
        let Some((receipt, law)) = receipt.as_ref().and_then(|attested| under_law(attested.claims())) else { continue };
        // A refusal may well be about what the law does not allow, or about a law that nobody registered.
        if receipt.outcome == Outcome::Refused {
            let is_named = |signed| register_digest(signed) == Some(law.register);
            named.iter_mut().zip(&bundle.registers).for_each(|(named, signed)| *named |= is_named(signed));
            continue;
        }
        let finding = match judge(bundle, pinned, receipt, &law, &mut named) {
            Ok(()) => Finding::Passed,
            Err(Reason::RegisterMissing) => Finding::CouldNotBeChecked(Reason::RegisterMissing),
            Err(reason) => Finding::Failed(reason),
        };
        report.add(CheckId::LawRegistered, Some(place), finding);
    }
    if named.contains(&false) {
        report.add(CheckId::LawRegistered, None, Finding::Failed(Reason::NotNeeded));
    }
}

fn under_law(receipt: &Receipt) -> Option<(&Receipt, Named<'_>)> {
    match &receipt.basis {
        Some(ReceiptBasis::Law { id, version, digest }) => {
            Some((receipt, Named { id, version: version.as_ref(), register: *digest }))
        }
        _ => None,
    }
}

fn judge(
    bundle: &Bundle,
    pinned: &Pinned<'_>,
    receipt: &Receipt,
    named: &Named<'_>,
    used: &mut [bool],
) -> Result<(), Reason> {
    let mut result = Err(Reason::RegisterMissing);
    for (used, signed) in used.iter_mut().zip(&bundle.registers) {
        let laws = anchors(bundle, pinned, receipt).find_map(|anchor| {
            match verify_register(signed, &anchor, Timestamp::from_numeric(receipt.iat)) {
                Ok(VerifiedRegister::Laws(laws)) => Some(laws),
                _ => None,
            }
        });
        match laws {
            Some(laws) if laws.mark().digest == named.register => {
                *used = true;
                return allows(&laws, receipt, named);
            }
            Some(_) => {}
            None => {
                *used = true;
                result = Err(Reason::RegisterInvalid);
            }
        }
    }
    result
}

/// The pinned anchor's own statements in the chains, as far as they held when the receipt was signed.
fn anchors<'a>(
    bundle: &'a Bundle,
    pinned: &'a Pinned<'_>,
    receipt: &'a Receipt,
) -> impl Iterator<Item = VerifiedAnchor> + 'a {
    let at = Timestamp::from_numeric(receipt.iat);
    let last = bundle.members.iter().filter_map(|member| member.chain.last());
    last.filter_map(move |jws| VerifiedAnchor::verify(jws, pinned.root, at).ok())
}

fn allows(laws: &VerifiedLaws, receipt: &Receipt, named: &Named<'_>) -> Result<(), Reason> {
    let law = laws.iter().find(|law| law.id == *named.id).ok_or(Reason::LawExceeded)?;
    let (consumer, provider) = match receipt.role {
        ReceiptRole::Provider => (&receipt.peer, &receipt.iss),
        ReceiptRole::Consumer => (&receipt.iss, &receipt.peer),
    };
    let holds = named.version.is_none_or(|version| *version == law.version)
        && (consumer, provider) == (&law.consumer, &law.provider)
        && (&receipt.purpose, &receipt.dataset) == (&law.purpose, &law.allowed.dataset)
        && covers(law, receipt)
        && Timestamp::from_numeric(receipt.iat).civil_day() <= law.until;
    if holds { Ok(()) } else { Err(Reason::LawExceeded) }
}

fn covers(law: &Law, receipt: &Receipt) -> bool {
    receipt.fields.iter().all(|field| law.allowed.fields.contains(field))
        && receipt.predicates.iter().all(|predicate| law.predicates.contains(predicate))
}
