//! From a request for consent to the terms that are signed.
//!
//! Guarantees: wallet and asker make the terms with the same function, so that "equals what was asked" is equality of values.
//! Deliberately absent: whether the request stays within the registered purpose (`consent` and the servers judge that).

use schemas::{
    consent::{ConsentPurpose, ConsentTerms, DataSubject, Decision, OnwardSharing, Retention},
    digest::Digest,
    federation::Purpose,
    id::{EntityId, FieldName},
    openid::{ConsentTransaction, TransactionItem},
    time::{CalendarDuration, Timestamp},
    version::V1,
};

/// The terms of one item of a request, for herself, in the language in which she read the purpose; `None` if the purpose
/// has no text in it.
pub fn terms(
    asked: &ConsentTransaction,
    item: &TransactionItem,
    consumer: &EntityId,
    purpose: &Purpose,
    language: &str,
) -> Option<ConsentTerms> {
    Some(ConsentTerms {
        v: V1,
        decision: Decision::Given,
        data_subject: DataSubject::Own {},
        purpose: ConsentPurpose {
            code: purpose.code.clone(),
            version: purpose.version.clone(),
            text: purpose.text_digest(language)?,
            dpv: purpose.dpv.clone(),
        },
        consumer: consumer.clone(),
        provider: item.provider.clone(),
        dataset: item.dataset.clone(),
        fields: item.fields.clone(),
        predicates: item.predicates.clone(),
        data_range: item.data_range,
        frequency: asked.frequency.clone(),
        retention: Retention { duration: asked.retention },
        onward_sharing: OnwardSharing::None,
    })
}

/// The same, decided by a guardian about her ward: `guardianship` is the digest that names the guardianship.
pub fn ward_terms(
    asked: &ConsentTransaction,
    item: &TransactionItem,
    consumer: &EntityId,
    purpose: &Purpose,
    language: &str,
    guardianship: Digest,
) -> Option<ConsentTerms> {
    let data_subject = DataSubject::Ward { guardianship_sha256: guardianship };
    terms(asked, item, consumer, purpose, language).map(|terms| ConsentTerms { data_subject, ..terms })
}

/// When a consent ends that begins now: so many calendar days or months later (Asia/Kolkata), at the same time of day.
pub fn ends(validity: CalendarDuration, from: Timestamp) -> Timestamp {
    let first_day = from.civil_day();
    let time_of_day = from.seconds() - first_day.start().seconds();
    validity.after(first_day, 1).start().plus(time_of_day)
}

/// Whether a request asks for no more than the registered purpose: items, time, frequency, retention. The name of the first
/// bound that it passes, as its reader would say it.
///
/// # Errors
/// What goes beyond.
pub fn authorize_bounds(asked: &ConsentTransaction, purpose: &Purpose, now: Timestamp) -> Result<(), &'static str> {
    let allowed = |item: &TransactionItem| {
        let data = purpose.allowed.iter().filter(|data| data.dataset == item.dataset);
        let fields: Vec<_> = data.flat_map(|data| &data.fields).collect();
        let as_value = |field: &FieldName| fields.contains(&field) && !purpose.predicates_only.contains(field);
        let only_asked = |field: &FieldName| !item.predicates.iter().any(|predicate| predicate.field == *field);
        !(item.fields.is_empty() && item.predicates.is_empty())
            && item.fields.iter().all(|field| as_value(field) && only_asked(field))
            && item.predicates.iter().all(|predicate| fields.contains(&&predicate.field))
    };
    let today = now.civil_day();
    let no_longer = |asked: CalendarDuration, most: CalendarDuration| asked.after(today, 1) <= most.after(today, 1);
    let bound = &purpose.max_frequency;
    let rules = [
        (asked.purpose == purpose.code && asked.purpose_version == purpose.version, "another purpose or version"),
        (asked.text == purpose.text, "another text than the registered one"),
        (!asked.items.is_empty() && asked.items.iter().all(allowed), "an item that the purpose does not have"),
        (no_longer(asked.validity, purpose.max_validity), "valid for longer than the purpose allows"),
        (
            bound.modes.contains(&asked.frequency.mode) && asked.frequency.max_uses <= bound.max_uses,
            "more often than the purpose allows",
        ),
        (no_longer(asked.retention, purpose.max_retention), "kept for longer than the purpose allows"),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::card::tests::{purpose, transaction};

    fn now() -> Timestamp {
        Timestamp::from_seconds(1_795_248_100)
    }

    #[test]
    fn terms_are_what_was_asked() {
        let (asked, purpose) = (transaction(), purpose());
        let consumer: EntityId = "https://social.gov.example".parse().unwrap();
        let made = terms(&asked, &asked.items[0], &consumer, &purpose, "hi").unwrap();
        assert_eq!((made.consumer, made.provider), (consumer.clone(), asked.items[0].provider.clone()));
        assert_eq!((made.fields, made.frequency), (asked.items[0].fields.clone(), asked.frequency.clone()));
        assert_eq!(Some(made.purpose.text), purpose.text_digest("hi"));
        assert_eq!(terms(&asked, &asked.items[0], &consumer, &purpose, "fr"), None, "no text in that language");
    }

    #[test]
    fn a_consent_ends_at_the_same_time_of_day() {
        let from = now();
        assert_eq!(ends("P90D".parse().unwrap(), from), from.plus(90 * 86_400));
        let end_of_month: Timestamp = "2027-01-31T06:30:00Z".parse().unwrap();
        assert_eq!(ends("P1M".parse().unwrap(), end_of_month), "2027-02-28T06:30:00Z".parse().unwrap());
    }

    #[test]
    fn what_goes_beyond_the_purpose_is_named() {
        assert_eq!(authorize_bounds(&transaction(), &purpose(), now()), Ok(()));
        type Edit = fn(&mut ConsentTransaction);
        let beyond: [(&str, Edit); 7] = [
            ("another purpose or version", |t| t.purpose_version = "1999".parse().unwrap()),
            ("another text than the registered one", |t| drop(t.text.insert("hi".into(), "कुछ और".into()))),
            ("an item that the purpose does not have", |t| t.items[0].fields.push("caste".parse().unwrap())),
            ("an item that the purpose does not have", |t| t.items.clear()),
            ("valid for longer than the purpose allows", |t| t.validity = "P2Y".parse().unwrap()),
            ("more often than the purpose allows", |t| t.frequency.max_uses = 1000),
            ("kept for longer than the purpose allows", |t| t.retention = "P1Y".parse().unwrap()),
        ];
        for (why, edit) in beyond {
            let mut asked = transaction();
            edit(&mut asked);
            assert_eq!(authorize_bounds(&asked, &purpose(), now()), Err(why));
        }
    }
}
