//! The consent card as text, in Hindi and English: what a citizen reads before she decides, word for word.
//!
//! Guarantees: a function of the request, the registered purpose and the directory's descriptions alone, so that the asker can
//! hold the digest in the consent (`evidence.notice`) against the text that must have been shown. Everything that is signed
//! is said: who, from whom, which items and in which form, which questions, for a ward or not, what for, how often, until
//! when, how long kept, what stays unseen, how it compares.
//! Deliberately absent: layout, speech, and what items are called, which is the provider's word in the directory.

mod words;

use std::fmt::Write as _;

use schemas::{
    consent::Predicate,
    digest::Digest,
    federation::{DataGateway, DatasetDescription, FieldDescription, Purpose},
    id::FieldName,
    openid::{ConsentTransaction, TransactionItem},
    time::CalendarDuration,
};

pub use words::Language;

/// A provider and its dataset, as the directory describes them; one for each item, in the order of the request.
#[derive(Clone, Copy, Debug)]
pub struct Offered<'a> {
    /// The provider.
    pub provider: &'a DataGateway,
    /// The dataset.
    pub dataset: &'a DatasetDescription,
}

/// The card's text: lines joined by LF, NFC as its parts are.
pub fn text(asked: &ConsentTransaction, purpose: &Purpose, offered: &[Offered<'_>], language: Language) -> String {
    let words = language.words();
    let mut card = String::new();
    let mut line = |title: &str, body: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(card, "{title}{body}");
    };
    line("", &words.asks(name(&asked.consumer_name, language), asked.for_ward));
    line(words.what_for, purpose.text.get(language.code()).map_or("", String::as_str));
    line(words.items, "");
    for (item, offered) in asked.items.iter().zip(offered) {
        line("  - ", &of_item(item, *offered, language));
    }
    line(words.how_often, &words.frequency(&asked.frequency));
    line(words.until_when, &words.counted_from_now(asked.validity));
    line(words.kept, &words.duration(asked.retention));
    line(words.unseen, &unseen(asked, offered, language));
    line(words.usual, &compared(asked, purpose, language));
    line(words.if_no, "");
    card
}

/// The digest that the consent names.
pub fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn name(names: &std::collections::BTreeMap<String, String>, language: Language) -> &str {
    let found = names.get(language.code()).or_else(|| names.get("en")).or_else(|| names.values().next());
    found.map_or("", String::as_str)
}

fn of_item(item: &TransactionItem, offered: Offered<'_>, language: Language) -> String {
    let provider = name(&offered.provider.organization_name, language);
    let dataset = name(&offered.dataset.title, language);
    let words = language.words();
    let asked: Vec<String> = item.fields.iter().map(|field| of_field(field, offered.dataset, language)).collect();
    let mut parts = Vec::new();
    if !asked.is_empty() {
        parts.push(asked.join(", "));
    }
    if !item.predicates.is_empty() {
        let question =
            |one: &Predicate| words.question(&spoken(&one.field, offered.dataset, language), one.op, &one.value);
        let questions: Vec<String> = item.predicates.iter().map(question).collect();
        parts.push(format!("{}{}", words.yes_or_no, questions.join(", ")));
    }
    let mut text = format!("{provider}: {dataset}: {}", parts.join("; "));
    if let Some(range) = item.data_range {
        text.push_str(&words.range(range));
    }
    text
}

/// A field with the only form in which it leaves, if it has one.
fn of_field(field: &FieldName, dataset: &DatasetDescription, language: Language) -> String {
    let said = spoken(field, dataset, language);
    let mask = described(field, dataset).and_then(|described| described.mask);
    mask.map_or_else(|| said.clone(), |mask| format!("{said} {}", language.words().mask(mask)))
}

/// What people call it; its name, where the provider gives no title.
fn spoken(field: &FieldName, dataset: &DatasetDescription, language: Language) -> String {
    let title =
        described(field, dataset).map(|described| name(&described.title, language)).filter(|title| !title.is_empty());
    title.map_or_else(|| field.as_str().replace('_', " "), str::to_owned)
}

fn described<'a>(field: &FieldName, dataset: &'a DatasetDescription) -> Option<&'a FieldDescription> {
    dataset.fields.iter().find(|described| described.name == *field)
}

