//! The examples of RFC 9901 and of the Token Status List, read by our codecs.

use std::collections::BTreeSet;

use identity_kit::vectors::{sd_jwt, sd_jwt_vc, status_list};
use schemas::consent::StatusListBits;
use serde_json::Value;
use ssi::claims::sd_jwt::SdAlg;

use crate::{
    credential::{Status, StatusList, sd_jwt::Parts},
    seal::Limits,
};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What a verifier gets from a presentation: the claims with every disclosure in its place.
fn revealed(presentation: &str) -> Value {
    let parts = Parts::parse(presentation.trim(), Limits::BINDING).unwrap();
    let claims = serde_json::to_value(parts.revealed().unwrap().jwt.signing_bytes.payload).unwrap();
    let mut claims = claims.as_object().unwrap().clone();
    claims.remove("_sd_alg");
    claims.into()
}

#[test]
fn each_presentation_of_the_rfc_gives_the_claims_that_it_prints() {
    for (example, presentation, verified) in [
        ("RFC 9901 §5", sd_jwt::simple::PRESENTATION, sd_jwt::simple::VERIFIED),
        ("RFC 9901 A.1", sd_jwt::simple_structured::PRESENTATION, sd_jwt::simple_structured::VERIFIED),
        ("RFC 9901 A.2", sd_jwt::complex_ekyc::PRESENTATION, sd_jwt::complex_ekyc::VERIFIED),
        ("RFC 9901 A.3", sd_jwt::sd_jwt_vc::PRESENTATION, sd_jwt::sd_jwt_vc::VERIFIED),
        ("RFC 9901 A.4", sd_jwt::w3c_vcdm::PRESENTATION, sd_jwt::w3c_vcdm::VERIFIED),
        ("SD-JWT VC §2.3", sd_jwt_vc::identity_credential::PRESENTATION, sd_jwt_vc::identity_credential::VERIFIED),
        (
            "SD-JWT VC §2.3 without key binding",
            sd_jwt_vc::identity_credential::PRESENTATION_NO_KB,
            sd_jwt_vc::identity_credential::VERIFIED_NO_KB,
        ),
        ("SD-JWT VC A.1", sd_jwt_vc::pid::PRESENTATION, sd_jwt_vc::pid::VERIFIED),
    ] {
        assert_eq!(revealed(presentation), json(verified), "{example}");
    }
}

#[test]
fn each_key_binding_of_the_rfc_hashes_what_stands_before_it() {
    for (presentation, key_binding) in [
        (sd_jwt::simple::PRESENTATION, sd_jwt::simple::KB_PAYLOAD),
        (sd_jwt::sd_jwt_vc::PRESENTATION, sd_jwt::sd_jwt_vc::KB_PAYLOAD),
        (sd_jwt_vc::pid::PRESENTATION, sd_jwt_vc::pid::KB_PAYLOAD),
    ] {
        let parts = Parts::parse(presentation.trim(), Limits::BINDING).unwrap();
        assert!(parts.key_binding().is_some());
        assert_eq!(json(key_binding)["sd_hash"], parts.sd_hash());
    }
}

/// Every text in a document, wherever it stands.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => (),
    }
}

#[test]
fn each_disclosure_of_the_rfc_has_its_digest() {
    for (payload, disclosures) in [
        (sd_jwt::simple::PAYLOAD, sd_jwt::simple::DISCLOSURES),
        (sd_jwt::flat::PAYLOAD, sd_jwt::flat::DISCLOSURES),
        (sd_jwt::structured::PAYLOAD, sd_jwt::structured::DISCLOSURES),
        (sd_jwt::recursive::PAYLOAD, sd_jwt::recursive::DISCLOSURES),
        (sd_jwt::simple_structured::PAYLOAD, sd_jwt::simple_structured::DISCLOSURES),
        (sd_jwt::complex_ekyc::PAYLOAD, sd_jwt::complex_ekyc::DISCLOSURES),
        (sd_jwt::sd_jwt_vc::PAYLOAD, sd_jwt::sd_jwt_vc::DISCLOSURES),
        (sd_jwt::w3c_vcdm::PAYLOAD, sd_jwt::w3c_vcdm::DISCLOSURES),
        (sd_jwt_vc::identity_credential::PAYLOAD, sd_jwt_vc::identity_credential::DISCLOSURES),
        (sd_jwt_vc::pid::PAYLOAD, sd_jwt_vc::pid::DISCLOSURES),
    ] {
        let mut digests = BTreeSet::new();
        texts(&json(payload), &mut digests);
        // Each line: the digest, a space, the disclosure.
        let lines: Vec<_> = disclosures.lines().map(|line| line.split_once(' ').unwrap()).collect();
        // A recursive disclosure's digest stands in another disclosure.
        for (_, disclosure) in &lines {
            let decoded = crate::seal::decode_base64url(disclosure).unwrap();
            texts(&serde_json::from_slice(&decoded).unwrap(), &mut digests);
        }
        assert!(!lines.is_empty());
        for (digest, disclosure) in lines {
            assert_eq!(SdAlg::Sha256.hash(disclosure), digest);
            assert!(digests.contains(digest), "it stands in the payload or in another disclosure");
        }
    }
}

