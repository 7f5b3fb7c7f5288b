//! One sentence that answers "why", in each language of the state; and the reason as a notice says it to her, with the texts of the
//! clauses, for a number of a clause tells nobody anything.

use std::collections::BTreeMap;

use eligibility::propose::Reason;
use schemas::id::EntityId;
use service_kit::words::{Language, Locale, Words, WordsError};

use crate::{
    app::App,
    store::decisions::cases::{Decided, DecisiveRule},
};

const ENGLISH: &str = include_str!("../../../web/locales/en/decisions.ftl");
const HINDI: &str = include_str!("../../../web/locales/hi/decisions.ftl");

pub(super) fn load() -> Result<Words, WordsError> {
    Words::load(&[(Language::English, ENGLISH), (Language::Hindi, HINDI)])
}

const fn locale(language: Language) -> Locale {
    match language {
        Language::English => Locale::ENGLISH,
        Language::Hindi => Locale::HINDI,
    }
}

impl App {
    /// What was decided and why, by language.
    pub(super) fn words_of_decision(&self, decided: &Decided) -> BTreeMap<String, String> {
        let say = |language: Language| {
            let tag = language.tag().to_owned();
            let title = decided.matter.title.get(&tag).cloned().unwrap_or_default();
            let clauses = decided.matter.decisive.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let name = |source: &EntityId| self.member_name(source, language);
            let source = decided.matter.source.as_ref().map(name).unwrap_or_default();
            let code = match super::outcome::is_about_the_roll(decided) {
                _ if decided.matter.cause == super::outcome::about_both(&decided.scheme) => "draws-both".to_owned(),
                true => "roll-otherwise".to_owned(),
                false => decided.matter.cause.reason.code().to_lowercase().replace('_', "-"),
            };
            let arguments = [
                ("scheme", title.into()),
                ("clauses", clauses.into()),
                ("source", source.into()),
                ("day", locale(language).day(decided.matter.effective).into()),
            ];
            (tag, self.decisions().words.say_with(locale(language), &format!("why-{code}"), &arguments))
        };
        Language::ALL.into_iter().map(say).collect()
    }

    /// The reason as a notice says it, by language; empty for one that takes nothing from her.
    pub(super) fn reason_for_her(&self, decided: &Decided) -> BTreeMap<String, String> {
        let say = |language: Language| {
            let day = locale(language).day(decided.matter.effective);
            let name = |source: &EntityId| self.member_name(source, language);
            let source = decided.matter.source.as_ref().map(name).unwrap_or_default();
            let words = |key: &str, text: &str| {
                let arguments =
                    [("source", source.as_str().into()), ("day", day.as_str().into()), ("text", text.into())];
                self.decisions().words.say_with(locale(language), key, &arguments)
            };
            let of_rule = |rule: &DecisiveRule| {
                let text = rule.text.get(language.tag()).map_or("-", String::as_str);
                words(if rule.includes { "because-include" } else { "because-exclude" }, text)
            };
            let said = match decided.matter.cause.reason {
                Reason::Death => words("because-death-registered", ""),
                Reason::MovedOut => words("because-moved-out-of-state", ""),
                _ => decided.matter.rules.iter().map(of_rule).collect::<Vec<_>>().join(" "),
            };
            (language.tag().to_owned(), said)
        };
        Language::ALL.into_iter().map(say).filter(|(_, said)| !said.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_of_notices_are_whole_sentences_in_each_language() {
        let words = load().unwrap();
        for key in ["death-registered", "moved-out-of-state", "include", "exclude"] {
            let arguments = [("source", "Civil".into()), ("day", "today".into()), ("text", "Is a widow".into())];
            for language in Language::ALL {
                let said = words.say_with(locale(language), &format!("because-{key}"), &arguments);
                assert!(said.ends_with(['.', '।']) && !said.contains("because-"), "{key}: {said}");
            }
        }
    }

    #[test]
    fn what_an_officer_looks_at_beside_the_rules_has_its_sentence_in_each_language() {
        let words = load().unwrap();
        for (language, key) in Language::ALL.into_iter().flat_map(|l| [(l, "roll-otherwise"), (l, "draws-both")]) {
            let said = words.say_with(locale(language), &format!("why-{key}"), &[("scheme", "S".into())]);
            assert!(said.ends_with(['.', '।']) && said.contains('S') && !said.contains("why-"), "{key}: {said}");
        }
    }

    #[test]
    fn every_reason_has_its_sentence_in_each_language() {
        let words = load().unwrap();
        use Reason as R;
        for reason in [
            R::Eligible,
            R::Death,
            R::DeathReported,
            R::AliveAfterDeath,
            R::MovedOut,
            R::AtHomeAfterMove,
            R::ClauseFalse,
            R::Conflict,
        ] {
            let key = format!("why-{}", reason.code().to_lowercase().replace('_', "-"));
            let arguments =
                [("scheme", "S".into()), ("clauses", "I1".into()), ("source", "civil".into()), ("day", "today".into())];
            for language in Language::ALL {
                let said = words.say_with(locale(language), &key, &arguments);
                assert!(said.len() > 20 && !said.contains("why-"), "{key}: {said}");
            }
        }
    }
}
