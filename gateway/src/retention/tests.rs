//! Answers end on their day: with real HTTPS endpoints as our own systems, on both engines.

mod faults;
mod fetching;
mod road;

use openssl::{bn::BigNum, ec::EcKey, ecdsa::EcdsaSig, nid::Nid, sha::sha256};
use protocol::seal::{Limits, Typ, UnverifiedJws, decode_base64url, random};
use schemas::{
    digest::Digest,
    erasure::{EraseOrder, Erasure, ErasureReason},
    id::{CompactJws, MessageId},
    notice::{NoticeKind, NoticeLevel},
    time::{CivilDate, Timestamp},
    webhook::WebhookEvent,
};
use service_kit::db::{AnyConnection, DatabaseError};
use tlog::entry::EntryType;

use super::{Kept, Moment, RetentionError, ends, run_at};
use crate::{
    app::App,
    notices::Person,
    store::{
        exchange::{ConsentIndex, consent_index},
        outbox::outbox_waiting,
        retention::{erasures_of, retention_find, retention_insert},
    },
    webhooks::testing::{Heard, HttpsEndpoint, Member, Said},
};

const DAY: i64 = 86_400;

/// A department whose portal hears at this endpoint.
async fn member(postgres: bool, endpoint: &HttpsEndpoint) -> Member {
    let more = format!(
        "[[systems]]\nname = \"portal\"\ncertificate_file = \"portal.pem\"\nmay = [\"ask\"]\n\
         [systems.erase]\nurl = \"https://localhost:{}/erase\"\nroots_file = \"hook.pem\"\n",
        endpoint.port
    );
    let portal = service_kit_testing::self_signed("portal", 30).0;
    Member::start(postgres, &more, &[("portal.pem", &portal), ("hook.pem", &endpoint.certificate)]).await
}

/// What a good system says: the order's id.
fn confirming(heard: &Heard) -> Said {
    let event: WebhookEvent = serde_json::from_slice(&heard.body).unwrap();
    (200, "Content-Type: application/json\r\n", format!("{{\"id\":\"{}\"}}", event.id).into_bytes())
}

fn at(now: Timestamp) -> Moment {
    Moment { now, now_ms: now.seconds() * 1000 }
}

fn person(app: &App) -> Person {
    Person::of_subject(app.keys(), &"A".repeat(43).parse().unwrap())
}

fn consent(app: &App) -> ConsentIndex {
    let id = random::consent_id(Timestamp::from_seconds(1_795_248_100));
    consent_index(app.keys(), &"did:jwk:eyJ".parse().unwrap(), &id)
}

fn kept(app: &App, ends: Timestamp, consent: Option<ConsentIndex>) -> Kept {
    let exchange = random::message_id(app.now());
    Kept {
        receipt: Digest::of(exchange.as_str()),
        exchange,
        system: "portal".parse().unwrap(),
        provider: "https://revenue.gov.example".parse().unwrap(),
        dataset: "revenue.income".parse().unwrap(),
        person: Some(person(app)),
        ends_on_revocation: consent.is_some(),
        consent,
        ends,
    }
}

async fn write(app: &App, work: impl FnOnce(&mut AnyConnection) -> diesel::QueryResult<()> + Send + 'static) {
    app.db().write(move |conn| Ok::<_, DatabaseError>(work(conn)?)).await.unwrap();
}

/// Remembers an answer, and the copy that the gateway itself keeps.
async fn remember(app: &App, kept: &Kept) {
    let kept = kept.clone();
    write(app, move |conn| {
        retention_insert(conn, std::slice::from_ref(&kept))?;
        let insert =
            diesel::sql_query("INSERT INTO ask_answer (exchange, answer, until_ms) VALUES ($1, $2, 9000000000000)");
        let insert = insert.bind::<diesel::sql_types::Text, _>(kept.exchange.as_str());
        diesel::RunQueryDsl::execute(insert.bind::<diesel::sql_types::Binary, _>(vec![1_u8]), conn).map(drop)
    })
    .await;
}

async fn own_copies(app: &App) -> i64 {
    app.db().read(|conn| crate::store::testing::rows(conn, "ask_answer")).await.unwrap()
}

