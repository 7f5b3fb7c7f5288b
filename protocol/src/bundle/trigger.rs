//! Event, acknowledgement and application against one another.
//!
//! Guarantees: acknowledgement and application count only for the exact bytes of the event in the bundle; what is
//! missing is *could not be checked*.

use schemas::event::EventResult;

use super::{CheckId, Finding, Reason, Report, record::Attestations};
use crate::event::{ack_is_about, applied_is_about};

const MISSING: Finding = Finding::CouldNotBeChecked(Reason::CounterpartMissing);
const EARLIER: Finding = Finding::CouldNotBeChecked(Reason::EarlierCheck);

pub(super) fn check(attestations: &Attestations, report: &mut Report) {
    let Attestations { events, acks, applied, .. } = attestations;
    if events.len() > 1 || acks.len() > 1 || applied.len() > 1 {
        report.add(CheckId::Structure, None, Finding::Failed(Reason::Duplicate));
    }
    let event = match events.first() {
        None => return report.add(CheckId::CounterpartHeld, None, MISSING),
        Some(event) => event.as_ref(),
    };
    report.add(CheckId::CounterpartHeld, None, if acks.is_empty() { MISSING } else { Finding::Passed });
    if let Some(ack) = acks.first() {
        report.add(
            CheckId::Acknowledgement,
            None,
            match (event, ack) {
                (Some(event), Some(ack)) => ack_is_about(ack, event).into(),
                _ => EARLIER,
            },
        );
    }
    // Whoever refused an event has nothing to apply.
    let refused = acks.iter().flatten().any(|ack| ack.claims().result == EventResult::Refused);
    report.add(
        CheckId::Application,
        None,
        match (event, applied.first()) {
            (Some(_), None) if refused => Finding::Passed,
            (_, None) => MISSING,
            (Some(event), Some(Some(applied))) => applied_is_about(applied, event).into(),
            _ => EARLIER,
        },
    );
}
