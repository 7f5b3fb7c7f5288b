//! Offline verification of the evidence of one exchange, one trigger or one build of the wallet, against a root that the auditor pinned.
//!
//! Guarantees: [`verify`] is a pure function of the bytes, the pinned root and a time; whatever it calls trusted was
//! signed by members that the pinned anchor vouched for at that time, stands in the pinned log, and was stamped under
//! the pinned root; passed, failed and *could not be checked* are kept apart. A bundle has one spelling, so that no byte
//! of it can change unnoticed. Deliberately absent: fetching anything, and any trust in a root or policy inside a bundle.
//! Source: log-formats, "Bundle"; protocol, "Query, answer, receipts"; triggers, "Delivery".

mod compose;
mod erasure;
mod exchange;
mod law;
mod log;
mod read;
mod record;
mod report;
#[cfg(test)]
mod tests;
mod trigger;

use schemas::{
    bundle::{Bundle, BundleKind, TrustRoot},
    time::Timestamp,
};

pub use compose::{ComposeError, compose};
pub use read::MAX_BUNDLE_BYTES;
pub use report::{Check, CheckId, Finding, Reason, RecordSummary, Report, Stamp, Verdict};

use self::{log::Pinned, record::Attestations};

/// Verifies a bundle.
///
/// Never fails and never stops early: what could not be looked at because something before it failed is reported as
/// not checked. The verdict is [`Report::verdict`].
pub fn verify(bundle: &[u8], root: &TrustRoot, now: Timestamp) -> Report {
    let mut report = Report::default();
    match read::read(bundle) {
        Err(reason) => report.add(CheckId::Structure, None, Finding::Failed(reason)),
        Ok(bundle) => {
            report.kind = Some(bundle.kind);
            report.add(CheckId::Structure, None, Finding::Passed);
            match Pinned::new(root) {
                Err(reason) => report.add(CheckId::TrustRoot, None, Finding::Failed(reason)),
                Ok(pinned) => verify_against(&bundle, &pinned, now, &mut report),
            }
        }
    }
    report
}

fn verify_against(bundle: &Bundle, pinned: &Pinned<'_>, now: Timestamp, report: &mut Report) {
    report.add(CheckId::TrustRoot, None, Finding::Passed);
    let attestations = Attestations::verify(bundle, pinned, now, report);
    match bundle.kind {
        BundleKind::Exchange => {
            exchange::check(&attestations, report);
            law::check(bundle, pinned, &attestations, report);
            erasure::check(&attestations, report);
        }
        BundleKind::Trigger => trigger::check(&attestations, report),
        BundleKind::Build => {
            report.build = attestations.builds.iter().flatten().map(|record| record.claims().build).next();
        }
    }
}
