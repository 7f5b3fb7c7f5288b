//! Each violation by name, and agreement with serde_json on what is JSON at all.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { bytes: 4096, depth: 4, members: 5, string: 32 };

#[test]
fn json_within_the_limits_passes() {
    for good in [
        "{}",
        "[]",
        "null",
        " { \"a\" : [ 1 , -2 , true , false ] } ",
        r#"{"a":{"a":{"a":{}}}}"#,
        r#"{"a":"\u0000\n\"é"}"#,
        "18446744073709551615",
        "-9223372036854775808",
        "0",
        "[1,2,3,4,5]",
    ] {
        assert_eq!(check(good.as_bytes(), LIMITS), Ok(()), "{good}");
    }
}

#[test]
fn each_violation_is_named() {
    let long = format!("\"{}\"", " ".repeat(33));
    for (bad, error) in [
        (r#"{"a":1,"a":2}"#, E::DuplicateMember),
        (r#"{"a":1,"\u0061":2}"#, E::DuplicateMember),
        (r#"{"b":[{"x":{"a":1,"b":0,"a":1}}]}"#, E::DuplicateMember),
        ("[[[[[]]]]]", E::TooDeep),
        (r#"{"a":{"a":{"a":{"a":{}}}}}"#, E::TooDeep),
        ("[1,2,3,4,5,6]", E::TooManyMembers),
        (long.as_str(), E::StringTooLong),
        ("1.0", E::NotAnInteger),
        ("1e3", E::NotAnInteger),
        ("01", E::NotAnInteger),
        ("-0", E::NotAnInteger),
        ("-", E::NotAnInteger),
        ("18446744073709551616", E::NotAnInteger),
        ("", E::Syntax(0)),
        ("{\"a\":1,}", E::Syntax(7)),
        ("[1,]", E::Syntax(3)),
        ("{a:1}", E::Syntax(1)),
        ("\"\n\"", E::Syntax(1)),
        ("\"\\x\"", E::Syntax(1)),
        ("\"\\u12g4\"", E::Syntax(1)),
        ("\"open", E::Syntax(5)),
        ("{} {}", E::Syntax(3)),
        ("tru", E::Syntax(0)),
        (r#"{"\ud800":1}"#, E::Syntax(1)),
        (r#"{"$serde_json::private::Number":"1.5"}"#, E::Syntax(1)),
    ] {
        assert_eq!(check(bad.as_bytes(), LIMITS), Err(error), "{bad}");
    }
    assert_eq!(check(b"\"\xff\"", LIMITS), Err(E::Syntax(1)));
    assert_eq!(check(&[b' '; 4097], LIMITS), Err(E::TooLong));
}

#[test]
fn a_nested_token_may_be_longer_than_a_string() {
    let token = format!("\"{}\"", "eyJh.".repeat(20));
    assert_eq!(check(token.as_bytes(), LIMITS), Ok(()));
}

#[test]
fn a_depth_bomb_costs_no_stack() {
    let bomb = "[".repeat(1_000_000);
    assert_eq!(check(bomb.as_bytes(), Limits::of(2_000_000)), Err(E::TooDeep));
}

#[test]
fn equal_names_in_different_objects_are_no_duplicates() {
    assert_eq!(check(br#"{"a":{"b":1},"b":{"a":1,"b":[{"a":1},{"a":2}]}}"#, LIMITS), Ok(()));
}

proptest! {
    #[test]
    fn it_never_accepts_what_serde_json_refuses(text in r#"[\[\]{}",:0-9a-c\\u. -]{0,40}"#) {
        if check(text.as_bytes(), Limits::of(4096)).is_ok() {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
        }
    }

    #[test]
    fn whatever_the_bytes_it_returns(bytes: Vec<u8>) {
        let _ = check(&bytes, LIMITS).is_ok();
    }
}
