//! One sentence that answers "why", in each language of the state.

use std::collections::BTreeMap;

use service_kit::words::{Language, Locale, Words, WordsError};

use crate::{app::App, store::decisions::cases::Decided};

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
            let source = decided.matter.source.as_ref().map(ToString::to_string).unwrap_or_default();
            let code = match super::outcome::is_about_the_roll(decided) {
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
}

#[cfg(test)]
mod tests {
    use eligibility::propose::Reason;

    use super::*;

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
