//! Messages: Fluent resources, one bundle for each locale.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::{LanguageIdentifier, langid};

use super::{Language, Locale};

/// The messages of one program.
pub struct Words {
    bundles: Vec<(Locale, FluentBundle<Arc<FluentResource>>)>,
    keys: Vec<(Language, BTreeSet<String>)>,
}

/// A file of messages cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// It does not parse.
    #[error("the messages in {language} do not parse: {problem}")]
    Syntax {
        /// Of which language.
        language: &'static str,
        /// What the parser said.
        problem: String,
    },
    /// A key stands twice.
    #[error("the messages in {language} hold a key twice: {problem}")]
    Twice {
        /// Of which language.
        language: &'static str,
        /// Which one.
        problem: String,
    },
}

/// An argument of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Put in as it is.
    Text(Cow<'a, str>),
    /// Chooses the plural; written in the locale's numerals.
    Number(i64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value<'_> {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl Words {
    /// Reads files of messages, each with its language.
    ///
    /// # Errors
    /// If one does not parse, or a key stands twice.
    pub fn load(files: &[(Language, &str)]) -> Result<Self, WordsError> {
        let mut read = Vec::new();
        for (language, text) in files {
            let parsed = FluentResource::try_new((*text).to_owned()).map_err(|(_, errors)| WordsError::Syntax {
                language: language.tag(),
                problem: errors.iter().map(|e| format!("{} at {:?}", e.kind, e.pos)).collect::<Vec<_>>().join("; "),
            })?;
            read.push((*language, Arc::new(parsed)));
        }
        let bundles = Locale::ALL.map(|locale| Ok((locale, bundle(locale, &read)?)));
        let keys = Language::ALL.map(|language| (language, keys(&read, language)));
        Ok(Self { bundles: bundles.into_iter().collect::<Result<_, _>>()?, keys: keys.into() })
    }

    /// A message without arguments: `key`, or `key.attribute`.
    pub fn say(&self, locale: Locale, key: &str) -> String {
        self.say_with(locale, key, &[])
    }

    /// A message with arguments.
    pub fn say_with(&self, locale: Locale, key: &str, arguments: &[(&str, Value<'_>)]) -> String {
        match self.find(locale, key, arguments) {
            Some(text) => text,
            None => missing(locale, key),
        }
    }

    /// A message, if there is one that needs no other arguments than these.
    pub fn find(&self, locale: Locale, key: &str, arguments: &[(&str, Value<'_>)]) -> Option<String> {
        let (_, bundle) = self.bundles.iter().find(|(of, _)| *of == locale)?;
        let (id, attribute) = key.split_once('.').map_or((key, None), |(id, attribute)| (id, Some(attribute)));
        let message = bundle.get_message(id)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(name) => message.get_attribute(name)?.value(),
        };
        let mut given = FluentArgs::new();
        for (name, value) in arguments {
            given.set(*name, fluent(value));
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&given), &mut errors).into_owned();
        errors.is_empty().then_some(text)
    }

    /// Every key and `key.attribute` of a language, for tests.
    pub fn keys(&self, language: Language) -> BTreeSet<String> {
        self.keys.iter().find(|(of, _)| *of == language).map(|(_, keys)| keys.clone()).unwrap_or_default()
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").finish_non_exhaustive()
    }
}

fn missing(locale: Locale, key: &str) -> String {
    tracing::error!(%locale, key, "a message is missing or lacks an argument");
    // A released program shows the key; no page with one gets through a test.
    debug_assert!(false, "{locale}: the message {key} is missing or lacks an argument");
    key.to_owned()
}

fn bundle(
    locale: Locale,
    read: &[(Language, Arc<FluentResource>)],
) -> Result<FluentBundle<Arc<FluentResource>>, WordsError> {
    let mut bundle = FluentBundle::new_concurrent(vec![identifier(locale.language)]);
    // Both scripts run from left to right: nothing has to be isolated.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match (locale.language, locale.numerals) {
        (Language::English, _) => english,
        (Language::Hindi, super::Numerals::Latin) => hindi,
        (Language::Hindi, super::Numerals::Devanagari) => devanagari,
    }));
    for (_, resource) in read.iter().filter(|(language, _)| *language == locale.language) {
        bundle.add_resource(Arc::clone(resource)).map_err(|errors| WordsError::Twice {
            language: locale.language.tag(),
            problem: errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        })?;
    }
    Ok(bundle)
}

const fn identifier(language: Language) -> LanguageIdentifier {
    match language {
        Language::English => langid!("en-IN"),
        Language::Hindi => langid!("hi-IN"),
    }
}

fn fluent<'a>(value: &'a Value<'_>) -> FluentValue<'a> {
    match value {
        Value::Text(text) => FluentValue::String(Cow::Borrowed(text)),
        Value::Number(number) => FluentValue::from(*number),
    }
}

fn english<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    written(Locale::ENGLISH, value)
}

fn hindi<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    written(Locale::HINDI, value)
}

fn devanagari<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    written(Locale::HINDI_DEVANAGARI, value)
}

/// Whole numbers in the locale's form; whatever else Fluent formats itself.
fn written(locale: Locale, value: &FluentValue<'_>) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    number.as_string().parse().ok().map(|whole| locale.number(whole))
}

fn keys(read: &[(Language, Arc<FluentResource>)], language: Language) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, resource) in read.iter().filter(|(of, _)| *of == language) {
        for entry in resource.entries() {
            if let fluent_syntax::ast::Entry::Message(message) = entry {
                found.insert(message.id.name.to_owned());
                let attributes = message.attributes.iter();
                found.extend(attributes.map(|attribute| format!("{}.{}", message.id.name, attribute.id.name)));
            }
        }
    }
    found
}