async fn record(app: &App, exchange: &MessageId) -> Option<CompactJws> {
    let exchange = exchange.clone();
    let found = app.db().read(move |conn| Ok::<_, DatabaseError>(erasures_of(conn, &[exchange])?)).await;
    found.unwrap().pop().map(|erasure| erasure.jws)
}

/// A JWS verified by OpenSSL and this function alone, as a system of the department would: ES256 over header and payload.
fn payload_verified_elsewhere(jws: &str, app: &App) -> serde_json::Value {
    let jwk = serde_json::to_value(app.keys().signing.public().jwk()).unwrap();
    let part = |name: &str| BigNum::from_slice(&decode_base64url(jwk[name].as_str().unwrap()).unwrap()).unwrap();
    let group = openssl::ec::EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = EcKey::from_public_key_affine_coordinates(&group, &part("x"), &part("y")).unwrap();
    let (signed, signature) = jws.rsplit_once('.').unwrap();
    let signature = decode_base64url(signature).unwrap();
    let number = |bytes: &[u8]| BigNum::from_slice(bytes).unwrap();
    let signature = EcdsaSig::from_private_components(number(&signature[..32]), number(&signature[32..])).unwrap();
    assert!(signature.verify(&sha256(signed.as_bytes()), &key).unwrap());
    serde_json::from_slice(&decode_base64url(signed.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[test]
fn the_day_counts_whole_days_of_the_civil_calendar_from_the_day_of_the_answer() {
    let start = |day: &str| day.parse::<CivilDate>().unwrap().start();
    for (answered, kept, end) in [
        ("2026-11-21T08:00:00Z", "P180D", "2027-05-20"),
        ("2026-11-21T18:29:59Z", "P1D", "2026-11-22"),
        ("2026-11-21T18:30:00Z", "P1D", "2026-11-23"), // already the 22nd in India
        ("2027-01-31T08:00:00Z", "P1M", "2027-02-28"),
        ("2028-02-29T08:00:00Z", "P1Y", "2029-02-28"),
    ] {
        assert_eq!(ends(answered.parse().unwrap(), kept.parse().unwrap()), start(end), "{answered} {kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_gone_on_its_day_and_not_before_and_its_record_is_logged() {
    for postgres in [false, true] {
        let endpoint = HttpsEndpoint::start(confirming).await;
        let member = member(postgres, &endpoint).await;
        let (app, end) = (&member.app, member.app.now().plus(180 * DAY));
        let (ending, staying) = (kept(app, end, None), kept(app, end.plus(1), None));
        remember(app, &ending).await;
        remember(app, &staying).await;

        run_at(app, at(end.plus(-1))).await.unwrap();
        assert_eq!((endpoint.heard().len(), own_copies(app).await), (0, 2), "a second before");
        run_at(app, at(end)).await.unwrap();
        assert_eq!((endpoint.heard().len(), own_copies(app).await), (1, 1), "on the second");

        let heard = &endpoint.heard()[0];
        assert_eq!(heard.line, "POST /erase HTTP/1.1");
        assert_eq!(heard.header("content-type"), Some("application/cloudevents+json"));
        let event: WebhookEvent = serde_json::from_slice(&heard.body).unwrap();
        assert_eq!((&event.source, &event.subject), (app.entity(), &ending.exchange));
        let order: EraseOrder = serde_json::from_value(payload_verified_elsewhere(event.data.as_str(), app)).unwrap();
        assert_eq!((&order.jti, &order.exchange, order.receipt), (&event.id, &ending.exchange, ending.receipt));
        assert_eq!((order.aud.as_str(), order.reason, order.due), ("portal", ErasureReason::RetentionOver, end));

        let jws = record(app, &ending.exchange).await.unwrap();
        let read = UnverifiedJws::of(&jws, Limits::ANSWER).unwrap().verify(Typ::Erasure, app.keys().signing.public());
        let erasure: Erasure = read.unwrap().claims().unwrap();
        assert_eq!((erasure.exchange, erasure.receipt, erasure.due), (ending.exchange, ending.receipt, end));
        assert_eq!(
            (erasure.systems.len(), &erasure.systems[0].order, erasure.systems[0].confirmed),
            (1, &event.id, end)
        );
        let waiting = app.db().read(|conn| Ok::<_, DatabaseError>(outbox_waiting(conn, 100)?)).await.unwrap();
        let logged = (u8::from(EntryType::Consent), Digest::of(jws.as_str()));
        assert!(waiting.iter().any(|entry| (entry.r#type, entry.digest) == logged), "entry type 9");
        assert_eq!(record(app, &staying.exchange).await, None);

        run_at(app, at(end)).await.unwrap();
        assert_eq!(endpoint.heard().len(), 1, "once");
        told(app, &NoticeLevel::EveryUse).await;
    }
}

/// The notice is there; whether she hears of it is hers to choose.
async fn told(app: &App, _: &NoticeLevel) {
    let (keys, of) = (app.keys().clone(), person(app));
    let notices = app.db().read(move |conn| crate::store::notices::notices_of(conn, &keys, &of, 9)).await.unwrap();
    assert!(notices.iter().any(|notice| matches!(notice.kind, NoticeKind::Erased { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_brings_forward_what_the_purpose_promises_and_nothing_else() {
    use crate::store::retention::{retention_revoked, retention_sweep_revoked};
    for postgres in [false, true] {
        let endpoint = HttpsEndpoint::start(confirming).await;
        let member = member(postgres, &endpoint).await;
        let (app, now) = (&member.app, member.app.now());
        let (revoked, other) = (consent(app), consent(app));
        let promised = kept(app, now.plus(90 * DAY), Some(revoked.clone()));
        let unpromised = Kept { ends_on_revocation: false, ..kept(app, now.plus(90 * DAY), Some(revoked.clone())) };
        let anothers = kept(app, now.plus(90 * DAY), Some(other));
        for one in [&promised, &unpromised, &anothers] {
            remember(app, one).await;
        }
        let of = revoked.clone();
        write(app, move |conn| retention_revoked(conn, &of, now).map(|count| assert_eq!(count, 1))).await;
        run_at(app, at(now)).await.unwrap();
        let jws = record(app, &promised.exchange).await.unwrap();
        assert_eq!(payload_verified_elsewhere(jws.as_str(), app)["reason"], "consent-revoked");
        assert_eq!((record(app, &unpromised.exchange).await, record(app, &anothers.exchange).await), (None, None));

        // An answer that was committed beside the revocation is found by the sweep.
        let late = kept(app, now.plus(90 * DAY), Some(revoked.clone()));
        remember(app, &late).await;
        write(app, move |conn| {
            let insert = diesel::sql_query(
                "INSERT INTO consent_state (consent_index, status, uses, window_uses) VALUES ($1, 'revoked', 0, 0)",
            );
            diesel::RunQueryDsl::execute(insert.bind::<diesel::sql_types::Text, _>(revoked.as_str()), conn)?;
            retention_sweep_revoked(conn, now).map(|count| assert_eq!(count, 1))
        })
        .await;
        run_at(app, at(now)).await.unwrap();
        assert!(record(app, &late.exchange).await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_never_moved_back_and_what_is_gone_stays_gone() {
    for postgres in [false, true] {
        let endpoint = HttpsEndpoint::start(confirming).await;
        let member = member(postgres, &endpoint).await;
        let (app, now) = (&member.app, member.app.now());
        let one = kept(app, now, None);
        remember(app, &one).await;
        for (round, statement) in [
            (false, "UPDATE retention SET ends_at = ends_at + 1"),
            (false, "DELETE FROM retention"),
            (true, "UPDATE retention SET state = 'kept'"),
            (true, "UPDATE erasure SET erased_at = 0"),
            (true, "DELETE FROM erasure"),
        ] {
            if round {
                run_at(app, at(now)).await.unwrap();
            }
            let refused = app.db().write(move |conn| {
                Ok::<_, DatabaseError>(diesel::RunQueryDsl::execute(diesel::sql_query(statement), conn)?)
            });
            assert!(refused.await.is_err(), "{statement}");
        }
        let exchange = one.exchange.clone();
        let found = app.db().read(move |conn| Ok::<_, RetentionError>(retention_find(conn, &exchange)?)).await.unwrap();
        assert_eq!(found.unwrap().erased, Some(now));
        // The same exchange again changes nothing.
        let again = Kept { ends: now.plus(DAY), ..one };
        write(app, move |conn| retention_insert(conn, &[again])).await;
        run_at(app, at(now.plus(2 * DAY))).await.unwrap();
        assert_eq!(endpoint.heard().len(), 1);
    }
}
