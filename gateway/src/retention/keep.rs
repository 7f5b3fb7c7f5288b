//! What is remembered of an answer when its receipt is made, and the day on which it must be gone.
//!
//! Deliberately absent: writing it; that is the commit of the receipt (`exchange/ask/asks.rs`).

use protocol::{credential::VerifiedConsent, exchange::Attested};
use schemas::{
    digest::Digest,
    id::PurposeCode,
    query::Query,
    receipt::{Outcome, Receipt},
    time::{CalendarDuration, Timestamp},
};

use super::Kept;
use crate::{app::App, notices::Person, store::exchange::consent_index};

/// When an answer must be gone: the retention counts whole days from the day of the answer on, in Asia/Kolkata.
pub fn ends(answered: Timestamp, kept: CalendarDuration) -> Timestamp {
    kept.after(answered.civil_day(), 1).start()
}

impl App {
    /// What is remembered of an answer to one of our systems, from its receipt on; nothing of what is no answer.
    pub(crate) fn kept(
        &self,
        query: &Query,
        receipt: &Attested<Receipt>,
        consent: Option<&VerifiedConsent>,
    ) -> Option<Kept> {
        let (digest, receipt) = (Digest::of(receipt.jws().as_str()), receipt.claims());
        if receipt.outcome != Outcome::Answered {
            return None;
        }
        let keys = self.keys();
        let duration = consent
            .map_or_else(|| self.lawful_retention(&query.query.purpose), |consent| consent.terms().retention.duration);
        Some(Kept {
            exchange: receipt.exchange.clone(),
            system: query.agent.system.clone(),
            provider: receipt.peer.clone(),
            dataset: receipt.dataset.clone(),
            receipt: digest,
            person: consent.map(|consent| Person::of_key(keys, consent.issuer())),
            consent: consent.map(|consent| consent_index(keys, consent.issuer(), consent.id())),
            ends_on_revocation: consent.is_some_and(|consent| self.promises_erasure(consent)),
            ends: ends(Timestamp::from_numeric(receipt.iat), duration),
        })
    }

    /// Under a law: the longest that the purpose allows. A purpose that is registered no more allows a day.
    fn lawful_retention(&self, purpose: &PurposeCode) -> CalendarDuration {
        let directory = self.directory();
        let all = directory.purposes().into_iter().flat_map(|purposes| purposes.iter());
        let newest = all.filter(|one| one.code == *purpose).max_by(|a, b| a.version.cmp(&b.version));
        newest.map_or(CalendarDuration::DAY, |purpose| purpose.max_retention)
    }

    /// Whether the purpose, in the version that she read, promises erasure when she revokes.
    fn promises_erasure(&self, consent: &VerifiedConsent) -> bool {
        let (directory, purpose) = (self.directory(), &consent.terms().purpose);
        let registered = directory.purposes().and_then(|purposes| purposes.purpose(&purpose.code, &purpose.version));
        registered.is_some_and(|purpose| purpose.erase_on_revocation)
    }
}
