//! Which language and numerals a request wants.

use std::{
    fmt,
    future::{Ready, ready},
    str::FromStr,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use url::form_urlencoded;

use crate::access::cookie;

/// The cookie that keeps a choice of language; it holds no secret.
pub const LANGUAGE_COOKIE: &str = "__Host-language";

/// A language in which there are texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Hindi.
    Hindi,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Hindi];

    /// As `lang` attributes and `Content-Language` write it (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Hindi => "hi",
        }
    }

    /// Its own name for itself.
    pub const fn endonym(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Hindi => "हिन्दी",
        }
    }
}

/// Digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Numerals {
    /// 0123456789, the international form of Indian numerals (Constitution of India, article 343).
    #[default]
    Latin,
    /// ०१२३४५६७८९.
    Devanagari,
}

impl Numerals {
    /// The text with its ASCII digits in these numerals.
    pub fn write(self, text: &str) -> String {
        match self {
            Self::Latin => text.to_owned(),
            Self::Devanagari => text.chars().map(devanagari).collect(),
        }
    }
}

fn devanagari(c: char) -> char {
    c.to_digit(10).and_then(|digit| char::from_u32(0x0966 + digit)).unwrap_or(c)
}

/// A language and its numerals: `en`, `hi`, or `hi-u-nu-deva` (BCP 47, Unicode extension `nu`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Locale {
    /// The language.
    pub language: Language,
    /// The digits.
    pub numerals: Numerals,
}

impl Locale {
    /// Every locale.
    pub const ALL: [Self; 3] = [Self::ENGLISH, Self::HINDI, Self::HINDI_DEVANAGARI];
    /// English.
    pub const ENGLISH: Self = Self { language: Language::English, numerals: Numerals::Latin };
    /// Hindi with the digits 0 to 9.
    pub const HINDI: Self = Self { language: Language::Hindi, numerals: Numerals::Latin };
    /// Hindi with the digits ० to ९.
    pub const HINDI_DEVANAGARI: Self = Self { language: Language::Hindi, numerals: Numerals::Devanagari };

    /// What a request asks for: `?lang=`, else the cookie, else `Accept-Language` (RFC 9110 §12.5.4), else English.
    pub fn of(request: &HttpRequest) -> Self {
        let chosen = Self::chosen(request).or_else(|| cookie(request, LANGUAGE_COOKIE)?.parse().ok());
        let accepted = || request.headers().get(header::ACCEPT_LANGUAGE)?.to_str().ok().and_then(preferred);
        chosen.or_else(accepted).unwrap_or_default()
    }

    /// What the request's own query chooses; pages answer with the cookie that keeps it.
    pub fn chosen(request: &HttpRequest) -> Option<Self> {
        let query = request.query_string().as_bytes();
        form_urlencoded::parse(query).find(|(key, _)| key == "lang").and_then(|(_, tag)| tag.parse().ok())
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.language, self.numerals) {
            (Language::English, _) => "en",
            (Language::Hindi, Numerals::Latin) => "hi",
            (Language::Hindi, Numerals::Devanagari) => "hi-u-nu-deva",
        })
    }
}

/// There are no texts in that language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are texts in `en`, `hi` and `hi-u-nu-deva`")]
pub struct UnknownLanguage;

impl FromStr for Locale {
    type Err = UnknownLanguage;

    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        let tag = tag.to_ascii_lowercase();
        let numerals = if tag.contains("-u-nu-deva") { Numerals::Devanagari } else { Numerals::Latin };
        match tag.split('-').next() {
            Some("en") => Ok(Self::ENGLISH),
            Some("hi") => Ok(Self { language: Language::Hindi, numerals }),
            _ => Err(UnknownLanguage),
        }
    }
}

/// The first known language of the highest weight.
fn preferred(header: &str) -> Option<Locale> {
    let mut best: Option<(u32, Locale)> = None;
    for part in header.split(',').take(16) {
        let (tag, parameter) = part.trim().split_once(';').unwrap_or((part.trim(), "q=1"));
        let weight = parameter.trim().strip_prefix("q=").and_then(thousandths).unwrap_or(0);
        if let Ok(locale) = tag.trim().parse()
            && weight > best.map_or(0, |(weight, _)| weight)
        {
            best = Some((weight, locale));
        }
    }
    best.map(|(_, locale)| locale)
}

/// A weight of RFC 9110 §12.4.2 in thousandths.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{fraction:0<3}");
    let weight = whole.parse::<u32>().ok()?.checked_mul(1000)?.checked_add(digits.get(..3)?.parse().ok()?)?;
    (weight <= 1000).then_some(weight)
}

impl FromRequest for Locale {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}
