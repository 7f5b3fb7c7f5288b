//! Refusals of the message itself: its form, its signer, its receiver, its time; and what HTTP alone refuses.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
};

use openssl::ssl::{SslConnector, SslFiletype, SslMethod};
use protocol::seal::{Algorithm, SigningKey, Typ, encode_base64url};
use schemas::problem::Code;
use serde_json::json;
use service_kit::http_client::Reply;

use super::{
    attempt::{Attempt, Row, row},
    world::{FOOD, SUSPENDED, World},
};
use crate::rogue::{Heard, Traces, address, plain_code};

/// Shown beside the table.
pub const BESIDE: &[Code] = &[Code::Replayed, Code::NotFound, Code::MethodNotAllowed, Code::TooManyRequests];

pub fn rows() -> Vec<Row> {
    use Code::*;
    vec![
        row(TokenMalformed, "no token at all", |a| *a.bytes() = b"hello".to_vec()),
        row(TokenMalformed, "an empty body", |a| a.bytes().clear()),
        row(TokenMalformed, "a fourth part", |a| a.bytes().extend_from_slice(b".e30")),
        row(TokenMalformed, "padding", |a| a.bytes().push(b'=')),
        row(TokenMalformed, "a header member twice", |a| {
            let kid = a.key.kid().clone();
            reheader(a, &format!(r#"{{"alg":"ES256","alg":"ES256","typ":"dx-query+jwt","kid":"{kid}"}}"#));
        }),
        row(TokenMalformed, "a critical extension", |a| {
            let kid = a.key.kid().clone();
            reheader(a, &format!(r#"{{"alg":"ES256","typ":"dx-query+jwt","kid":"{kid}","crit":["exp"]}}"#));
        }),
        row(TokenMalformed, "no algorithm", |a| {
            let kid = a.key.kid().clone();
            reheader(a, &format!(r#"{{"alg":"none","typ":"dx-query+jwt","kid":"{kid}"}}"#));
        }),
        row(TokenMalformed, "a claim that nobody knows", |a| a.claims()["admin"] = json!(true)),
        row(TokenMalformed, "without its end", |a| drop(a.claims().as_object_mut().unwrap().remove("exp"))),
        row(TokenMalformed, "a basis without its binding", |a| {
            drop(a.basis().as_object_mut().unwrap().remove("binding"))
        }),
        row(TokenMalformed, "deeper than is read", |a| {
            a.claims()["case"] = (0..64).fold(json!(1), |inner, _| json!([inner]));
        }),
        row(TokenTypeWrong, "signed as an answer", |a| a.typ = Typ::Answer),
        row(TokenTypeWrong, "signed as a receipt", |a| a.typ = Typ::Receipt),
        row(VersionUnsupported, "version 2", |a| a.claims()["v"] = json!(2)),
        row(SignatureInvalid, "one claim changed after it was signed", |a| {
            let mut other = Attempt::new(a.world);
            let body = String::from_utf8(other.bytes().clone()).unwrap();
            let signature = body.rsplit('.').next().unwrap().to_owned();
            let own = String::from_utf8(a.bytes().clone()).unwrap();
            let (signed, _) = own.rsplit_once('.').unwrap();
            *a.bytes() = format!("{signed}.{signature}").into_bytes();
        }),
        row(SignatureInvalid, "signed with a key that the directory does not list", |a| {
            a.key = SigningKey::generate(Algorithm::Es256).unwrap();
        }),
        row(PeerCertificateMismatch, "another member's query through our connection", |a| {
            let food = a.world.callers[FOOD].0.clone();
            a.claims()["iss"] = food.entity.as_str().into();
            a.key = food.signing;
        }),
        row(MediaTypeUnsupported, "as plain JSON", |a| a.media_type = "application/json"),
        row(MediaTypeUnsupported, "compressed", |a| a.headers.push(("content-encoding", "gzip"))),
        row(RequestTooLarge, "a byte more than 64 kB", |a| {
            let missing = 64 * 1024 + 1 - a.bytes().len();
            a.bytes().extend(std::iter::repeat_n(b'A', missing));
        }),
        row(AudienceWrong, "for another department", |a| {
            a.claims()["aud"] = a.world.federation.food.entity().as_str().into();
        }),
        row(PeerSuspended, "by a member that is suspended", |a| a.as_caller(SUSPENDED)),
        row(RoleMissing, "by a member that may not ask for this purpose", |a| a.as_caller(FOOD)),
        row(Stale, "ended eleven seconds ago", |a| shift(a, -71, 60)),
        row(Stale, "from a minute in the future", |a| shift(a, 10 + 60, 60)),
        row(Stale, "alive for longer than two minutes", |a| shift(a, 0, 121)),
    ]
}

/// Puts another header before the same claims; the signature is made over it by the real key.
pub fn reheader(attempt: &mut Attempt<'_>, header: &str) {
    let claims = attempt.claims().to_string();
    resign(attempt, header, &claims);
}

/// Header and claims as they are written here, signed by the real key.
pub fn resign(attempt: &mut Attempt<'_>, header: &str, claims: &str) {
    let signed = format!("{}.{}", encode_base64url(header), encode_base64url(claims));
    let signature = encode_base64url(attempt.key.sign_bytes(signed.as_bytes()).unwrap());
    *attempt.bytes() = format!("{signed}.{signature}").into_bytes();
}

fn shift(attempt: &mut Attempt<'_>, by: i64, life: i64) {
    let iat = attempt.now.seconds() + by;
    attempt.claims()["iat"] = json!(iat);
    attempt.claims()["exp"] = json!(iat + life);
}

/// The same bytes get the same answer; other bytes under the same id get nothing.
pub async fn a_known_id_is_not_used_again(world: &World) {
    let (asker, door) = &world.callers[0];
    let mut first = Attempt::new(world);
    let claims = first.claims().clone();
    let bytes = asker.sign(&claims);
    assert_eq!(door.ask(&bytes).await, Heard::Answered);
    // Receipts of earlier exchanges come back at their own pace.
    world.nothing_is_on_its_way().await;
    let before = Traces::of(&world.federation.revenue);
    let again = door.post(bytes.as_bytes(), "application/dx-query+jwt", &[]).await;
    let repeated = door.post(bytes.as_bytes(), "application/dx-query+jwt", &[]).await;
    assert_eq!(again.body, repeated.body, "byte for byte the same answer");
    let other = asker.sign(&claims);
    assert_ne!(other, bytes, "ES256 signs the same claims differently");
    assert_eq!(door.ask(&other).await, Heard::Problem(Code::Replayed));
    let mut changed = claims;
    changed["query"]["fields"] = json!(["annual_income"]);
    assert_eq!(door.ask(&asker.sign(&changed)).await, Heard::Problem(Code::Replayed));
    assert_eq!(Traces::of(&world.federation.revenue), before, "neither a repeat nor a replay leaves anything");
    world.is_good("after replays").await;
}

/// Addresses and methods that are not there.
pub async fn beside_the_protocol(world: &World) {
    let door = &world.callers[0].1;
    let before = Traces::of(&world.federation.revenue);
    let refused = async |reply: Reply, code: Code| assert_eq!(plain_code(&reply), code);
    refused(door.fetch("/peer/v1/queries").await, Code::MethodNotAllowed).await;
    refused(door.fetch("/peer/v1/nothing").await, Code::NotFound).await;
    refused(door.post_to("/v1/queries", b"{}", "application/json").await, Code::NotFound).await;
    refused(door.post_to("/peer/v1/receipts", b"x", "application/dx-receipts+jwt").await, Code::MediaTypeUnsupported)
        .await;
    let barred = &world.callers[SUSPENDED].1;
    refused(barred.post_to("/peer/v1/receipts", b"x", "application/dx-receipts").await, Code::PeerSuspended).await;
    let fields: Vec<(String, String)> = (0..80).map(|n| (format!("x-{n}"), "1".to_owned())).collect();
    let headers: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    refused(door.post(b"x", "application/dx-query+jwt", &headers).await, Code::RequestTooLarge).await;
    assert_eq!(Traces::of(&world.federation.revenue), before);
    let wanted = barred.post_to("/peer/v1/events/subscriptions", b"x", "application/dx-subscription+jwt").await;
    assert_eq!(plain_code(&wanted), Code::PeerSuspended);
    let left = Traces::of(&world.federation.revenue).since(&before);
    assert_eq!(left, [("audit_trail".to_owned(), 1)].into(), "to subscribe is administrative: the refusal is audited");
    world.is_good("after requests for what is not there").await;
}

/// More requests than a peer may send: its bucket is empty, and nobody else's. They are written one behind the other, so that the server
/// has nothing to wait for, however busy the machine is.
pub async fn too_much_at_once(world: &World) {
    let before = Traces::of(&world.federation.revenue);
    let keys = [&world.federation.revenue, &world.suspended].map(|department| department.folder().join("keys"));
    let port = address(&world.federation.revenue, "public", "peers").rsplit(':').next().unwrap().parse().unwrap();
    let calls = (0..CONNECTIONS).map(|_| {
        let keys = keys.clone();
        tokio::task::spawn_blocking(move || one_behind_the_other(&keys, port))
    });
    let begun = world.clock.monotonic();
    let heard: Vec<String> = futures_util::future::join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let took = world.clock.monotonic() - begun;
    let count = |status: &str| heard.iter().map(|text| text.matches(status).count()).sum::<usize>();
    let (refused, others) = (count("HTTP/1.1 429 "), count("HTTP/1.1 415 "));
    assert_eq!(refused + others, CONNECTIONS * IN_ONE, "each is refused in one of two ways");
    // What a full bucket holds, and what came into it meanwhile: a slow machine is granted more, and may not be refused at all.
    let granted = 1_000 + 500 * (usize::try_from(took.as_secs()).unwrap() + 1);
    assert!(others <= granted, "{others} requests heard within {took:?}");
    assert_eq!(
        (count("\"too-many-requests\""), count("retry-after: 1\r\n")),
        (refused, refused),
        "with the time to wait"
    );
    assert_eq!(Traces::of(&world.federation.revenue), before);
    world.is_good("while another peer's bucket is empty").await;
}

/// Connections, and requests on each: more in all than a bucket holds, fewer on each than a connection may carry.
const CONNECTIONS: usize = 8;
const IN_ONE: usize = 900;

/// Everything that comes back on one connection.
fn one_behind_the_other([theirs, ours]: &[PathBuf; 2], port: u16) -> String {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_ca_file(theirs.join("tls.pem")).unwrap();
    connector.set_certificate_file(ours.join("tls.pem"), SslFiletype::PEM).unwrap();
    connector.set_private_key_file(ours.join("tls.key.pem"), SslFiletype::PEM).unwrap();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut stream = connector.build().connect("revenue.localhost", stream).unwrap();
    let request = |last: bool| {
        let end = if last { "Connection: close\r\n" } else { "" };
        format!(
            "POST /peer/v1/queries HTTP/1.1\r\nHost: revenue.localhost\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n{end}\r\n"
        )
    };
    let all: String = (1..=IN_ONE).map(|number| request(number == IN_ONE)).collect();
    // All of it fits into the buffers of the connection.
    stream.write_all(all.as_bytes()).unwrap();
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard);
    String::from_utf8_lossy(&heard).to_lowercase().replace("http/1.1", "HTTP/1.1")
}
