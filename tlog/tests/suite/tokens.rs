//! Tokens of our own authority, verified by our own code, and each way one can be wrong.

use tlog::{
    note::SignedNote,
    timestamp::{
        CertificateDer, CertificateError, DEFAULT_POLICY, PolicyOid, Refusal, TimestampRequest, TimestampResponse,
        TokenError, TokenSerial, Tsa, TsaKey, create_root, create_tsa_certificate, verify_token,
    },
};

use crate::world::{Authority, MemoryLog, NOW, authority, log_key, spec};

fn note() -> SignedNote {
    MemoryLog::of(&["one", "two"]).checkpoint(&log_key()).note().clone()
}

fn serial(counter: u64) -> TokenSerial {
    TokenSerial::new([0xa5; 8], counter)
}

fn stamp(authority: &Authority, message: &[u8], at: i64) -> TimestampResponse {
    let request = TimestampRequest::for_message(message, Some([1, 2, 3, 4, 5, 6, 7, 8])).unwrap();
    authority.tsa.answer(&request.to_der(), at, &serial(1)).unwrap()
}

#[test]
fn a_checkpoint_note_is_stamped_and_verified() {
    let authority = authority(10);
    let message = note().to_string();
    let response = stamp(&authority, message.as_bytes(), NOW);
    let verified = verify_token(response.token_der(), message.as_bytes(), &authority.root, &[]).unwrap();
    assert_eq!((verified.gen_time_unix, verified.accuracy_s), (NOW, Some(1)));
    assert_eq!(verified.serial, serial(1));
    assert_eq!(verified.policy.to_string(), DEFAULT_POLICY);
    assert_eq!(verified.nonce.as_deref(), Some(&[1, 2, 3, 4, 5, 6, 7, 8][..]));
    assert_eq!(TimestampResponse::parse(response.as_der()), Ok(response.clone()));
    assert!(response.as_der().len() < 1_600, "{}", response.as_der().len());
}

#[test]
fn a_token_without_certificates_needs_them_from_elsewhere() {
    let authority = authority(10);
    let request = TimestampRequest::for_message(b"note\n", None).unwrap().without_certificates();
    let response = authority.tsa.stamp(&request, NOW, &serial(1)).unwrap();
    let verify = |chain: &[CertificateDer]| verify_token(response.token_der(), b"note\n", &authority.root, chain);
    assert_eq!(verify(&[]), Err(TokenError::NoCertificate));
    assert_eq!(verify(std::slice::from_ref(&authority.root)), Err(TokenError::NoCertificate));
    assert_eq!(verify(std::slice::from_ref(&authority.certificate)).unwrap().nonce, None);
}

#[test]
fn another_message_or_root_is_refused() {
    let (ours, other) = (authority(10), authority(20));
    let message = note().to_string();
    let response = stamp(&ours, message.as_bytes(), NOW);
    let verify =
        |message: &[u8], root: &CertificateDer| verify_token(response.token_der(), message, root, &[]).unwrap_err();
    let later = MemoryLog::of(&["one", "two", "three"]).checkpoint(&log_key()).to_string();
    assert_eq!(verify(later.as_bytes(), &ours.root), TokenError::ImprintMismatch);
    assert_eq!(verify(message.trim_end().as_bytes(), &ours.root), TokenError::ImprintMismatch);
    assert_eq!(verify(message.as_bytes(), &other.root), TokenError::UntrustedPath);
    assert_eq!(verify(message.as_bytes(), &ours.certificate), TokenError::UntrustedPath);
}

#[test]
fn a_response_is_not_a_token() {
    let authority = authority(10);
    let response = stamp(&authority, b"note\n", NOW);
    let verified = verify_token(response.as_der(), b"note\n", &authority.root, &[]);
    assert_eq!(verified, Err(TokenError::Malformed));
    assert_eq!(verify_token(&[0x30; 70_000], b"note\n", &authority.root, &[]), Err(TokenError::Malformed));
}

#[test]
fn requests_that_may_not_be_stamped_are_refused_with_their_reason() {
    let tsa = authority(10).tsa;
    let request = TimestampRequest::for_message(b"note\n", None).unwrap();
    let foreign: PolicyOid = "1.2.3.4".parse().unwrap();
    let stamp = |request: &TimestampRequest, at| tsa.stamp(request, at, &serial(1)).map(|_| ());
    assert_eq!(stamp(&request.clone().with_policy(DEFAULT_POLICY.parse().unwrap()), NOW), Ok(()));
    assert_eq!(stamp(&request.clone().with_policy(foreign), NOW), Err(Refusal::UnacceptedPolicy));
    for outside in [0, -1, NOW - 2 * 86_400, NOW + 366 * 86_400, i64::MAX / 2] {
        assert!(stamp(&request, outside).is_err(), "{outside}");
    }
    assert_eq!(stamp(&request, NOW - 2 * 86_400), Err(Refusal::TimeNotAvailable));
    assert_eq!(stamp(&request, NOW + 365 * 86_400), Ok(()));
    assert_eq!(stamp(&request, NOW + 365 * 86_400 + 1), Err(Refusal::TimeNotAvailable));
    assert_eq!(tsa.answer(b"no request", NOW, &serial(1)), Err(Refusal::BadDataFormat));
}

#[test]
fn a_root_that_was_not_yet_valid_is_no_trust_at_that_time() {
    let root_key = TsaKey::from_secret(&[1; 32]).unwrap();
    let key = TsaKey::from_secret(&[2; 32]).unwrap();
    let mut late = spec("Late root", 1);
    late.not_before_unix = NOW + 100;
    let root = create_root(&root_key, &late).unwrap();
    let certificate = create_tsa_certificate(&root, &root_key, &key, &spec("TSA", 2)).unwrap();
    let tsa = Tsa::new(key, certificate.clone(), vec![], DEFAULT_POLICY.parse().unwrap(), 1).unwrap();
    let authority = Authority { root, certificate, tsa };
    let verify = |at| verify_token(stamp(&authority, b"note\n", at).token_der(), b"note\n", &authority.root, &[]);
    assert_eq!(verify(NOW), Err(TokenError::OutsideValidity));
    assert!(verify(NOW + 100).is_ok());
}

#[test]
fn only_a_stamping_certificate_with_its_key_makes_an_authority() {
    let authority = authority(10);
    let new = |key: u8, certificate: &CertificateDer| {
        let key = TsaKey::from_secret(&[key; 32]).unwrap();
        Tsa::new(key, certificate.clone(), vec![], DEFAULT_POLICY.parse().unwrap(), 1).map(|_| ())
    };
    assert_eq!(new(11, &authority.certificate), Ok(()));
    assert_eq!(new(12, &authority.certificate), Err(CertificateError::ForeignKey));
    assert_eq!(new(10, &authority.root), Err(CertificateError::Usage));
}

#[test]
fn a_certificate_of_the_same_name_and_serial_does_not_stand_in() {
    let (ours, other) = (authority(10), authority(20));
    let request = TimestampRequest::for_message(b"note\n", None).unwrap().without_certificates();
    let response = ours.tsa.stamp(&request, NOW, &serial(1)).unwrap();
    let verified = verify_token(response.token_der(), b"note\n", &ours.root, std::slice::from_ref(&other.certificate));
    assert_eq!(verified, Err(TokenError::NoCertificate));
}
