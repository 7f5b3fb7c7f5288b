//! Those who cheat, with real keys: a member that really joined and then sends whatever it likes, and a citizen with real
//! bindings who signs whatever she likes; beside them the traces that a refusal must not leave.
//!
//! Guarantees: everything goes over the real listeners with real mutual TLS; keys are read where the department keeps them.
//! Deliberately absent: any way into a server that an outsider with stolen keys would not have.

mod asker;
mod citizen;
mod traces;

pub use asker::{Asker, Heard, PeerDoor, plain_code};
pub use citizen::{Binding, Citizen, opened};
pub use traces::{Traces, receipts, waiting};

use std::{path::Path, time::Duration};

use schemas::time::Timestamp;
use service_kit::{
    clock::Clock,
    http_client::{ClientLimits, HttpClient, NetworkPolicy},
    tls::ServerIdentity,
};
use vinimay::world::Department;

/// An address of the department's configuration, such as `public.peers`.
pub fn address(department: &Department, section: &str, key: &str) -> String {
    let text = std::fs::read_to_string(department.folder().join("gateway.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    table[section][key].as_str().unwrap().to_owned()
}

/// A client that trusts one certificate file and shows another, if one is named.
pub fn client(trusts: &Path, shows: Option<(&Path, &Path)>) -> HttpClient {
    let trusted = certificate_der(trusts);
    let identity = shows.map(|(certificate, key)| ServerIdentity::load(certificate, key).unwrap());
    let networks = NetworkPolicy::parse(["127.0.0.0/8"]).unwrap();
    HttpClient::pinned(&[trusted], identity.as_ref(), networks, ClientLimits::default()).unwrap()
}

/// The DER of a certificate file.
pub fn certificate_der(file: &Path) -> Vec<u8> {
    let certificate = protocol::seal::certificate::Certificate::from_pem(&std::fs::read(file).unwrap()).unwrap();
    certificate.to_der().unwrap()
}

/// How long one waits for what must come. It only ends a test that would wait for ever; how long things take is for benchmarks.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Looks again until something holds; fails loudly when it never does.
pub async fn until(clock: &Clock, within: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let since = clock.monotonic();
    while !holds().await {
        assert!(clock.monotonic().saturating_sub(since) < within, "it never came true that {what}");
        clock.sleep(Duration::from_millis(30)).await;
    }
}

/// A number as claims have it.
pub fn seconds(at: Timestamp) -> i64 {
    at.seconds()
}
