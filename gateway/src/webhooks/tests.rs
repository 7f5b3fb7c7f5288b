//! Outside services: the configured address and certificates, and nothing else.

use service_kit::http_client::NetworkPolicy;
use service_kit_testing::self_signed;

use super::{Outside, OutsideError, WebhookSettings, testing::HttpsEndpoint};

fn loopback() -> NetworkPolicy {
    NetworkPolicy::parse(["127.0.0.0/8"]).unwrap()
}

/// Settings as a file gives them; `roots` is written beside it.
fn settings(folder: &tempfile::TempDir, url: &str, roots: &[u8]) -> WebhookSettings {
    let (file, path) = (folder.path().join("roots.pem"), folder.path().join("webhook.toml"));
    std::fs::write(&file, roots).unwrap();
    std::fs::write(&path, format!("url = \"{url}\"\nroots_file = \"roots.pem\"\n")).unwrap();
    service_kit::config::load(&path, "VINIMAY_TEST_WEBHOOK_").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_called_at_its_address_and_trusted_by_its_certificate_alone() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = HttpsEndpoint::start(|heard| (200, "", heard.body.clone())).await;
    let url = format!("https://localhost:{}/hook", endpoint.port);
    let outside = Outside::open(&settings(&folder, &url, &endpoint.certificate), &loopback()).unwrap();
    let reply = outside.post("application/json", &[("X-Key", "s")], b"{}".to_vec()).await.unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"{}"[..]));
    let heard = endpoint.heard();
    assert_eq!((heard[0].line.as_str(), heard[0].header("x-key")), ("POST /hook HTTP/1.1", Some("s")));

    let (other, _) = self_signed("localhost", 30);
    let outside = Outside::open(&settings(&folder, &url, &other), &loopback()).unwrap();
    assert!(outside.post("application/json", &[], Vec::new()).await.is_err(), "another certificate of the same name");
    let outside = Outside::open(&settings(&folder, &url, &endpoint.certificate), &NetworkPolicy::default()).unwrap();
    assert!(outside.post("application/json", &[], Vec::new()).await.is_err(), "loopback is not listed");
    assert_eq!(endpoint.heard().len(), 1, "neither of them was heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_certificates_that_cannot_be_used_are_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, _) = self_signed("localhost", 30);
    for (url, because) in [
        ("http://sms.gov.example/send", "https"),
        ("https://user:pass@sms.gov.example/send", "no user"),
        ("https://127.0.0.1/send", "not on the public Internet"),
        ("https://sms.gov.example/send?to=1", "personal data"),
        ("https://sms.gov.example/send#x", "personal data"),
    ] {
        let refused = Outside::open(&settings(&folder, url, &certificate), &NetworkPolicy::default()).unwrap_err();
        assert!(matches!(refused, OutsideError::Address { .. }) && refused.to_string().contains(because), "{refused}");
    }
    let good = "https://sms.gov.example/send";
    for bad in [&b""[..], b"no certificate", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"] {
        let refused = Outside::open(&settings(&folder, good, bad), &NetworkPolicy::default()).unwrap_err();
        assert!(matches!(refused, OutsideError::Roots { .. }), "{refused}");
    }
}
