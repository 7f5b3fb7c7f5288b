//! Names: a given name, sometimes a second word (Bai, Lal, ...), a family name or none, each in English and Devanagari.
//!
//! Guaranteed: a name's parts come from the lists beside this file, so the two scripts always agree.
//! A department may spell the same name differently ([`Spelling`]): linking has to live with that.

use std::sync::LazyLock;

use super::random::Random;

/// One word of a name in both scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Word {
    /// Latin letters.
    pub en: &'static str,
    /// Devanagari.
    pub hi: &'static str,
    /// Marks names of Muslim families; given names keep to the family's kind.
    muslim: bool,
}

/// Sex as the civil registry has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// How a department spelled the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// As civil registration has it.
    Registered,
    /// Without the second word.
    Shortened,
    /// One sound of the given name written otherwise (Geeta, Gita).
    Respelled,
}

/// A person's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    given: Word,
    second: Option<Word>,
    family: Option<Word>,
    spelling: Spelling,
}

static FEMALE: LazyLock<Given> = LazyLock::new(|| Given::parse(include_str!("given_female.csv")));
static MALE: LazyLock<Given> = LazyLock::new(|| Given::parse(include_str!("given_male.csv")));
static FAMILY: LazyLock<Vec<Word>> = LazyLock::new(|| words(include_str!("family.csv")));

/// Given names of one kind and one sex.
struct Given {
    common: Vec<Word>,
    muslim: Vec<Word>,
}

impl Given {
    fn parse(list: &'static str) -> Self {
        let (muslim, common) = words(list).into_iter().partition(|w| w.muslim);
        Self { common, muslim }
    }
}

const SECOND_FEMALE: [Word; 3] = [word("Bai", "बाई"), word("Devi", "देवी"), word("Kumari", "कुमारी")];
const SECOND_MALE: [Word; 5] =
    [word("Kumar", "कुमार"), word("Lal", "लाल"), word("Ram", "राम"), word("Das", "दास"), word("Prasad", "प्रसाद")];

/// Sounds that clerks write in two ways; the first that occurs is changed.
const RESPELLINGS: [(&str, &str); 6] = [("ee", "i"), ("oo", "u"), ("sh", "s"), ("v", "w"), ("m", "mm"), ("n", "nn")];

const fn word(en: &'static str, hi: &'static str) -> Word {
    Word { en, hi, muslim: false }
}

/// The words of a list: `English,Devanagari` or `English,Devanagari,m` a line, `#` before remarks.
fn words(list: &'static str) -> Vec<Word> {
    let rows = list.lines().filter(|line| !line.starts_with('#'));
    let parsed = rows.filter_map(|line| line.split_once(',')).map(|(en, rest)| match rest.split_once(',') {
        Some((hi, mark)) => Word { muslim: mark == "m", ..word(en, hi) },
        None => word(en, rest),
    });
    parsed.collect()
}

/// A family name; the big ones are as likely as the small ones, which a state's roll would not show.
pub fn draw_family(random: &mut Random) -> Word {
    *random.pick(&FAMILY)
}

impl Name {
    /// A name for one of `sex` in the family `family`; one in 250 has no family name at all.
    pub fn draw(random: &mut Random, sex: Sex, family: Word) -> Self {
        let (list, seconds): (&Given, &[Word]) = match sex {
            Sex::Female => (&FEMALE, &SECOND_FEMALE),
            Sex::Male => (&MALE, &SECOND_MALE),
        };
        let given = *random.pick(if family.muslim { &list.muslim } else { &list.common });
        // "Ramram" and "Rambai Bai" are nobody's name.
        let second = random.chance(4_500).then(|| *random.pick(seconds));
        let second = second.filter(|w| !family.muslim && !echoes(given, *w));
        Self { given, second, family: (!random.chance(40)).then_some(family), spelling: Spelling::Registered }
    }

    /// The same name as a department's clerk wrote it: in 97 of 100 cases as registered.
    pub fn copied(self, random: &mut Random) -> Self {
        let spelling =
            random.pick_weighted(&[(Spelling::Registered, 970), (Spelling::Shortened, 15), (Spelling::Respelled, 15)]);
        Self { spelling, ..self }
    }

    /// Given names in English, for example `Kamla Bai`.
    pub fn given_en(&self) -> String {
        let given = match self.spelling {
            Spelling::Respelled => respelled(self.given.en),
            Spelling::Registered | Spelling::Shortened => self.given.en.to_owned(),
        };
        match self.second() {
            Some(second) => format!("{given} {}", second.en),
            None => given,
        }
    }

