//! From how a question ended to how its part stands.

use schemas::{problem::Code, time::Timestamp};

use crate::{
    exchange::ask::{End, EndEvidence, NotAnswered},
    store::inquiries::{Outcome, PartEnd},
};

/// A part that could not be asked, or whose answer did not come in time.
pub(super) const fn unavailable(place: u32, code: Code, at: Timestamp) -> PartEnd {
    PartEnd {
        place,
        outcome: Outcome::Unavailable,
        ended: false,
        code: Some(code),
        exchange: None,
        receipt: None,
        counterpart: None,
        at,
        value: None,
    }
}

/// How a part stands once its question was asked. What may pass by itself stays open, so that the same request can go on.
pub(super) fn of(place: u32, result: &Result<End, NotAnswered>, at: Timestamp) -> PartEnd {
    let open = |code| unavailable(place, code, at);
    match result {
        Ok(End::Answered(answer)) => PartEnd {
            outcome: Outcome::Answered,
            ended: true,
            code: None,
            exchange: Some(answer.exchange.clone()),
            receipt: Some(answer.receipt.clone()),
            counterpart: Some(answer.counterpart.clone()),
            ..open(Code::Internal)
        },
        Ok(End::Refused { code, evidence, .. }) => {
            with(PartEnd { outcome: Outcome::Refused, ended: true, ..open(*code) }, evidence.as_ref())
        }
        Ok(End::Unconfirmed { code, evidence }) => with(PartEnd { ended: true, ..open(*code) }, evidence.as_ref()),
        Err(not) if not.is_passing() => PartEnd { exchange: not.exchange().cloned(), ..open(not.code()) },
        Err(not) => PartEnd { outcome: Outcome::Refused, ended: true, ..open(not.code()) },
    }
}

fn with(end: PartEnd, evidence: Option<&EndEvidence>) -> PartEnd {
    let Some(EndEvidence { exchange, receipt, counterpart }) = evidence else { return end };
    PartEnd {
        exchange: Some(exchange.clone()),
        receipt: Some(receipt.clone()),
        counterpart: counterpart.clone(),
        ..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(result: Result<End, NotAnswered>) -> (Outcome, bool, Option<Code>) {
        let end = of(3, &result, Timestamp::from_seconds(1_795_248_100));
        assert_eq!((end.place, end.value), (3, None));
        (end.outcome, end.ended, end.code)
    }

    #[test]
    fn what_passes_by_itself_stays_open_and_what_does_not_has_ended() {
        for code in [Code::PeerUnavailable, Code::AnchorOverdue, Code::Overloaded, Code::LawQuotaExceeded] {
            assert_eq!(outcome(Err(NotAnswered::new(code))), (Outcome::Unavailable, false, Some(code)));
        }
        for code in [Code::ConsentRevoked, Code::ConsentMissing, Code::LawNotRegistered, Code::NotFoundOrNotPermitted] {
            assert_eq!(outcome(Err(NotAnswered::new(code))), (Outcome::Refused, true, Some(code)));
        }
    }

    #[test]
    fn an_exchange_that_was_closed_without_an_answer_has_ended() {
        let end = End::Unconfirmed { code: Code::Replayed, evidence: None };
        assert_eq!(outcome(Ok(end)), (Outcome::Unavailable, true, Some(Code::Replayed)));
    }
}
