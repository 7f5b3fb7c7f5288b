use std::{collections::BTreeSet, fs, path::Path};

use service_kit::words::{Language, Locale};

use super::*;

fn texts() -> Arc<Words> {
    words().unwrap()
}

/// `code-x`, `code-x.why`, `code-x.mend`, for every code.
fn keys_of_codes() -> BTreeSet<String> {
    let of = |code: &Code| [format!("code-{code}"), format!("code-{code}.why"), format!("code-{code}.mend")];
    Code::ALL.iter().flat_map(of).collect()
}

#[test]
fn both_languages_say_the_same_things() {
    let (english, hindi) = (texts().keys(Language::English), texts().keys(Language::Hindi));
    assert!(english.len() > 300);
    assert_eq!(english.difference(&hindi).collect::<Vec<_>>(), Vec::<&String>::new(), "missing in Hindi");
    assert_eq!(hindi.difference(&english).collect::<Vec<_>>(), Vec::<&String>::new(), "missing in English");
}

#[test]
fn every_code_has_a_whole_text_in_both_languages_and_no_text_is_left_over() {
    let words = texts();
    let wanted = keys_of_codes();
    for language in Language::ALL {
        let there: BTreeSet<String> = words.keys(language).into_iter().filter(|key| key.starts_with("code-")).collect();
        assert_eq!(there, wanted, "{language:?}");
    }
    for key in &wanted {
        let (english, hindi) = (words.say(Locale::ENGLISH, key), words.say(Locale::HINDI, key));
        assert!(english.ends_with('.') && english.chars().count() > 12, "{key}: {english}");
        assert!(hindi.ends_with('।') && hindi.chars().count() > 10, "{key}: {hindi}");
        let devanagari = hindi.chars().filter(|c| ('\u{0900}'..='\u{097f}').contains(c)).count();
        let latin = hindi.chars().filter(char::is_ascii_alphabetic).count();
        assert!(latin * 10 < devanagari, "{key} is Hindi and not transliterated or copied: {hindi}");
    }
}

#[test]
fn what_is_a_sentence_in_english_is_one_in_hindi() {
    let words = texts();
    for key in words.keys(Language::English) {
        let said = |locale| {
            let texts = ["name", "at", "day", "law", "number"].map(|name| (name, Value::from("x")));
            let arguments: Vec<_> = texts.into_iter().chain([("count", Value::from(2_i64))]).collect();
            words.find(locale, &key, &arguments).unwrap_or_else(|| panic!("{locale} {key}"))
        };
        let (english, hindi) = (said(Locale::ENGLISH), said(Locale::HINDI));
        assert_eq!(english.ends_with('.'), hindi.ends_with('।'), "{key}: {english} / {hindi}");
        assert_eq!(english.ends_with('?'), hindi.ends_with('?'), "{key}: {english} / {hindi}");
    }
}

/// What stands between these two on one line.
fn between<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split('"').next())
}

#[test]
fn every_message_that_a_template_says_exists() {
    let keys = texts().keys(Language::English);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut said = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for key in between(&text, "page.say(\"").chain(between(&text, "page.say_with(\"")) {
            assert!(keys.contains(key), "{}: {key}", path.display());
            said += 1;
        }
    }
    assert!(said > 100, "{said} messages were found");
}

#[test]
fn every_role_and_page_has_its_name() {
    let keys = texts().keys(Language::English);
    for role in Role::ALL {
        assert!(keys.contains(&format!("role-{role}")) && keys.contains(&format!("role-{role}.does")), "{role}");
    }
    for (address, text, roles) in NAVIGATION {
        assert!(keys.contains(*text), "{address}");
        assert!(roles.is_empty() || roles.split(' ').all(|role| role.parse::<Role>().is_ok()), "{address}: {roles}");
    }
}
