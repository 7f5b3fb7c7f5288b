//! Hostile addresses in everything that strangers send: headers, key ids, issuers, status lists, contexts, links, redirects, and a member's
//! own statement. At each address a canary listens - on loopback, in a private network, link-local, over IPv4 and IPv6 - and none of
//! them may ever hear a connection.
//!
//! The whole world runs in a network namespace of its own, where those addresses exist and nothing else does: as root, or as anybody whom
//! the system lets have a user namespace.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use protocol::seal::{KeyReference, Typ, encode_base64url, random, sign_as};
use schemas::{digest::Digest, id::EntityId, openid::PRE_AUTHORIZED_GRANT};
use serde_json::json;
use service_kit::http_client::Reply;
use url::form_urlencoded::Serializer;
use vinimay::{
    demo::{Citizen, PENSION_PURPOSE},
    world::{Addresses, Department, DepartmentPlan, Store},
};

use crate::{
    ready::good,
    refusals::{
        attempt::Attempt,
        consents::resign,
        local::{ask, impostor, question, social_consents},
        messages::reheader,
        world::World,
    },
    rogue::{Heard, PATIENCE, address, client, until},
    support::{both, in_company},
};

/// Set in the process that runs inside the namespace.
const INSIDE: &str = "VINIMAY_CANARIES";
const SETTING: &str = "ip link set lo up && ip address add 10.77.7.1/32 dev lo && ip address add 192.168.77.1/32 dev lo && \
    ip address add 169.254.77.7/32 dev lo && ip address add fd77::1/128 dev lo && exec \"$0\" \"$@\"";
const PLACES: [(&str, &str); 6] = [
    ("loopback", "127.0.0.1"),
    ("loopback over IPv6", "::1"),
    ("a private network", "10.77.7.1"),
    ("another private network", "192.168.77.1"),
    ("a private network over IPv6", "fd77::1"),
    ("link-local", "169.254.77.7"),
];
const TRAPS: [&str; 4] = ["trapa", "trapb", "trapc", "trapd"];

#[test]
fn hostile_addresses_are_never_called() {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(inside());
    }
    let _turn = in_company();
    let output = within_a_namespace();
    assert!(output.status.success(), "{}", both(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "it ran: {}", both(&output));
}

/// Runs this one test again where only our addresses exist.
fn within_a_namespace() -> Output {
    let ways: [&[&str]; 2] = [&["--net"], &["--user", "--map-root-user", "--net"]];
    let works = |way: &&&[&str]| Command::new("unshare").args(**way).arg("true").output().unwrap().status.success();
    let way = ways.iter().find(works).expect("a network namespace: run as root, or allow user namespaces");
    let mut command = Command::new("unshare");
    command.args(*way).args(["--", "sh", "-c", SETTING]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "canaries::hostile_addresses_are_never_called", "--test-threads", "1"]);
    command.env(INSIDE, "1").output().unwrap()
}

/// Somebody who listens where nobody should ever be called.
struct Canary {
    place: &'static str,
    address: SocketAddr,
    heard: Arc<AtomicUsize>,
}

impl Canary {
    fn listen(place: &'static str, ip: &str) -> Self {
        let listener = TcpListener::bind((ip.parse::<IpAddr>().unwrap(), 0)).unwrap();
        let canary = Self { place, address: listener.local_addr().unwrap(), heard: Arc::default() };
        let heard = Arc::clone(&canary.heard);
        std::thread::spawn(move || {
            for _connection in listener.incoming() {
                heard.fetch_add(1, Ordering::SeqCst);
            }
        });
        canary
    }

    fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The same as a did:web, whose method would fetch it.
    fn did_web(&self) -> String {
        format!("did:web:{}", self.address.to_string().replace(':', "%3A"))
    }

