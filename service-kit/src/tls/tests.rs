use super::*;
use crate::{clock::Clock, testing::self_signed};

fn identity(host: &str, days: i64) -> ServerIdentity {
    let (certificate, key) = self_signed(host, days);
    ServerIdentity::from_pem(&certificate, &Secret::new(key)).unwrap()
}

fn shown(identity: &ServerIdentity) -> PeerCertificate {
    PeerCertificate::from_x509(&identity.certificate).unwrap()
}

#[test]
fn an_identity_is_a_pair_read_from_files_that_only_we_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let (cert_path, key_path) = (folder.path().join("a.pem"), folder.path().join("a.key"));
    let (certificate, key) = self_signed("a.localhost", 30);
    std::fs::write(&cert_path, &certificate).unwrap();
    SecretFile::write(&key_path, &key).unwrap();
    let loaded = ServerIdentity::load(&cert_path, &key_path).unwrap();
    let days = (loaded.not_after().seconds() - Clock::default().now().seconds()) / 86_400;
    assert!((29..=30).contains(&days));
    assert!(!format!("{loaded:?}").contains("PRIVATE"));

    let (other, _) = self_signed("a.localhost", 30);
    std::fs::write(&cert_path, other).unwrap();
    assert!(matches!(ServerIdentity::load(&cert_path, &key_path), Err(TlsError::Mismatch)));
    std::fs::write(&cert_path, "no pem").unwrap();
    assert!(ServerIdentity::load(&cert_path, &key_path).is_err());
    std::fs::set_permissions(&key_path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(matches!(ServerIdentity::load(&cert_path, &key_path), Err(TlsError::Key(_) | TlsError::OpenSsl(_))));
}

#[test]
fn a_set_admits_exact_bytes_that_are_valid_now_and_is_replaced_as_a_whole() {
    let set = PinnedSet::new(Clock::default());
    let (a, b, old) = (identity("a", 30), identity("a", 30), identity("a", -1));
    assert!(set.is_empty() && !set.admits(&shown(&a)));
    set.replace([(a.certificate_der().unwrap(), "a"), (old.certificate_der().unwrap(), "old")]);
    assert_eq!((set.len(), set.find(&shown(&a)), set.find(&shown(&b))), (2, Some("a"), None));
    assert_eq!(set.find(&shown(&old)), None, "expired");
    let clone = set.clone();
    clone.replace([(b.certificate_der().unwrap(), "b")]);
    assert_eq!((set.find(&shown(&a)), set.find(&shown(&b))), (None, Some("b")));
    assert!(!set.admits(&shown(&a)) && set.admits(&shown(&b)));
}
