//! Passwords: what makes one suitable, how it is kept, how it is tried.
//!
//! Source: NIST SP 800-63B-4 §3.1.1 (length, no composition rules, no periodic change, a list of well-known ones), OWASP's
//! figures for argon2id. Guarantees: the text is wiped when dropped; trying against no account takes as long as against one.
//! Deliberately absent: normalisation of Unicode; the same keyboard gives the same bytes.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use protocol::seal::random;
use service_kit::secret::Secret;

/// Characters of the shortest password.
pub const SHORTEST: usize = 12;
/// Characters of the longest; more would only cost us time.
pub const LONGEST: usize = 128;

/// Parts of passwords that are on every list of leaked ones; a password that is little more than one of them is refused.
const WELL_KNOWN: &[&str] = &[
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "qwerty",
    "asdfgh",
    "zxcvbn",
    "letmein",
    "welcome",
    "iloveyou",
    "admin",
    "administrator",
    "changeme",
    "secret",
    "monkey",
    "dragon",
    "football",
    "cricket",
    "india",
    "bharat",
    "krishna",
    "ganesh",
    "sairam",
    "jaihind",
    "mumbai",
    "raipur",
    "abcdef",
    "test",
    "demo",
    "default",
    "government",
    "vinimay",
];

/// A password that somebody typed.
#[derive(Clone, Debug)]
pub struct Password(Secret<String>);

impl<'de> serde::Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Why a password was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordUnsuitable {
    /// Fewer than twelve characters.
    #[error("the password has fewer than 12 characters")]
    Short,
    /// More than 128.
    #[error("the password has more than 128 characters")]
    Long,
    /// On every list, a row of keys, or the account's name.
    #[error("the password is too well known or too easy to guess")]
    WellKnown,
}

impl PasswordUnsuitable {
    /// For the person.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Short => "the password has fewer than 12 characters",
            Self::Long => "the password has more than 128 characters",
            Self::WellKnown => "the password is too well known or too easy to guess",
        }
    }
}

impl Password {
    /// Takes the text in.
    pub fn new(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// Whether both are the same text.
    pub fn is(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }

    /// Whether it may become the password of the account of this name.
    ///
    /// # Errors
    /// [`PasswordUnsuitable`].
    pub fn judge(&self, account: &str) -> Result<(), PasswordUnsuitable> {
        match self.0.expose().chars().count() {
            0..SHORTEST => return Err(PasswordUnsuitable::Short),
            SHORTEST..=LONGEST => {}
            _ => return Err(PasswordUnsuitable::Long),
        }
        let text = self.0.expose().to_lowercase();
        if is_row(&text)
            || is_little_more_than(&text, account)
            || WELL_KNOWN.iter().any(|k| is_little_more_than(&text, k))
        {
            return Err(PasswordUnsuitable::WellKnown);
        }
        Ok(())
    }

    /// The hash that is kept. Takes 19 MiB and some tens of milliseconds: call it on the blocking pool.
    pub(super) fn hash(&self) -> Option<String> {
        let salt = SaltString::encode_b64(&random::bytes::<16>()).ok()?;
        Argon2::default().hash_password(self.0.expose().as_bytes(), &salt).ok().map(|hash| hash.to_string())
    }

    /// Whether it is the one that was hashed. Without a hash it is compared all the same, with one that nothing fits.
    pub(super) fn fits(&self, kept: Option<&str>) -> bool {
        let hash = PasswordHash::new(kept.unwrap_or(NOBODY));
        let fits = hash.is_ok_and(|hash| Argon2::default().verify_password(self.0.expose().as_bytes(), &hash).is_ok());
        fits && kept.is_some()
    }
}

/// A hash under the same parameters, whose password nobody knows.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether what is left without the known part, digits and signs is less than four characters.
fn is_little_more_than(text: &str, known: &str) -> bool {
    let known = known.to_lowercase();
    if known.chars().count() < 4 || !text.contains(&known) {
        return false;
    }
    text.replace(&known, "").chars().filter(|c| c.is_alphabetic()).count() < 4
}

/// Whether it is a row of equal or neighbouring characters, or one short piece again and again.
fn is_row(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let steps =
        |by: i64| chars.windows(2).all(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])) == by);
    let repeats = |length: usize| chars.iter().zip(chars.iter().skip(length)).all(|(a, b)| a == b);
    steps(1) || steps(-1) || (1..=4).any(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Result<(), PasswordUnsuitable> {
        Password::new(text.to_owned()).judge("asha.devi")
    }

    #[test]
    fn length_counts_and_composition_does_not() {
        assert_eq!(judge("elevenchars"), Err(PasswordUnsuitable::Short));
        assert_eq!(judge("twelve chars"), Ok(()));
        assert_eq!(judge("बारह अक्षरों का वाक्य"), Ok(()));
        assert_eq!(judge(&"long enough ".repeat(10)), Ok(()));
        assert_eq!(judge(&"long enough ".repeat(11)), Err(PasswordUnsuitable::Long));
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for text in [
            "password1234",
            "P@ssw0rd!2026",
            "Asha.Devi2026",
            "aaaaaaaaaaaaa",
            "abcdefghijklm",
            "987654321098",
            "abcabcabcabc",
            "Admin@123456",
            "qwerty123456!",
        ] {
            let refused = judge(text);
            let digits_wrap = text == "987654321098";
            assert!(refused == Err(PasswordUnsuitable::WellKnown) || digits_wrap, "{text}: {refused:?}");
        }
    }

    #[test]
    fn a_hash_fits_its_password_alone_and_differs_each_time() {
        let password = Password::new("correct horse battery".to_owned());
        let (one, two) = (password.hash().unwrap(), password.hash().unwrap());
        assert_ne!(one, two);
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert!(password.fits(Some(&one)) && password.fits(Some(&two)));
        assert!(!Password::new("correct horse batterx".to_owned()).fits(Some(&one)));
        assert!(!password.fits(None) && !password.fits(Some("")) && !password.fits(Some("plain")));
    }

    #[test]
    fn nobody_is_a_hash_under_our_own_parameters() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let ours = Password::new("correct horse battery".to_owned()).hash().unwrap();
        let ours = PasswordHash::new(&ours).unwrap();
        assert_eq!(
            (nobody.algorithm, nobody.version, nobody.params),
            (ours.algorithm, ours.version, ours.params.clone())
        );
        assert_eq!(format!("{:?}", Password::new("x".to_owned())), "Password([secret])");
    }
}