    fn has_heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

async fn inside() {
    let mut world = World::start().await;
    let canaries = PLACES.map(|(place, ip)| Canary::listen(place, ip));
    world.is_good("before").await;
    for canary in &canaries {
        at_the_peer_listener(&world, canary).await;
        at_the_peoples_listener(&world, canary).await;
        at_the_local_listener(&world, canary).await;
        at_the_wallet(&world, canary);
    }
    redirects(&mut world, &canaries).await;
    members_who_say_so_themselves(&world, &canaries).await;
    world.is_good("after").await;
    for canary in &canaries {
        assert_eq!(canary.has_heard(), 0, "{} was called", canary.place);
        // The silence means something: whoever calls is heard.
        drop(TcpStream::connect(canary.address).unwrap());
        until(&world.clock, PATIENCE, "the canary hears", async || canary.has_heard() == 1).await;
    }
}

type Bend = fn(&mut Attempt<'_>, &Canary);

async fn at_the_peer_listener(world: &World, canary: &Canary) {
    let attacks: [(&str, Bend); 11] = [
        ("jku", |a, c| headed(a, "jku", &c.url())),
        ("x5u", |a, c| headed(a, "x5u", &c.url())),
        ("kid", |a, c| headed(a, "kid", &c.url())),
        ("the signer", |a, c| a.claims()["iss"] = c.url().into()),
        ("a reference in the query", |a, c| a.claims()["query"]["$ref"] = c.url().into()),
        ("the consent's context", |a, c| {
            resign(a, |credential| credential["@context"][1] = format!("{}/v1", c.url()).into())
        }),
        ("the consent's schema", |a, c| {
            resign(a, |credential| credential["credentialSchema"] = json!({ "id": c.url(), "type": "JsonSchema" }));
        }),
        ("the consent's signer", |a, c| {
            resign(a, |credential| {
                credential["issuer"] = c.did_web().into();
                credential["credentialSubject"]["id"] = c.did_web().into();
            });
        }),
        ("the binding's status list", |a, c| {
            a.binding =
                a.world.citizen.forged_by_registry(|binding| binding.status.uri = format!("{}/status/rb/0", c.url()));
        }),
        ("the binding's issuer", |a, c| {
            let entity: Result<EntityId, _> = c.url().parse();
            if let Ok(entity) = entity {
                a.binding = a.world.citizen.forged_by_registry(|binding| binding.issuer = entity);
            } else {
                a.claims()["iss"] = c.url().into();
            }
        }),
        ("the key of the sealed binding", |a, c| {
            let jwe = a.basis()["binding"].as_str().unwrap().to_owned();
            let (_, rest) = jwe.split_once('.').unwrap();
            let header = json!({ "alg": "ECDH-ES", "enc": "A256GCM", "kid": c.url(), "jku": c.url() });
            a.basis()["binding"] = format!("{}.{rest}", encode_base64url(header.to_string())).into();
        }),
    ];
    for (why, bend) in attacks {
        let mut attempt = Attempt::new(world);
        bend(&mut attempt, canary);
        let heard = attempt.send().await;
        assert_ne!(heard, Heard::Answered, "{why}: {}", canary.place);
    }
}

fn headed(attempt: &mut Attempt<'_>, member: &str, value: &str) {
    let mut header = json!({ "alg": "ES256", "typ": "dx-query+jwt", "kid": attempt.key.kid() });
    header[member] = value.into();
    reheader(attempt, &header.to_string());
}

/// Posts to a people's listener; nothing hostile may succeed.
async fn refused_at(department: &Department, path: &str, media: &str, headers: &[(&str, &str)], body: String) -> Reply {
    let people = client(&department.folder().join("keys/tls.pem"), None);
    let url = format!("{}{path}", address(department, "public", "people")).parse().unwrap();
    let reply = people.post_with(&url, media, headers, body.into_bytes(), 1 << 16).await.unwrap();
    assert!((400..500).contains(&reply.status), "{path}: {}", reply.status);
    reply
}

async fn at_the_peoples_listener(world: &World, canary: &Canary) {
    let (civil, revenue, social) = (&world.federation.civil, &world.federation.revenue, &world.federation.social);
    let form = "application/x-www-form-urlencoded";
    let order = order_by(world, canary);
    refused_at(revenue, "/citizen/v1/orders", "application/consent-order+jwt", &[], order).await;
    let header = json!({ "alg": "ECDH-ES", "enc": "A256GCM", "kid": Digest::of("none"), "jku": canary.url() });
    let sealed = Serializer::new(String::new())
        .append_pair("response", &format!("{}..c.d.e", encode_base64url(header.to_string())))
        .append_pair("redirect_uri", &canary.url())
        .finish();
    refused_at(social, "/consents/responses", form, &[], sealed).await;
    let token = Serializer::new(String::new())
        .append_pair("grant_type", PRE_AUTHORIZED_GRANT)
        .append_pair("pre-authorized_code", "none")
        .append_pair("tx_code", "000000")
        .append_pair("client_assertion", &canary.url())
        .finish();
    let proof = proof_by(world, canary);
    refused_at(civil, "/identity/token", form, &[("DPoP", proof.as_str())], token).await;
    let credential = json!({ "credential_configuration_id": "resident-binding", "proofs": { "jwt": [proof] } });
    let headers = [("DPoP", proof.as_str()), ("Authorization", "DPoP none")];
    refused_at(civil, "/identity/credential", "application/json", &headers, credential.to_string()).await;
    let forged =
        world.citizen.forged_by_registry(|binding| binding.status.uri = format!("{}/status/rb/0", canary.url()));
    let consent = world.citizen.sign(&world.draft(world.now()), &forged.key);
    let shown = world.citizen.present(&consent, &forged, revenue.entity(), world.now());
    refused_at(revenue, "/citizen/v1/history", "application/json", &[], json!({ "binding": shown }).to_string()).await;
}

/// An order whose signer is to be fetched.
fn order_by(world: &World, canary: &Canary) -> String {
    let key = &world.citizen.bindings[0].key;
    let consent = world.citizen.sign(&world.draft(world.now()), key);
    let aud = [world.federation.social.entity(), world.federation.revenue.entity()];
    let order = json!({ "v": 1, "iss": canary.did_web(), "aud": aud, "iat": world.now().seconds(),
        "jti": random::message_id(world.now()), "consent": consent, "action": "revoke", "n": 1 });
    let url = format!("{}#0", canary.did_web());
    sign_as(Typ::ConsentOrder, key, KeyReference::Url(&url), &order).unwrap().to_string()
}

/// A proof of possession of a key that is to be fetched.
fn proof_by(world: &World, canary: &Canary) -> String {
    let key = &world.citizen.bindings[0].key;
    let header =
        json!({ "alg": "ES256", "typ": "dpop+jwt", "jku": canary.url(), "x5u": canary.url(), "kid": canary.did_web() });
    let claims = json!({ "jti": "1", "htm": "POST", "htu": canary.url(), "iat": world.now().seconds() });
    let signed = format!("{}.{}", encode_base64url(header.to_string()), encode_base64url(claims.to_string()));
    format!("{signed}.{}", encode_base64url(key.sign_bytes(signed.as_bytes()).unwrap()))
}

async fn at_the_local_listener(world: &World, canary: &Canary) {
    let social = world.federation.social.portal(0).unwrap();
    let order = json!({
        "purpose": PENSION_PURPOSE,
        "items": [{ "provider": canary.url(), "dataset": "revenue.income", "fields": ["annual_income_band"] }],
        "validity": "P90D", "frequency": { "mode": "recurring", "maxUses": 4 }, "retention": "P180D",
    });
    let reply = social.post("/v1/consent-requests", &[], &order).await.unwrap();
    assert!((400..500).contains(&reply.status), "a provider that is no member: {}", reply.status);
}

/// Links that a citizen may be sent.
fn at_the_wallet(world: &World, canary: &Canary) {
    let home = world.folder.path().join("careful-wallet");
    if !home.exists() {
        let root = world.federation.anchor.trust_root().unwrap();
        Citizen::with_wallet(&world.federation.binary, home.clone(), &root).unwrap();
    }
    let code = world.folder.path().join("tx-code.txt");
    std::fs::write(&code, "123456").unwrap();
    let (home, code) = (home.display().to_string(), code.display().to_string());
    let member = world.federation.social.entity().as_str();
    let offer = |name: &str, value: &str| {
        format!("openid-credential-offer://?{}", Serializer::new(String::new()).append_pair(name, value).finish())
    };
    let by_canary = json!({ "credential_issuer": canary.url(), "credential_configuration_ids": ["resident-binding"],
        "grants": { PRE_AUTHORIZED_GRANT: { "pre-authorized_code": "c", "tx_code": { "input_mode": "numeric", "length": 6 } } } });
    let links = [
        vec!["show".to_owned(), request_of(member, &format!("{}/consents/requests/1", canary.url()))],
        vec!["show".to_owned(), request_of(&canary.url(), &format!("{}/consents/requests/1", canary.url()))],
        vec![
            "bind".to_owned(),
            offer("credential_offer", &by_canary.to_string()),
            "--tx-code-file".to_owned(),
            code.clone(),
        ],
        vec!["bind".to_owned(), offer("credential_offer_uri", &canary.url()), "--tx-code-file".to_owned(), code],
    ];
    for link in links {
        let mut all = vec!["wallet", "--home", &home, "--json"];
        all.extend(link.iter().map(String::as_str));
        let output = world.federation.binary.command(&all).output().unwrap();
        assert!(!output.status.success(), "{link:?}: {}", both(&output));
    }
}

/// A link to a request for consent.
fn request_of(entity: &str, uri: &str) -> String {
    let query = Serializer::new(String::new())
        .append_pair("client_id", &format!("openid_federation:{entity}"))
        .append_pair("request_uri", uri)
        .append_pair("request_uri_method", "post")
        .finish();
    format!("openid4vp://?{query}")
}

/// Departments whose keys were stolen send whoever asks them elsewhere: a wallet, each time to another canary; a gateway once, as it asks
/// again for as long as its patience lasts.
async fn redirects(world: &mut World, canaries: &[Canary]) {
    let portal = world.federation.social.portal(0).unwrap();
    let consent = social_consents(world).await;
    world.federation.revenue.stop().unwrap();
    let thief = impostor(&world.federation.revenue, "peers", redirect(307, &canaries[0]));
    let reply = ask(&portal, world, &question(&consent)).await;
    assert!(reply.status >= 500, "{}", reply.status);
    thief.leave();
    world.federation.revenue.start_all().unwrap();
    world.federation.social.stop().unwrap();
    let home = world.folder.path().join("careful-wallet").display().to_string();
    let link = request_of(
        world.federation.social.entity().as_str(),
        &format!("{}/consents/requests/1", world.federation.social.entity()),
    );
    for (canary, status) in canaries.iter().zip([301, 302, 303, 307, 308, 302]) {
        let thief = impostor(&world.federation.social, "people", redirect(status, canary));
        let output =
            world.federation.binary.command(&["wallet", "--home", &home, "--json", "show", &link]).output().unwrap();
        assert!(!output.status.success() && both(&output).contains(&status.to_string()), "{status}: {}", both(&output));
        thief.leave();
    }
    world.federation.social.start_all().unwrap();
}

fn redirect(status: u16, canary: &Canary) -> String {
    format!(
        "HTTP/1.1 {status} Elsewhere\r\nLocation: {}/peer/v1/queries\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        canary.url()
    )
}

/// A member may say that its own listener is anywhere: nobody goes to a network that its configuration does not name. (Loopback is named
/// in this world's configurations.) She asks every member who used her data.
async fn members_who_say_so_themselves(world: &World, canaries: &[Canary]) {
    let inside = canaries.iter().filter(|canary| !canary.address.ip().is_loopback());
    let traps: Vec<&str> = inside.zip(TRAPS).map(|(canary, name)| trap(world, name, canary)).collect();
    let citizen = Citizen::with_wallet(
        &world.federation.binary,
        world.folder.path().join("asking-wallet"),
        &world.federation.anchor.trust_root().unwrap(),
    )
    .unwrap();
    let person = world.federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string();
    let desk = world.federation.civil.portal(0).unwrap();
    citizen.bind(&good(&desk.post("/v1/binding-offers", &[], &json!({ "resident": person })).await.unwrap())).unwrap();
    let told = citizen.history().unwrap_err().to_string();
    for trap in traps {
        assert!(told.contains(&format!("https://{trap}.localhost")), "she would have asked {trap} too: {told}");
    }
    assert_eq!(told.matches("is not on the public Internet").count(), TRAPS.len(), "and says why she did not: {told}");
}

/// A member that joins and says that people find it at the canary's address.
fn trap(world: &World, name: &'static str, canary: &Canary) -> &'static str {
    let plan = DepartmentPlan {
        name,
        title: BTreeMap::from([("en", "Trap"), ("hi", "जाल")]),
        roles: vec!["consumer:social".parse().unwrap()],
        source: None,
        writes: false,
        store: Store::Sqlite,
        names_people_of: Vec::new(),
        purposes: Vec::new(),
        more: String::new(),
    };
    let folder = world.folder.path().join(name);
    let binary = &world.federation.binary;
    let trap = Department::init(binary, &folder, &Addresses::new(), &plan, 1, world.now()).unwrap();
    let file = folder.join("gateway.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let moved = text.replace(&format!("people = \"{}\"", trap.entity()), &format!("people = \"{}\"", canary.url()));
    assert_ne!(moved, text);
    std::fs::write(&file, moved).unwrap();
    trap.join(&world.federation.anchor).unwrap();
    name
}
