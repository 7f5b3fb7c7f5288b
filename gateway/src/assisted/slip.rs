//! The texts of an assisted session: the message with the code, and the slip on paper.

use std::collections::BTreeMap;

use schemas::{
    assisted::{AssistedSlip, SlipText},
    id::ConsentId,
    time::Timestamp,
};
use service_kit::words::{Language, Locale, Value, Words, WordsError};

use crate::{app::App, store::assisted::StoredSession};

const ENGLISH: &str = include_str!("../../../web/locales/en/assisted.ftl");
const HINDI: &str = include_str!("../../../web/locales/hi/assisted.ftl");

pub(super) fn words() -> Result<Words, WordsError> {
    Words::load(&[(Language::English, ENGLISH), (Language::Hindi, HINDI)])
}

const fn locale(language: Language) -> Locale {
    match language {
        Language::English => Locale::ENGLISH,
        Language::Hindi => Locale::HINDI,
    }
}

/// Our name in a language, else in any.
fn name(app: &App, language: Language) -> &str {
    let names = &app.config().name;
    names.get(language.tag()).or_else(|| names.values().next()).map_or(app.entity().as_str(), String::as_str)
}

/// The message that brings a code; Hindi if the language is none of ours.
pub(super) fn code_text(app: &App, tag: &str, code: &str) -> Result<String, WordsError> {
    let language = Language::ALL.into_iter().find(|language| language.tag() == tag).unwrap_or(Language::Hindi);
    let arguments = [("code", Value::from(code)), ("operator", Value::from(name(app, language)))];
    Ok(words()?.say_with(locale(language), "assisted-code", &arguments))
}

/// The slip, in every language.
pub(super) fn of(
    app: &App,
    session: &StoredSession,
    consents: &[ConsentId],
    now: Timestamp,
) -> Result<AssistedSlip, WordsError> {
    let words = words()?;
    let text: BTreeMap<String, SlipText> = Language::ALL
        .into_iter()
        .map(|language| (language.tag().to_owned(), text(app, &words, language, session, consents, now)))
        .collect();
    let numbers: Vec<&str> = consents.iter().map(ConsentId::as_str).collect();
    Ok(AssistedSlip {
        session: session.id.clone(),
        operator: app.entity().clone(),
        person: session.operator.clone(),
        opened: session.opened,
        closed: now,
        consents: consents.to_vec(),
        qr: format!("vinimay:slip?operator={}&session={}&consents={}", app.entity(), session.id, numbers.join(",")),
        picture: None,
        text,
    })
}

fn text(
    app: &App,
    words: &Words,
    language: Language,
    session: &StoredSession,
    consents: &[ConsentId],
    now: Timestamp,
) -> SlipText {
    let locale = locale(language);
    let (at, count) = (locale.moment(now), i64::try_from(consents.len()).unwrap_or(i64::MAX));
    let helped = [
        ("operator", Value::from(name(app, language))),
        ("at", Value::from(&at)),
        ("person", Value::from(session.operator.as_str())),
    ];
    let given = if consents.is_empty() {
        words.say(locale, "assisted-slip-none")
    } else {
        words.say_with(locale, "assisted-slip-consents", &[("count", Value::Number(count))])
    };
    let lines = vec![
        words.say_with(locale, "assisted-slip-operator", &helped),
        given,
        words.say_with(locale, "assisted-slip-end", &[("operator", Value::from(name(app, language)))]),
        words.say(locale, "assisted-slip-device"),
    ];
    SlipText { title: words.say(locale, "assisted-slip-title"), lines }
}
