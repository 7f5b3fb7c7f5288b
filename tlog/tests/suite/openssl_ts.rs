//! Stock `openssl ts` as the auditor has it: accepts our tokens, and its requests and tokens are
//! read by us.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;
use tlog::timestamp::{Refusal, TimestampRequest, TimestampResponse, TokenSerial, verify_token};

use crate::world::{Authority, NOW, authority, authority_until};

const NOTE: &[u8] = b"anchor.example/log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

/// Runs `openssl ts` in a folder: whether it succeeded, and what it said.
fn ts(folder: &Path, arguments: &str) -> (bool, String) {
    let mut command = Command::new("openssl");
    command.arg("ts").args(arguments.split(' ')).current_dir(folder).env("OPENSSL_CONF", "/dev/null");
    let output = command.output().expect("the openssl command is installed");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn folder(authority: &Authority) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("root.pem"), authority.root.to_pem().unwrap()).unwrap();
    fs::write(folder.path().join("tsa.pem"), authority.certificate.to_pem().unwrap()).unwrap();
    fs::write(folder.path().join("cp.note"), NOTE).unwrap();
    fs::write(folder.path().join("other.note"), b"another note\n").unwrap();
    folder
}

fn stamp(authority: &Authority, query: &[u8]) -> TimestampResponse {
    authority.tsa.answer(query, NOW, &TokenSerial::new([0xff; 8], 7)).unwrap()
}

#[test]
fn it_accepts_our_tokens_and_refuses_another_note() {
    let authority = authority(60);
    let folder = folder(&authority);
    let query = TimestampRequest::for_message(NOTE, Some([0xf0; 8])).unwrap().to_der();
    let response = stamp(&authority, &query);
    fs::write(folder.path().join("cp.tsq"), &query).unwrap();
    fs::write(folder.path().join("cp.tsr"), response.as_der()).unwrap();
    fs::write(folder.path().join("cp.token"), response.token_der()).unwrap();
    for verified in [
        "-in cp.tsr -queryfile cp.tsq",
        "-in cp.tsr -data cp.note",
        "-in cp.token -token_in -data cp.note",
        "-in cp.token -token_in -queryfile cp.tsq",
    ] {
        let (ok, said) = ts(folder.path(), &format!("-verify {verified} -CAfile root.pem -attime {NOW}"));
        assert!(ok, "{verified}: {said}");
    }
    for (refused, reason) in [
        (format!("-in cp.tsr -data other.note -CAfile root.pem -attime {NOW}"), "imprint"),
        (format!("-in cp.token -token_in -data other.note -CAfile root.pem -attime {NOW}"), "imprint"),
        (format!("-in cp.tsr -data cp.note -CAfile tsa.pem -attime {NOW}"), "certificate"),
        (format!("-in cp.tsr -data cp.note -CAfile root.pem -attime {}", NOW + 400 * 86_400), "expired"),
    ] {
        let (ok, said) = ts(folder.path(), &format!("-verify {refused}"));
        assert!(!ok && said.contains(reason), "{refused}: {said}");
    }
    let (_, text) = ts(folder.path(), "-reply -in cp.tsr -text");
    assert!(text.contains("Dec 31 00:00:00 2025 GMT") && text.contains("0x01 seconds"), "{text}");
}

#[test]
fn it_accepts_a_token_without_certificates_when_it_is_given_them() {
    let authority = authority(60);
    let folder = folder(&authority);
    let query = TimestampRequest::for_message(NOTE, None).unwrap().without_certificates().to_der();
    fs::write(folder.path().join("cp.tsr"), stamp(&authority, &query).as_der()).unwrap();
    let verify = format!("-verify -in cp.tsr -data cp.note -CAfile root.pem -attime {NOW}");
    assert!(!ts(folder.path(), &verify).0);
    let (ok, said) = ts(folder.path(), &format!("{verify} -untrusted tsa.pem"));
    assert!(ok, "{said}");
}

