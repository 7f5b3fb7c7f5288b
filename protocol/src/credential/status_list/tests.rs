//! The codec against the specification's examples, and what a reader refuses.

use std::io::Write as _;

use super::{
    codec::{MAX_COMPRESSED, MAX_INFLATED},
    *,
};
use crate::{
    seal::{Algorithm, decode_base64url, encode_base64url},
    testing::{NOW, name},
};
use flate2::{Compression, write::ZlibEncoder};
use proptest::prelude::*;
use schemas::consent::StatusListBits;

const URI: &str = "https://civil.gov.example/status/rb/7";

fn bits(bits: u8, lst: &str) -> StatusListBits {
    StatusListBits { bits, lst: lst.to_owned() }
}

fn values(list: &StatusList) -> Vec<u8> {
    (0..list.entries()).map(|index| list.status(index).unwrap().value()).collect()
}

#[test]
fn the_one_bit_example_of_the_specification_is_read() {
    let list = StatusList::inflate(&bits(1, "eNrbuRgAAhcBXQ")).unwrap();
    assert_eq!(list.bytes, [0xb9, 0xa3]);
    assert_eq!(values(&list), [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
}

#[test]
fn the_two_bit_example_of_the_specification_is_read() {
    let list = StatusList::inflate(&bits(2, "eNo76fITAAPfAgc")).unwrap();
    assert_eq!(list.bytes, [0xc9, 0x44, 0xf9]);
    assert_eq!(values(&list), [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
}

#[test]
fn a_place_past_the_end_is_no_status() {
    let mut list = StatusList::new(5).unwrap();
    assert_eq!(list.entries(), 8);
    assert_eq!(list.status(8), Err(StatusListError::OutOfRange));
    assert_eq!(list.status(u64::MAX), Err(StatusListError::OutOfRange));
    assert_eq!(list.set(8, Status::Invalid), Err(StatusListError::OutOfRange));
    assert_eq!(list.set(0, Status::Unknown(4)), Err(StatusListError::OutOfRange));
}

#[test]
fn what_is_not_exactly_a_list_is_refused() {
    let good = StatusList::new(1000).unwrap().deflate().unwrap();
    assert!(StatusList::inflate(&good).is_ok());
    let mut followed = decode_base64url(&good.lst).unwrap();
    followed.push(0);
    for (lst, why) in [
        (format!("{}=", good.lst), "padding"),
        (encode_base64url(b"plain"), "no ZLIB"),
        (good.lst[..good.lst.len() - 4].to_owned(), "cut short"),
        (encode_base64url(followed), "something behind it"),
        ("A".repeat(MAX_COMPRESSED + 1), "too long"),
        (String::new(), "nothing"),
    ] {
        assert!(matches!(StatusList::inflate(&bits(2, &lst)), Err(StatusListError::Malformed(_))), "{why}");
    }
    for width in [0, 3, 5, 16, 255] {
        assert!(StatusList::inflate(&bits(width, &good.lst)).is_err(), "{width} bits");
    }
}

#[test]
fn a_bomb_stops_at_one_megabyte() {
    let deflate = |size: usize| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; size]).unwrap();
        bits(2, &encode_base64url(encoder.finish().unwrap()))
    };
    assert_eq!(StatusList::inflate(&deflate(MAX_INFLATED)).unwrap().entries(), 4 * MAX_INFLATED as u64);
    let bomb = deflate(40 * MAX_INFLATED);
    assert!(bomb.lst.len() < MAX_COMPRESSED);
    assert_eq!(StatusList::inflate(&bomb), Err(StatusListError::Malformed("larger than allowed")));
    assert!(StatusList::new(4 * MAX_INFLATED + 1).is_err());
}

fn published(change: impl FnOnce(&mut Publication)) -> (SigningKey, CompactJws) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let mut publication = Publication {
        issuer: name("https://civil.gov.example"),
        uri: URI.to_owned(),
        iat: NumericDate::from_seconds(NOW),
        exp: NumericDate::from_seconds(NOW + 86_400),
        ttl: 60,
    };
    change(&mut publication);
    let mut list = StatusList::new(100).unwrap();
    list.set(7, Status::Suspended).unwrap();
    let token = publish(&list, &publication, &key).unwrap();
    (key, token)
}

fn read(token: &CompactJws, key: &VerifyingKey) -> Result<VerifiedStatusList, StatusListError> {
    let issuer = name("https://civil.gov.example");
    verify(token.as_str().as_bytes(), URI, &issuer, key, Timestamp::from_seconds(NOW))
}

#[test]
fn a_published_list_tells_the_status_of_a_binding() {
    let (key, token) = published(|_| ());
    let list = read(&token, key.public()).unwrap();
    let place = |idx| StatusReference { idx, uri: URI.to_owned() };
    let status = list.status_of(&place(7)).unwrap();
    assert_eq!((status.status(), status.checked_at().seconds()), (Status::Suspended, NOW));
    assert_eq!(list.status_of(&place(6)).unwrap().status(), Status::Valid);
    assert_eq!(list.status_of(&place(100)), Err(StatusListError::OutOfRange));
    let elsewhere = StatusReference { idx: 7, uri: format!("{URI}0") };
    assert_eq!(list.status_of(&elsewhere), Err(StatusListError::OtherList));
    assert_eq!(status.age(Timestamp::from_seconds(NOW + 59)), Some(59));
    assert_eq!(status.age(Timestamp::from_seconds(NOW + 86_400)), None, "the list has ended");
}

#[test]
fn a_list_of_another_address_registry_time_or_key_is_refused() {
    let far = NumericDate::from_seconds(NOW + 3600);
    let past = NumericDate::from_seconds(NOW - 3600);
    type Change = fn(&mut Publication, NumericDate);
    let cases: [(&str, Change, NumericDate, StatusListError); 4] = [
        ("another address", |p, _| p.uri.push('0'), far, StatusListError::OtherList),
        ("another registry", |p, _| p.issuer = name("https://food.gov.example"), far, StatusListError::OtherList),
        ("ended", |p, date| p.exp = date, past, StatusListError::OutOfTime),
        ("from the future", |p, date| p.iat = date, far, StatusListError::OutOfTime),
    ];
    for (why, change, date, expected) in cases {
        let (key, token) = published(|publication| change(publication, date));
        assert_eq!(read(&token, key.public()), Err(expected), "{why}");
    }
    let (_, token) = published(|_| ());
    let (other, _) = published(|_| ());
    assert_eq!(read(&token, other.public()), Err(StatusListError::Token(JwsError::SignatureInvalid)));
}

proptest! {
    #[test]
    fn what_is_set_reads_back_after_travelling(sets in proptest::collection::vec((0_u64..400, 0_u8..3), 0..40)) {
        let mut list = StatusList::new(400).unwrap();
        let mut expected = vec![0; 400];
        for (index, value) in sets {
            list.set(index, Status::of(value)).unwrap();
            expected[usize::try_from(index).unwrap()] = value;
        }
        let travelled = StatusList::inflate(&list.deflate().unwrap()).unwrap();
        prop_assert_eq!(values(&travelled), expected);
    }

    #[test]
    fn no_text_makes_the_reader_fall(lst in "[A-Za-z0-9_-]{0,200}", width: u8) {
        if let Ok(list) = StatusList::inflate(&bits(width, &lst)) {
            prop_assert!(list.status(list.entries()).is_err());
        }
    }
}