#[test]
fn each_issuance_of_the_rfc_is_taken_apart_and_shown_in_part() {
    for issuance in [
        sd_jwt::simple::ISSUANCE,
        sd_jwt::sd_jwt_vc::ISSUANCE,
        sd_jwt::w3c_vcdm::ISSUANCE,
        sd_jwt_vc::identity_credential::ISSUANCE,
        sd_jwt_vc::pid::ISSUANCE,
    ] {
        let parts = Parts::parse(issuance.trim(), Limits::BINDING).unwrap();
        assert_eq!(parts.key_binding(), None);
        let bare = parts.retaining(&BTreeSet::new()).unwrap();
        assert_eq!(bare, format!("{}~", parts.jwt()));
    }
}

/// A disclosure of RFC 9901 put where it does not belong is refused.
#[test]
fn a_disclosure_of_another_example_is_refused() {
    let foreign = sd_jwt::flat::DISCLOSURES.split_whitespace().nth(1).unwrap();
    let (unbound, _) = sd_jwt::simple::PRESENTATION.trim().rsplit_once('~').unwrap();
    let mixed = format!("{unbound}~{foreign}~");
    assert!(Parts::parse(&mixed, Limits::BINDING).unwrap().revealed().is_err());
}

#[test]
fn the_status_lists_of_the_specification_read_as_they_print() {
    for (list, statuses) in [
        (status_list::C1_1BIT, status_list::C1_1BIT_STATUSES),
        (status_list::C2_2BIT, status_list::C2_2BIT_STATUSES),
        (status_list::C3_4BIT, status_list::C3_4BIT_STATUSES),
        (status_list::C4_8BIT, status_list::C4_8BIT_STATUSES),
    ] {
        let bits: StatusListBits = serde_json::from_str(list).unwrap();
        let list = StatusList::inflate(&bits).unwrap();
        let named: Vec<(u64, u8)> = serde_json::from_str(statuses).unwrap();
        assert!(!named.is_empty());
        for (index, value) in &named {
            assert_eq!(list.status(*index), Ok(Status::of(*value)), "{} bits, place {index}", bits.bits);
        }
        let set = (0..list.entries()).filter(|index| list.status(*index) != Ok(Status::Valid)).count();
        assert_eq!(
            set,
            named.iter().filter(|(_, value)| *value != 0).count(),
            "{} bits: nothing else is set",
            bits.bits
        );
        assert_eq!(list.entries(), 1 << 20);
    }
}

#[test]
fn the_short_status_lists_of_the_specification_read_as_they_print() {
    for (list, statuses) in [
        (status_list::LIST_1BIT, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1].as_slice()),
        (status_list::LIST_2BIT, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3].as_slice()),
    ] {
        let list = StatusList::inflate(&serde_json::from_str(list).unwrap()).unwrap();
        let read: Vec<_> = (0..list.entries()).map(|index| list.status(index).unwrap()).collect();
        assert_eq!(read, statuses.iter().map(|value| Status::of(*value)).collect::<Vec<_>>());
    }
    let token = json(status_list::TOKEN_PAYLOAD);
    assert_eq!(token["status_list"], json(status_list::LIST_1BIT), "the token of §5 carries the list of §4.1");
}
