//! A running federation of the demonstration's departments, with a citizen who has consented: where most tests begin.

use base64::{Engine, engine::general_purpose::STANDARD};
use schemas::{
    digest::Digest,
    id::ConsentId,
    local::{BindingOffer, ConsentRequestView},
    time::Timestamp,
};
use serde::de::DeserializeOwned;
use serde_json::json;
use service_kit::{
    clock::Clock,
    http_client::{ClientLimits, HttpClient, NetworkPolicy, Reply},
};
use tempfile::TempDir;
use tlog::{checkpoint::SignedCheckpoint, tile};
use vinimay::{
    demo::{Citizen, Federation, Options, PENSION_PURPOSE, Variation},
    world::{Anchor, Binary},
};

use crate::support::binary;

/// Enough people that every role of the cast is filled.
const PEOPLE: u64 = 3_000;

/// A running federation in a folder of its own.
pub struct Ready {
    /// Everybody, running and linked.
    pub federation: Federation,
    /// Removed at the end.
    pub folder: TempDir,
}

impl Ready {
    /// As the demonstration, on ports of its own.
    pub fn plain() -> Self {
        Self::varied(&Variation::default())
    }

    /// With consents of up to so many uses.
    pub fn with_uses(max_uses: u32) -> Self {
        Self::varied(&Variation::default().with_uses(max_uses))
    }

    /// With differences.
    pub fn varied(variation: &Variation) -> Self {
        Self::by(binary(), variation, Clock::system().now())
    }

    /// With an environment and a time of the test's own.
    pub fn by(binary: Binary, variation: &Variation, now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { people: PEOPLE, ..Options::default() };
        let mut federation = Federation::set_up_as(binary, folder.path(), &options, variation, now).unwrap();
        federation.start().unwrap();
        for (name, department) in federation.departments().into_iter().skip(1) {
            let file = folder.path().join(format!("subjects-{name}")).display().to_string();
            let law = format!("cg-seeding-2026-{name}");
            federation
                .civil
                .command(&["subjects", "export", "--for", department.entity().as_str(), "--law", &law, "--out", &file])
                .unwrap();
            department.command(&["link", "seed", &file]).unwrap();
        }
        Self { federation, folder }
    }
}

/// The applicant of the cast binds a wallet and consents to as many uses as the purpose allows.
pub async fn consenting_citizen(federation: &Federation) -> (Citizen, ConsentId) {
    let applicant = federation.databases.cast.applicant.clone().unwrap();
    let desk = federation.civil.portal(0).unwrap();
    let resident = json!({ "resident": applicant.keys.resident_no.to_string() });
    let offer: BindingOffer = good(&desk.post("/v1/binding-offers", &[], &resident).await.unwrap());
    let root = federation.anchor.trust_root().unwrap();
    let citizen = Citizen::with_wallet(&federation.binary, federation.folder.join("wallet"), &root).unwrap();
    citizen.bind(&offer).unwrap();
    let consent = consent_of(federation, &citizen).await;
    (citizen, consent)
}

/// One more consent of a citizen, with the purpose's greatest number of uses.
pub async fn consent_of(federation: &Federation, citizen: &Citizen) -> ConsentId {
    let uses: u32 = std::fs::read_to_string(federation.folder.join("registers/purposes.toml"))
        .unwrap()
        .lines()
        .find_map(|line| line.strip_prefix("max_uses = ").map(|n| n.parse().unwrap()))
        .unwrap();
    consent_with_uses(federation, citizen, uses).await
}

/// One more consent of a citizen.
pub async fn consent_with_uses(federation: &Federation, citizen: &Citizen, uses: u32) -> ConsentId {
    let portal = federation.social.portal(0).unwrap();
    let order = json!({
        "purpose": PENSION_PURPOSE,
        "items": [{ "provider": federation.revenue.entity(), "dataset": "revenue.income", "fields": ["annual_income_band"] }],
        "validity": "P90D",
        "frequency": { "mode": "recurring", "maxUses": uses },
        "retention": "P180D",
    });
    let request: ConsentRequestView = good(&portal.post("/v1/consent-requests", &[], &order).await.unwrap());
    citizen.grant(&request.link).unwrap();
    let view: ConsentRequestView = good(&portal.fetch(&format!("/v1/consent-requests/{}", request.id)).await.unwrap());
    view.consents[0].clone()
}

/// A good answer's body.
pub fn good<T: DeserializeOwned>(reply: &Reply) -> T {
    assert!((200..300).contains(&reply.status), "status {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

/// The digests of all entries under the newest checkpoint, read as anybody may read them.
pub async fn log_entries(anchor: &Anchor) -> Vec<Digest> {
    let certificate = std::fs::read_to_string(anchor.folder().join("data/keys/tls.pem")).unwrap();
    let base64: String = certificate.lines().filter(|line| !line.starts_with('-')).collect();
    let networks = NetworkPolicy::parse(["127.0.0.0/8"]).unwrap();
    let client =
        HttpClient::pinned(&[STANDARD.decode(base64).unwrap()], None, networks, ClientLimits::default()).unwrap();
    let fetch = async |path: &str| {
        let url = format!("{}/{path}", anchor.entity()).parse().unwrap();
        let reply = client.fetch(&url, 1 << 24).await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        reply.body
    };
    let vkey = anchor.trust_root().unwrap().log_vkey.parse().unwrap();
    let note = SignedCheckpoint::parse(&fetch("checkpoint").await).unwrap().verify(&vkey).unwrap();
    let mut digests = Vec::new();
    for bundle in tile::bundles_between(0, note.checkpoint().size) {
        let entries = tile::parse_bundle(&fetch(&bundle.to_string()).await, bundle.width()).unwrap();
        digests.extend(entries.iter().map(|entry| Digest::from_bytes(entry[10..42].try_into().unwrap())));
    }
    digests
}