/// Items of the same datasets that were not asked for, neither as a value nor as a question.
fn unseen(asked: &ConsentTransaction, offered: &[Offered<'_>], language: Language) -> String {
    let mut left = Vec::new();
    for (item, offered) in asked.items.iter().zip(offered) {
        let asked = |name: &FieldName| {
            item.fields.contains(name) || item.predicates.iter().any(|predicate| predicate.field == *name)
        };
        let others = offered.dataset.fields.iter().map(|field| &field.name).filter(|name| !asked(name));
        left.extend(others.map(|name| (name, spoken(name, offered.dataset, language))));
    }
    left.sort_unstable();
    left.dedup_by(|one, two| one.0 == two.0);
    let left: Vec<String> = left.into_iter().map(|(_, said)| said).collect();
    let words = language.words();
    if left.is_empty() { words.nothing_else.to_owned() } else { words.not_these(&left.join(", ")) }
}

fn compared(asked: &ConsentTransaction, purpose: &Purpose, language: Language) -> String {
    let words = language.words();
    let less = |asked: CalendarDuration, most: CalendarDuration| asked.days_at_most() < most.days_at_most();
    let smaller = less(asked.validity, purpose.max_validity)
        || less(asked.retention, purpose.max_retention)
        || asked.frequency.max_uses < purpose.max_frequency.max_uses;
    let bounds = words.bounds(purpose);
    format!("{} {bounds}", if smaller { words.below } else { words.as_much })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeMap;

    pub(crate) fn purpose() -> Purpose {
        serde_json::from_value(serde_json::json!({
            "code": "social.old-age-pension.eligibility", "version": "2026-10",
            "text": { "en": "To find out whether you may receive the pension.", "hi": "यह जानने के लिए कि आप पेंशन पा सकती हैं या नहीं।" },
            "dpv": "https://w3id.org/dpv#ServiceProvision",
            "allowed": [{ "dataset": "revenue.income", "fields": ["annual_income_band"] }],
            "max_validity": "P365D", "max_frequency": { "modes": ["recurring"], "max_uses": 12 },
            "max_retention": "P180D", "sensitive": false
        }))
        .unwrap()
    }

    pub(crate) fn transaction() -> ConsentTransaction {
        serde_json::from_value(serde_json::json!({
            "type": "urn:vinimay:consent:1", "credential_ids": ["binding"],
            "purpose": "social.old-age-pension.eligibility", "purpose_version": "2026-10", "text": purpose().text,
            "consumer_name": { "en": "Social Welfare Department", "hi": "समाज कल्याण विभाग" },
            "items": [{ "provider": "https://revenue.gov.example", "dataset": "revenue.income", "fields": ["annual_income_band"],
                        "dataRange": { "from": "2025-04-01", "to": "2026-03-31" } }],
            "validity": "P90D", "frequency": { "mode": "recurring", "maxUses": 4, "period": "P1M", "usesPerPeriod": 1 },
            "retention": "P180D"
        }))
        .unwrap()
    }

    fn card(language: Language) -> String {
        card_of(&transaction(), language)
    }

    fn card_of(asked: &ConsentTransaction, language: Language) -> String {
        let world = crate::testing::World::new();
        let mut provider = world.directory().member(&world.provider.entity).unwrap().gateway().clone();
        provider.organization_name =
            BTreeMap::from([("en".into(), "Revenue Department".into()), ("hi".into(), "राजस्व विभाग".into())]);
        let dataset: DatasetDescription = serde_json::from_value(serde_json::json!({
            "id": "revenue.income", "title": { "en": "Income", "hi": "आय" }, "purposes": [], "assurance": "low",
            "fields": [{ "name": "annual_income_band", "type": "text", "sensitivity": "personal" },
                       { "name": "annual_income", "title": { "en": "yearly income", "hi": "वार्षिक आय" },
                         "type": "integer", "sensitivity": "personal" },
                       { "name": "account", "type": "text", "sensitivity": "personal", "mask": "last-4" }]
        }))
        .unwrap();
        text(asked, &purpose(), &[Offered { provider: &provider, dataset: &dataset }], language)
    }

    #[test]
    fn the_card_says_everything_that_is_signed() {
        let english = card(Language::English);
        for said in [
            "Social Welfare Department",
            "Revenue Department: Income: annual income band",
            "1 April 2025",
            "31 March 2026",
            "To find out whether you may receive the pension.",
            "at most 4 times",
            "at most 1 time in every 1 month",
            "90 days",
            "180 days",
            "for instance account, yearly income.",
            "at most 365 days, 12 times",
        ] {
            assert!(english.contains(said), "{said} is not said in\n{english}");
        }
        let hindi = card(Language::Hindi);
        for said in ["समाज कल्याण विभाग", "राजस्व विभाग: आय", "अधिकतम 4 बार", "90 दिन", "आप पेंशन पा सकती हैं"]
        {
            assert!(hindi.contains(said), "{said} is not said in\n{hindi}");
        }
    }

    #[test]
    fn a_question_a_mask_and_a_ward_are_said() {
        let mut asked = transaction();
        asked.for_ward = true;
        asked.items[0].fields = vec!["annual_income_band".parse().unwrap(), "account".parse().unwrap()];
        asked.items[0].predicates =
            serde_json::from_value(serde_json::json!([{ "field": "annual_income", "op": "lte", "value": "200000" }]))
                .unwrap();
        for (language, expected) in [
            (
                Language::English,
                [
                    "Social Welfare Department asks for your consent about a person whose guardian you are.",
                    "Income: annual income band, account (only the last four characters); only yes or no: whether yearly income is at most 200000 (about",
                    "anything beyond the items above.\n",
                ],
            ),
            (
                Language::Hindi,
                [
                    "समाज कल्याण विभाग उस व्यक्ति के बारे में आपकी सहमति माँगता है जिसके आप अभिभावक हैं।",
                    "आय: annual income band, account (केवल अंतिम चार अक्षर); केवल हाँ या ना में उत्तर: क्या वार्षिक आय अधिकतम 200000 है (1",
                    "ऊपर लिखी जानकारी के अलावा सब कुछ।",
                ],
            ),
        ] {
            let text = card_of(&asked, language);
            for said in expected {
                assert!(text.contains(said), "{said} is not said in\n{text}");
            }
        }
    }

    #[test]
    fn the_same_request_gives_the_same_digest_and_each_language_its_own() {
        assert_eq!(digest(&card(Language::Hindi)), digest(&card(Language::Hindi)));
        assert_ne!(digest(&card(Language::Hindi)), digest(&card(Language::English)));
    }

    #[test]
    fn a_language_reads_back_and_others_are_refused() {
        assert_eq!("hi".parse(), Ok(Language::Hindi));
        assert_eq!("en".parse(), Ok(Language::English));
        assert!("fr".parse::<Language>().is_err());
    }
}