#[test]
fn its_requests_are_answered() {
    let authority = authority(60);
    let folder = folder(&authority);
    for hash in [
        "-sha256 -cert",
        "-sha384 -cert",
        "-sha512",
        "-sha256 -no_nonce -cert",
        "-sha256 -cert -tspolicy 1.2.3",
        "-sha1",
    ] {
        let (ok, said) = ts(folder.path(), &format!("-query -data cp.note {hash} -out q.tsq"));
        assert!(ok, "{said}");
        let query = fs::read(folder.path().join("q.tsq")).unwrap();
        let answer = authority.tsa.answer(&query, NOW, &TokenSerial::new([3; 8], 9));
        match hash {
            "-sha1" => assert_eq!(answer, Err(Refusal::BadAlg)),
            "-sha256 -cert -tspolicy 1.2.3" => assert_eq!(answer, Err(Refusal::UnacceptedPolicy)),
            _ => {
                let response = answer.unwrap();
                fs::write(folder.path().join("r.tsr"), response.as_der()).unwrap();
                let verify =
                    format!("-verify -in r.tsr -queryfile q.tsq -CAfile root.pem -untrusted tsa.pem -attime {NOW}");
                let (ok, said) = ts(folder.path(), &verify);
                assert!(ok, "{hash}: {said}");
                let chain = [authority.certificate.clone()];
                assert!(verify_token(response.token_der(), NOTE, &authority.root, &chain).is_ok(), "{hash}");
            }
        }
    }
}

#[test]
fn it_reads_our_refusals() {
    let folder = tempfile::tempdir().unwrap();
    for (refusal, words) in [
        (Refusal::BadAlg, "unrecognized or unsupported algorithm"),
        (Refusal::BadDataFormat, "the data submitted has the wrong format"),
        (Refusal::TimeNotAvailable, "the TSA's time source is not available"),
        (Refusal::UnacceptedPolicy, "the requested TSA policy is not supported"),
        (Refusal::UnacceptedExtension, "the requested extension is not supported"),
        (Refusal::SystemFailure, "system failure"),
    ] {
        fs::write(folder.path().join("no.tsr"), refusal.to_response_der()).unwrap();
        let (_, text) = ts(folder.path(), "-reply -in no.tsr -text");
        assert!(text.contains("Rejected") && text.contains(words), "{refusal}: {text}");
    }
}

#[test]
fn a_token_that_it_made_is_verified_by_us() {
    // It stamps with the machine's clock, so these certificates outlast the others.
    let authority = authority_until(60, 4_000_000_000);
    let folder = folder(&authority);
    let key = tlog::timestamp::TsaKey::from_secret(&[61; 32]).unwrap();
    fs::write(folder.path().join("tsa.key"), key.to_pem().unwrap()).unwrap();
    fs::write(folder.path().join("serial"), "01\n").unwrap();
    let config = "[t]\nserial = serial\ncrypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n\
        digests = sha256\naccuracy = secs:1, millisecs:500\nordering = yes\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n";
    fs::write(folder.path().join("ts.cnf"), config).unwrap();
    let query = TimestampRequest::for_message(NOTE, Some([5; 8])).unwrap();
    fs::write(folder.path().join("cp.tsq"), query.to_der()).unwrap();
    let reply = "-reply -config ts.cnf -section t -queryfile cp.tsq -signer tsa.pem -inkey tsa.key -out cp.tsr";
    let (ok, said) = ts(folder.path(), reply);
    assert!(ok, "{said}");
    let response = TimestampResponse::parse(&fs::read(folder.path().join("cp.tsr")).unwrap()).unwrap();
    let verified = verify_token(response.token_der(), NOTE, &authority.root, &[]).unwrap();
    assert_eq!(verified.policy.to_string(), "1.2.3.4");
    assert_eq!(verified.accuracy_s, Some(2));
    assert_eq!(verified.nonce.as_deref(), query.nonce());
    assert!(verify_token(response.token_der(), b"another note\n", &authority.root, &[]).is_err());
}
