//! What people read, in their language: messages of Fluent files, numbers in either numerals, dates.
//!
//! Guarantees: a message is the same file that a browser reads (`web/locales`); plurals follow CLDR; numbers are grouped as in
//! India (1,00,000); days and times are those of Asia/Kolkata. A message that is missing is an error in our log and its key on
//! the page, and a panic under test. Deliberately absent: the messages.

mod bundles;
mod dates;
mod locale;

pub use bundles::{Value, Words, WordsError};
pub use locale::{LANGUAGE_COOKIE, Language, Locale, Numerals};

#[cfg(test)]
mod tests;
