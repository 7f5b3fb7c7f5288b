//! A notice in words, in each language of the state.

use std::collections::BTreeMap;

use schemas::{
    id::MessageId,
    notice::{DecisionStep, NoticeKind, NoticeText},
    receipt::ReceiptRole,
};
use service_kit::words::{Language, Locale, Value, Words, WordsError};

use super::{names::Names, notifier::Worded};

const ENGLISH: &str = include_str!("../../../web/locales/en/notices.ftl");
const HINDI: &str = include_str!("../../../web/locales/hi/notices.ftl");

/// The texts of notices.
#[derive(Debug)]
pub(super) struct Texts(Words);

/// The locale of a language, with international numerals.
pub(super) const fn locale(language: Language) -> Locale {
    match language {
        Language::English => Locale::ENGLISH,
        Language::Hindi => Locale::HINDI,
    }
}

/// The language of a tag; Hindi if it is none of ours, because paper in Chhattisgarh is.
pub(super) fn language(tag: &str) -> Language {
    Language::ALL.into_iter().find(|language| language.tag() == tag).unwrap_or(Language::Hindi)
}

impl Texts {
    pub(super) fn load() -> Result<Self, WordsError> {
        Self::words().map(Self)
    }

    pub(super) fn words() -> Result<Words, WordsError> {
        Words::load(&[(Language::English, ENGLISH), (Language::Hindi, HINDI)])
    }

    /// In each language, the chosen one first.
    pub(super) fn all(&self, kind: &NoticeKind, id: &MessageId, names: &Names<'_>, first: Language) -> Vec<Worded> {
        let mut languages = Language::ALL;
        languages.sort_by_key(|language| *language != first);
        languages.into_iter().map(|language| self.worded(kind, id, names, language)).collect()
    }

    /// Title and sentences by language, as a wallet gets them.
    pub(super) fn by_language(
        &self,
        kind: &NoticeKind,
        id: &MessageId,
        names: &Names<'_>,
    ) -> BTreeMap<String, NoticeText> {
        let worded = self.all(kind, id, names, Language::Hindi).into_iter();
        worded.map(|worded| (worded.language.tag().to_owned(), worded.text)).collect()
    }

    fn worded(&self, kind: &NoticeKind, id: &MessageId, names: &Names<'_>, language: Language) -> Worded {
        let department = names.own(language);
        let mut arguments = arguments(kind, names, language);
        arguments.push(("department", department.clone().into()));
        if let NoticeKind::Decision { why, .. } = kind {
            let said = why.get(language.tag()).cloned();
            let said = said.unwrap_or_else(|| self.0.say(locale(language), "notice-why-elsewhere"));
            arguments.push(("why", said.into()));
        }
        let key = key(kind);
        let say = |part: &str| self.0.say_with(locale(language), &format!("notice-{key}-{part}"), &arguments);
        let foot = [("department", Value::from(&department)), ("id", id.as_str().into())];
        Worded {
            language,
            text: NoticeText { title: say("title"), body: say("body") },
            short: say("short"),
            foot: self.0.say_with(locale(language), "notice-foot", &foot),
            department,
        }
    }
}

/// The middle of the keys of a kind's texts.
fn key(kind: &NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Use { role: ReceiptRole::Provider, .. } => "use-given",
        NoticeKind::Use { role: ReceiptRole::Consumer, .. } => "use-received",
        NoticeKind::BreakGlassReviewed { upheld: true, .. } => "break-glass-reviewed-upheld",
        NoticeKind::BreakGlassReviewed { upheld: false, .. } => "break-glass-reviewed-rejected",
        NoticeKind::Decision { step, .. } => decision_key(*step),
        other => other.word(),
    }
}

const fn decision_key(step: DecisionStep) -> &'static str {
    match step {
        DecisionStep::Hold => "decision-hold",
        DecisionStep::Removal => "decision-removal",
        DecisionStep::Replaced => "decision-replaced",
        DecisionStep::Resumed => "decision-resumed",
        DecisionStep::Offer => "decision-offer",
        DecisionStep::Enrolled => "decision-enrolled",
        DecisionStep::Withdrawn => "decision-withdrawn",
        DecisionStep::Released => "decision-released",
        DecisionStep::Reversed => "decision-reversed",
        DecisionStep::Upheld => "decision-upheld",
        DecisionStep::Removed => "decision-removed",
        DecisionStep::Restored => "decision-restored",
    }
}

fn arguments<'a>(kind: &'a NoticeKind, names: &Names<'_>, language: Language) -> Vec<(&'static str, Value<'a>)> {
    let member = |entity| Value::from(names.member(entity, language));
    match kind {
        NoticeKind::Use { role, peer, purpose, dataset, .. } => {
            let provider = if *role == ReceiptRole::Provider { names.us() } else { peer };
            let dataset = names.dataset(provider, dataset, language);
            vec![
                ("peer", member(peer)),
                ("dataset", dataset.into()),
                ("purpose", names.purpose(purpose, language).into()),
            ]
        }
        NoticeKind::Summary { uses, from, until } => {
            let day = |day| Value::from(locale(language).day(day));
            vec![("uses", (*uses).into()), ("from", day(*from)), ("until", day(*until))]
        }
        NoticeKind::BreakGlass { asker, provider, law, dataset, .. } => vec![
            ("asker", member(asker)),
            ("provider", member(provider)),
            ("law", names.law(law, language).into()),
            ("dataset", names.dataset(provider, dataset, language).into()),
        ],
        NoticeKind::BreakGlassReviewed { asker, .. } => vec![("asker", member(asker))],
        NoticeKind::Erased { provider, dataset, .. } | NoticeKind::ErasureOverdue { provider, dataset, .. } => {
            vec![("provider", member(provider)), ("dataset", names.dataset(provider, dataset, language).into())]
        }
        NoticeKind::Hold { source, .. } => vec![("source", member(source))],
        NoticeKind::ConsentAsked { provider, dataset, purpose, scheme, until, .. } => {
            let named = scheme.get(language.tag()).or_else(|| scheme.values().next()).cloned();
            vec![
                ("provider", member(provider)),
                ("dataset", names.dataset(provider, dataset, language).into()),
                ("purpose", names.purpose(purpose, language).into()),
                ("scheme", named.unwrap_or_else(|| "-".to_owned()).into()),
                ("until", Value::from(locale(language).day(until.civil_day()))),
            ]
        }
        NoticeKind::Decision { case, scheme, source, until, days, .. } => {
            let named = scheme.get(language.tag()).or_else(|| scheme.values().next()).cloned();
            vec![
                // Where a built-in rule decided, the text speaks of the payment without a name.
                ("scheme", named.unwrap_or_else(|| "-".to_owned()).into()),
                ("source", source.as_ref().map_or_else(|| "-".into(), member)),
                ("until", until.map_or_else(|| "-".into(), |day| Value::from(locale(language).day(day)))),
                ("days", (*days).into()),
                ("case", case.as_str().into()),
            ]
        }
    }
}
