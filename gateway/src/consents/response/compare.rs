//! A consent against what was asked: the same terms, the same request, the same card, the same person, the right time.

use protocol::{
    consent::Refusal,
    credential::{
        VerifiedConsent, asking,
        card::{self, Language, Offered},
    },
    seal::{VerifyingKey, freshness::SKEW},
};
use schemas::{
    consent::{ConsentTerms, DataSubject},
    digest::Digest,
    federation::Purpose,
    id::EntityId,
    openid::{ConsentTransaction, TransactionItem},
    problem::Code,
    time::Timestamp,
};

use crate::{
    app::App, consents::request_object::LIFE, directory::DirectorySnapshot, store::consents::requests::StoredRequest,
};

/// What was shown, to whom and when.
pub(super) struct Shown<'a> {
    /// The request.
    pub request: &'a StoredRequest,
    /// The request object that the first consent names.
    pub object: Option<Digest>,
    /// When that object was served.
    pub served: Timestamp,
    /// The key that answers.
    pub session: &'a VerifyingKey,
    /// Now.
    pub now: Timestamp,
}

/// What the consent has to say: of herself where she was asked about herself, of a ward where a guardian was asked. Whether the
/// guardianship that it names holds is the provider's to judge, who alone can open it.
fn terms_as_asked(
    asked: &ConsentTransaction,
    item: &TransactionItem,
    consumer: &EntityId,
    purpose: &Purpose,
    consent: &VerifiedConsent,
) -> Option<ConsentTerms> {
    let language = &consent.notice().locale;
    match (&consent.terms().data_subject, asked.for_ward) {
        (DataSubject::Own {}, false) => asking::terms(asked, item, consumer, purpose, language),
        (DataSubject::Ward { guardianship_sha256 }, true) => {
            asking::ward_terms(asked, item, consumer, purpose, language, *guardianship_sha256)
        }
        _ => None,
    }
}

impl App {
    /// Allows a consent that is what was asked in that place of the request.
    pub(super) fn authorize_as_asked(
        &self,
        place: usize,
        consent: &VerifiedConsent,
        shown: &Shown<'_>,
        directory: &DirectorySnapshot,
    ) -> Result<(), Refusal> {
        let other = |because| Refusal::new(Code::Conflict, because);
        if consent.key() != shown.session {
            return Err(Refusal::new(Code::ConsentWrongSubject, "the consent is by another key than the session's"));
        }
        let (asked, notice) = (&shown.request.terms, consent.notice());
        let purpose = directory.purpose(&asked.purpose, &asked.purpose_version, shown.now)?;
        let purpose =
            purpose.ok_or(Refusal::new(Code::ConsentAboveTemplate, "the purpose is not registered any more"))?;
        let item = asked.items.get(place).ok_or(other("more consents than items"))?;
        if terms_as_asked(asked, item, self.entity(), purpose, consent).as_ref() != Some(consent.terms()) {
            return Err(other("the consent has other terms than the request"));
        }
        if Some(notice.request) != shown.object {
            return Err(other("the consents name different request objects"));
        }
        if self.card_digest(shown.request, purpose, &notice.locale, directory) != Some(notice.notice) {
            return Err(other("the consent names another card than that of the request"));
        }
        authorize_times(consent, shown)
    }

    /// The digest of the card that must have been shown.
    fn card_digest(
        &self,
        request: &StoredRequest,
        purpose: &Purpose,
        locale: &str,
        directory: &DirectorySnapshot,
    ) -> Option<Digest> {
        let language: Language = locale.parse().ok()?;
        let offered: Option<Vec<Offered<'_>>> = request
            .terms
            .items
            .iter()
            .map(|item| {
                let member = directory.members().member(&item.provider)?;
                Some(Offered { provider: member.gateway(), dataset: member.dataset(&item.dataset)? })
            })
            .collect();
        Some(card::digest(&card::text(&request.terms, purpose, &offered?, language)))
    }
}

/// Shown after the object was fetched and while it lived, decided after that and before now; ends as asked.
fn authorize_times(consent: &VerifiedConsent, shown: &Shown<'_>) -> Result<(), Refusal> {
    let (seen, from, latest) = (consent.notice().shown_at, consent.valid_from(), shown.now.plus(SKEW));
    let rules = [
        (shown.served.plus(-SKEW) <= seen && seen <= latest, "the card was shown at another time"),
        (shown.now.seconds() - shown.served.seconds() <= LIFE + SKEW, "the request object has ended"),
        (seen.plus(-SKEW) <= from && from <= latest, "the consent begins at another time than the decision"),
    ];
    if let Some((_, because)) = rules.into_iter().find(|(holds, _)| !holds) {
        return Err(Refusal::new(Code::Stale, because));
    }
    let ends = asking::ends(shown.request.terms.validity, from);
    if consent.valid_until() == ends {
        return Ok(());
    }
    Err(Refusal::new(Code::Conflict, "the consent ends at another time than was asked"))
}
