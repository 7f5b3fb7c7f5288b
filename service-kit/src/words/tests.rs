use actix_web::test::TestRequest;

use super::*;

const EN: &str = "
hello = Hello, { $name }.
uses = { $count ->
    [one] One use is left.
   *[other] { $count } uses are left.
}
refusal = It ended.
    .mend = Ask again.
";
const HI: &str = "
hello = नमस्ते, { $name }।
uses = { $count ->
    [one] { $count } उपयोग शेष है।
   *[other] { $count } उपयोग शेष हैं।
}
refusal = यह समाप्त हो गया।
    .mend = फिर से माँगें।
";

fn words() -> Words {
    Words::load(&[(Language::English, EN), (Language::Hindi, HI)]).unwrap()
}

#[test]
fn messages_are_said_in_each_language_with_arguments_and_attributes() {
    let words = words();
    assert_eq!(words.say_with(Locale::ENGLISH, "hello", &[("name", "Asha".into())]), "Hello, Asha.");
    assert_eq!(words.say_with(Locale::HINDI, "hello", &[("name", "आशा".into())]), "नमस्ते, आशा।");
    assert_eq!(words.say(Locale::ENGLISH, "refusal.mend"), "Ask again.");
    assert_eq!(words.say(Locale::HINDI, "refusal"), "यह समाप्त हो गया।");
    assert_eq!(words.keys(Language::English), words.keys(Language::Hindi));
    assert!(words.keys(Language::Hindi).contains("refusal.mend"));
}

#[test]
fn plurals_follow_the_language_and_numbers_its_numerals() {
    let words = words();
    let say = |locale, count: i64| words.say_with(locale, "uses", &[("count", count.into())]);
    assert_eq!(say(Locale::ENGLISH, 1), "One use is left.");
    assert_eq!(say(Locale::ENGLISH, 0), "0 uses are left.");
    // In Hindi zero is singular, in English plural (CLDR).
    assert_eq!(say(Locale::HINDI, 0), "0 उपयोग शेष है।");
    assert_eq!(say(Locale::HINDI, 1), "1 उपयोग शेष है।");
    assert_eq!(say(Locale::HINDI, 2), "2 उपयोग शेष हैं।");
    assert_eq!(say(Locale::HINDI_DEVANAGARI, 123_456), "१,२३,४५६ उपयोग शेष हैं।");
}

#[test]
fn numbers_are_grouped_as_in_india() {
    for (number, text) in [
        (0, "0"),
        (999, "999"),
        (1_000, "1,000"),
        (99_999, "99,999"),
        (100_000, "1,00,000"),
        (12_345_678, "1,23,45,678"),
        (-1_234, "−1,234"),
        (i64::MIN, "−92,23,37,20,36,85,47,75,808"),
    ] {
        assert_eq!(Locale::ENGLISH.number(number), text);
    }
    assert_eq!(Locale::HINDI_DEVANAGARI.number(1_234_567), "१२,३४,५६७");
}

#[test]
fn days_and_moments_are_those_of_india() {
    let evening = "2026-11-21T20:15:00Z".parse().unwrap();
    assert_eq!(Locale::ENGLISH.moment(evening), "22 November 2026, 01:45");
    assert_eq!(Locale::HINDI.moment(evening), "22 नवंबर 2026, 01:45 बजे");
    assert_eq!(Locale::HINDI_DEVANAGARI.moment(evening), "२२ नवंबर २०२६, ०१:४५ बजे");
    for (month, english, hindi) in [(1, "January", "जनवरी"), (2, "February", "फ़रवरी"), (12, "December", "दिसंबर")]
    {
        let day = format!("2027-{month:02}-05").parse().unwrap();
        assert_eq!(Locale::ENGLISH.day(day), format!("5 {english} 2027"));
        assert_eq!(Locale::HINDI.day(day), format!("5 {hindi} 2027"));
    }
}

#[test]
fn a_request_chooses_by_query_then_cookie_then_header() {
    let header = ("accept-language", "fr, hi-IN;q=0.8, en;q=0.5");
    let cookie = ("cookie", "__Host-language=en");
    let of = |uri: &str, headers: &[(&'static str, &'static str)]| {
        let request = headers.iter().fold(TestRequest::with_uri(uri), |request, header| request.insert_header(*header));
        Locale::of(&request.to_http_request())
    };
    assert_eq!(of("/", &[]), Locale::ENGLISH);
    assert_eq!(of("/", &[header]), Locale::HINDI);
    assert_eq!(of("/", &[header, cookie]), Locale::ENGLISH);
    assert_eq!(of("/?lang=hi-u-nu-deva", &[header, cookie]), Locale::HINDI_DEVANAGARI);
    assert_eq!(of("/?lang=xx", &[header]), Locale::HINDI, "what is not known is not chosen");
    for (weights, expected) in [
        ("en;q=0, hi;q=0.001", Locale::HINDI),
        ("hi;q=0.5, en", Locale::ENGLISH),
        ("hi;q=2", Locale::ENGLISH),
        ("hi;q=x", Locale::ENGLISH),
    ] {
        assert_eq!(of("/", &[("accept-language", weights)]), expected, "{weights}");
    }
}

#[test]
fn a_locale_reads_back_what_it_writes() {
    for locale in Locale::ALL {
        assert_eq!(locale.to_string().parse(), Ok(locale));
    }
    assert!("ta".parse::<Locale>().is_err());
}

#[test]
#[should_panic(expected = "the message nothing is missing")]
fn a_missing_message_fails_the_test_that_needs_it() {
    words().say(Locale::HINDI, "nothing");
}

#[test]
#[should_panic(expected = "lacks an argument")]
fn a_missing_argument_fails_the_test_too() {
    words().say(Locale::HINDI, "hello");
}

#[test]
fn files_that_do_not_parse_or_hold_a_key_twice_are_refused() {
    assert!(matches!(Words::load(&[(Language::Hindi, "a = {")]), Err(WordsError::Syntax { .. })));
    assert!(matches!(
        Words::load(&[(Language::Hindi, "a = b\n"), (Language::Hindi, "a = c\n")]),
        Err(WordsError::Twice { .. })
    ));
}
