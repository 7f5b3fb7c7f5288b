//! The words of the card: one table a language, whole sentences, nothing glued together that grammar would forbid.

use std::str::FromStr;

use schemas::{
    consent::{DataRange, Frequency, PredicateOp},
    federation::{Mask, Purpose},
    time::{CalendarDuration, CivilDate},
};

/// A language in which a card can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// हिन्दी.
    Hindi,
    /// English.
    English,
}

/// There is no card in that language.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a card is read in `hi` or in `en`")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        [Self::Hindi, Self::English].into_iter().find(|language| language.code() == text).ok_or(UnknownLanguage)
    }
}

impl Language {
    /// `hi` or `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hindi => "hi",
            Self::English => "en",
        }
    }

    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::Hindi => &HINDI,
            Self::English => &ENGLISH,
        }
    }
}

/// Everything that a card says around what was asked.
pub(super) struct Words {
    language: Language,
    pub(super) what_for: &'static str,
    pub(super) items: &'static str,
    pub(super) how_often: &'static str,
    pub(super) until_when: &'static str,
    pub(super) kept: &'static str,
    pub(super) unseen: &'static str,
    pub(super) nothing_else: &'static str,
    pub(super) usual: &'static str,
    pub(super) below: &'static str,
    pub(super) as_much: &'static str,
    pub(super) if_no: &'static str,
    pub(super) yes_or_no: &'static str,
    masks: [&'static str; 5],
    units: [&'static str; 4],
    units_many: [&'static str; 4],
    months: [&'static str; 12],
}

const ENGLISH: Words = Words {
    language: Language::English,
    what_for: "What for: ",
    items: "From whom, and exactly which items:",
    how_often: "How often: ",
    until_when: "Until when: ",
    kept: "How long the answer may be kept: ",
    unseen: "What they will not see: ",
    nothing_else: "anything beyond the items above.",
    usual: "Compared with what is usual for this purpose: ",
    below: "this asks for less.",
    as_much: "this asks for as much as is allowed.",
    if_no: "If you say no, nothing of yours is passed on. If you say yes, you can pause, shorten or end it at any time, with no more steps than it takes to agree.",
    yes_or_no: "only yes or no: ",
    masks: [
        "(only the last four characters)",
        "(only the year)",
        "(only year and month)",
        "(only the first letter)",
        "(only whether there is one)",
    ],
    units: ["day", "week", "month", "year"],
    units_many: ["days", "weeks", "months", "years"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
};

const HINDI: Words = Words {
    language: Language::Hindi,
    what_for: "किस लिए: ",
    items: "किससे, और ठीक कौन-सी जानकारी:",
    how_often: "कितनी बार: ",
    until_when: "कब तक: ",
    kept: "उत्तर कितने समय तक रखा जा सकता है: ",
    unseen: "वे क्या नहीं देखेंगे: ",
    nothing_else: "ऊपर लिखी जानकारी के अलावा सब कुछ।",
    usual: "इस प्रयोजन के लिए सामान्य की तुलना में: ",
    below: "इसमें अनुमति से कम माँगा गया है।",
    as_much: "इसमें उतना ही माँगा गया है जितने की अनुमति है।",
    if_no: "यदि आप मना करते हैं, तो आपकी कोई भी जानकारी आगे नहीं दी जाएगी। यदि आप सहमति देते हैं, तो आप उसे किसी भी समय रोक सकते हैं, घटा सकते हैं या समाप्त कर सकते हैं; इसमें सहमति देने से अधिक चरण नहीं लगते।",
    yes_or_no: "केवल हाँ या ना में उत्तर: ",
    masks: ["(केवल अंतिम चार अक्षर)", "(केवल वर्ष)", "(केवल वर्ष और माह)", "(केवल पहला अक्षर)", "(केवल यह कि जानकारी है या नहीं)"],
    units: ["दिन", "सप्ताह", "माह", "वर्ष"],
    units_many: ["दिन", "सप्ताह", "माह", "वर्ष"],
    months: ["जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"],
};

impl Words {
    pub(super) fn asks(&self, consumer: &str, for_ward: bool) -> String {
        match (self.language, for_ward) {
            (Language::English, false) => format!("{consumer} asks for your consent."),
            (Language::English, true) => {
                format!("{consumer} asks for your consent about a person whose guardian you are.")
            }
            (Language::Hindi, false) => format!("{consumer} आपकी सहमति माँगता है।"),
            (Language::Hindi, true) => {
                format!("{consumer} उस व्यक्ति के बारे में आपकी सहमति माँगता है जिसके आप अभिभावक हैं।")
            }
        }
    }

    pub(super) fn question(&self, field: &str, op: PredicateOp, value: &str) -> String {
        match (self.language, op) {
            (Language::English, PredicateOp::Eq) => format!("whether {field} is {value}"),
            (Language::English, PredicateOp::Lte) => format!("whether {field} is at most {value}"),
            (Language::English, PredicateOp::Gte) => format!("whether {field} is at least {value}"),
            (Language::Hindi, PredicateOp::Eq) => format!("क्या {field} {value} है"),
            (Language::Hindi, PredicateOp::Lte) => format!("क्या {field} अधिकतम {value} है"),
            (Language::Hindi, PredicateOp::Gte) => format!("क्या {field} कम से कम {value} है"),
        }
    }

    pub(super) const fn mask(&self, mask: Mask) -> &'static str {
        let [last_four, year, month, initial, present] = self.masks;
        match mask {
            Mask::Last4 => last_four,
            Mask::Year => year,
            Mask::Month => month,
            Mask::Initial => initial,
            Mask::Present => present,
        }
    }

    pub(super) fn duration(&self, duration: CalendarDuration) -> String {
        // A duration prints as P, a count and one of D, W, M, Y.
        let text = duration.to_string();
        let count: String = text.chars().filter(char::is_ascii_digit).collect();
        let unit = "DWMY".find(|letter| text.ends_with(letter)).unwrap_or(0);
        let names = if count == "1" { &self.units } else { &self.units_many };
        format!("{count} {}", names.get(unit).unwrap_or(&""))
    }

    pub(super) fn counted_from_now(&self, duration: CalendarDuration) -> String {
        let duration = self.duration(duration);
        match self.language {
            Language::English => format!("{duration} from the moment you agree"),
            Language::Hindi => format!("आपकी सहमति के क्षण से {duration}"),
        }
    }

    pub(super) fn frequency(&self, frequency: &Frequency) -> String {
        let window = frequency.period.zip(frequency.uses_per_period);
        let (most, window) =
            (self.times(frequency.max_uses), window.map(|(period, uses)| (self.duration(period), uses)));
        match (self.language, window) {
            (Language::English, None) => format!("at most {most} in all"),
            (Language::English, Some((period, uses))) => {
                format!("at most {most} in all, and at most {} in every {period}", self.times(uses))
            }
            (Language::Hindi, None) => format!("कुल मिलाकर अधिकतम {most}"),
            (Language::Hindi, Some((period, uses))) => {
                format!("कुल मिलाकर अधिकतम {most}, और हर {period} में अधिकतम {}", self.times(uses))
            }
        }
    }

    fn times(&self, count: u32) -> String {
        match (self.language, count) {
            (Language::English, 1) => "1 time".to_owned(),
            (Language::English, _) => format!("{count} times"),
            (Language::Hindi, _) => format!("{count} बार"),
        }
    }

    pub(super) fn range(&self, range: DataRange) -> String {
        let (from, to) = (self.day(range.from), self.day(range.to));
        match self.language {
            Language::English => format!(" (about the time from {from} to {to})"),
            Language::Hindi => format!(" ({from} से {to} तक की अवधि के बारे में)"),
        }
    }

    fn day(&self, date: CivilDate) -> String {
        let date = date.date();
        let month = usize::try_from(date.month()).ok().and_then(|month| self.months.get(month.saturating_sub(1)));
        format!("{} {} {}", date.day(), month.unwrap_or(&""), date.year())
    }

    pub(super) fn not_these(&self, fields: &str) -> String {
        match self.language {
            Language::English => format!("anything beyond the items above, for instance {fields}."),
            Language::Hindi => format!("ऊपर लिखी जानकारी के अलावा सब कुछ, उदाहरण के लिए {fields}।"),
        }
    }

    pub(super) fn bounds(&self, purpose: &Purpose) -> String {
        let (validity, kept) = (self.duration(purpose.max_validity), self.duration(purpose.max_retention));
        let times = self.times(purpose.max_frequency.max_uses);
        match self.language {
            Language::English => format!("Allowed are at most {validity}, {times}, and keeping the answer for {kept}."),
            Language::Hindi => format!("अधिकतम {validity}, {times}, और उत्तर को {kept} तक रखने की अनुमति है।"),
        }
    }
}