    /// The family name in English, where there is one.
    pub fn family_en(&self) -> Option<&'static str> {
        self.family.map(|family| family.en)
    }

    /// The whole name in English, given names first.
    pub fn full_en(&self) -> String {
        match self.family {
            Some(family) => format!("{} {}", self.given_en(), family.en),
            None => self.given_en(),
        }
    }

    /// The whole name in Devanagari, given names first.
    pub fn full_hi(&self) -> String {
        let parts = [Some(self.given), self.second(), self.family];
        let words: Vec<&str> = parts.iter().flatten().map(|part| part.hi).collect();
        words.join(" ")
    }

    /// Whether a clerk kept the registered spelling.
    pub fn is_as_registered(&self) -> bool {
        self.spelling == Spelling::Registered
    }

    fn second(&self) -> Option<Word> {
        self.second.filter(|_| self.spelling != Spelling::Shortened)
    }
}

fn echoes(given: Word, second: Word) -> bool {
    given.en.to_lowercase().contains(&second.en.to_lowercase())
}

fn respelled(given: &str) -> String {
    let rule = RESPELLINGS.iter().find(|(from, _)| given.contains(from));
    rule.map_or_else(|| given.to_owned(), |(from, to)| given.replacen(from, to, 1))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn geeta(second: Option<Word>, spelling: Spelling) -> Name {
        Name { given: word("Geeta", "गीता"), second, family: Some(word("Sahu", "साहू")), spelling }
    }

    fn all(given: &Given) -> Vec<Word> {
        given.common.iter().chain(&given.muslim).copied().collect()
    }

    #[test]
    fn given_names_keep_to_the_kind_of_the_family() {
        let mut random = Random::lane(4, 1);
        for family in FAMILY.iter() {
            let name = Name::draw(&mut random, Sex::Female, *family);
            assert_eq!(name.given.muslim, family.muslim, "{}", name.full_en());
        }
        assert_eq!(FAMILY.iter().filter(|family| family.muslim).count(), 3);
    }

    #[test]
    fn the_lists_are_long_enough_and_without_repetition() {
        let lists = [(FEMALE.common.len(), 120), (MALE.common.len(), 120), (FAMILY.len(), 60)];
        assert!(lists.iter().all(|(length, least)| length >= least), "{lists:?}");
        for list in [all(&FEMALE), all(&MALE), FAMILY.clone()] {
            assert_eq!(list.iter().map(|w| w.en).collect::<HashSet<_>>().len(), list.len());
            assert_eq!(list.iter().map(|w| w.hi).collect::<HashSet<_>>().len(), list.len());
        }
    }

    #[test]
    fn every_word_is_latin_letters_beside_devanagari() {
        let given = [all(&FEMALE), all(&MALE)].concat();
        for w in given.iter().chain(&*FAMILY).chain(&SECOND_FEMALE).chain(&SECOND_MALE) {
            assert!(!w.en.is_empty() && w.en.chars().all(|c| c.is_ascii_alphabetic()), "{w:?}");
            assert!(!w.hi.is_empty() && w.hi.chars().all(|c| ('\u{900}'..='\u{97F}').contains(&c)), "{w:?}");
        }
    }

    #[test]
    fn a_name_is_written_in_both_scripts() {
        let name = geeta(Some(SECOND_FEMALE[0]), Spelling::Registered);
        assert_eq!(name.full_en(), "Geeta Bai Sahu");
        assert_eq!(name.full_hi(), "गीता बाई साहू");
        assert_eq!((name.given_en().as_str(), name.family_en()), ("Geeta Bai", Some("Sahu")));
    }

    #[test]
    fn a_clerk_may_shorten_or_respell_it() {
        let bai = Some(SECOND_FEMALE[0]);
        assert_eq!(geeta(bai, Spelling::Shortened).full_en(), "Geeta Sahu");
        assert_eq!(geeta(bai, Spelling::Respelled).full_en(), "Gita Bai Sahu");
        assert!(!geeta(None, Spelling::Respelled).is_as_registered());
    }

    #[test]
    fn a_name_without_a_family_name_is_the_given_name_alone() {
        let name = Name { family: None, ..geeta(None, Spelling::Registered) };
        assert_eq!((name.full_en(), name.full_hi()), ("Geeta".to_owned(), "गीता".to_owned()));
        assert_eq!(name.family_en(), None);
    }

    #[test]
    fn no_second_word_repeats_the_first() {
        let mut random = Random::lane(3, 1);
        for _ in 0..5_000 {
            let name = Name::draw(&mut random, Sex::Male, FAMILY[0]);
            let Some(second) = name.second else { continue };
            assert!(!name.given.en.to_lowercase().contains(&second.en.to_lowercase()), "{}", name.full_en());
        }
    }
}
