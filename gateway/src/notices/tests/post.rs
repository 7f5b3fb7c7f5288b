//! Short messages against an HTTPS endpoint, and letters in a folder.

use schemas::{
    id::SystemName,
    notice::{Channel, DeliveryState, NoticeLevel},
    problem::Code,
    time::Timestamp,
};
use serde_json::Value;
use service_kit::db::DatabaseError;

use super::{Person, hold, reachable, round, subject, tell, ways};
use crate::{
    notices::{HandOverError, ReportRefused},
    people::{By, Change, Invite, Role, Roles},
    store::{
        links::{LinkError, NewLink, link_insert},
        notices::reports::message_gone,
    },
    webhooks::testing::{HttpsEndpoint, Member},
};

const BODY: &str = r#"{"to":"{phone}","text":"{text}","ref":"{id}"}"#;

fn sms(endpoint: &HttpsEndpoint) -> String {
    format!(
        "[notices.sms]\nurl = \"https://localhost:{}/send\"\nbody = '{BODY}'\nsecret_file = \"sms.secret\"\nroots_file = \"sms.pem\"\n",
        endpoint.port
    )
}

async fn with_sms(postgres: bool, endpoint: &HttpsEndpoint, letters: bool) -> Member {
    let more = sms(endpoint) + if letters { "[notices.letters]\nfolder = \"letters\"\n" } else { "" };
    Member::prepare(postgres, &more, &[("sms.pem", &endpoint.certificate)], |department| {
        std::fs::create_dir(department.path("letters")).unwrap();
        service_kit::secret::SecretFile::write(&department.path("sms.secret"), b"k-e-y\n").unwrap();
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_message_is_posted_in_the_configured_form_and_counts_at_2xx() {
    for postgres in [false, true] {
        let endpoint = HttpsEndpoint::start(|_| (202, "", b"{}".to_vec())).await;
        let member = with_sms(postgres, &endpoint, false).await;
        let (app, person) = (&member.app, Person::of_subject(member.app.keys(), &subject()));
        reachable(app, &person, NoticeLevel::Exceptions, Some("+919876543210"), None).await;
        tell(app, &person, hold()).await;
        round(app, 0).await;
        let told = ways(app, &person).await;
        assert_eq!(told[0].2, [(Channel::Sms, DeliveryState::Delivered)]);
        let heard = endpoint.heard();
        assert_eq!((heard.len(), heard[0].line.as_str()), (1, "POST /send HTTP/1.1"), "no number in the address");
        assert_eq!(heard[0].header("authorization"), Some("Bearer k-e-y"));
        let body: Value = serde_json::from_slice(&heard[0].body).unwrap();
        assert_eq!((body["to"].as_str(), body["ref"].as_str()), (Some("+919876543210"), Some(told[0].0.as_str())));
        assert!(body["text"].as_str().unwrap().contains("भुगतान"), "in her language: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_told_goes_on_paper_when_the_number_is_dead_and_counts_when_handed_over() {
    let endpoint = HttpsEndpoint::start(|_| (422, "", Vec::new())).await;
    let member = with_sms(false, &endpoint, true).await;
    let (app, person) = (&member.app, Person::of_subject(member.app.keys(), &subject()));
    link(app).await;
    reachable(app, &person, NoticeLevel::Exceptions, Some("+919876543210"), None).await;
    tell(app, &person, hold()).await;
    round(app, 0).await;
    round(app, 0).await;
    let told = ways(app, &person).await;
    assert_eq!(told[0].2, [(Channel::Letter, DeliveryState::Printed), (Channel::Sms, DeliveryState::Parked)]);

    let page = member.department.path("letters").join(format!("{}.html", told[0].0));
    let text = std::fs::read_to_string(&page).unwrap();
    for part in [
        "<!DOCTYPE html>",
        "@page{size:A4",
        "lang=\"hi\"",
        "lang=\"en\"",
        "Your payment is on hold",
        "PEN-17",
        told[0].0.as_str(),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.find("lang=\"hi\"") < text.find("lang=\"en\""), "her language first");
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&page).unwrap().permissions()) & 0o777,
        0o600
    );

    let (system, officer): (SystemName, SystemName) = ("post-room".parse().unwrap(), "meena".parse().unwrap());
    let invited = |name: &str, role| Invite {
        name: name.parse().unwrap(),
        person: None,
        display: None,
        roles: Roles::new([role]),
    };
    for (name, role) in [("meena", Role::Operator), ("lata", Role::Auditor)] {
        app.officers().invite(By::CommandLine, invited(name, role)).await.unwrap();
    }
    let listed = app.letters().await.unwrap();
    assert_eq!((listed.len(), &listed[0].id, listed[0].kind.as_str()), (1, &told[0].0, "hold"));
    let other = protocol::seal::random::message_id(app.now());
    assert!(matches!(app.letter_handed_over(&other, (&system, &officer)).await, Err(HandOverError::Unknown)));
    for nobody in ["officer-7", "lata"] {
        let named = nobody.parse().unwrap();
        let refused = app.letter_handed_over(&told[0].0, (&system, &named)).await;
        assert!(matches!(refused, Err(HandOverError::Officer)), "{nobody}: any name is nobody's word");
    }
    app.officers().change(By::CommandLine, officer.clone(), Change::Disable).await.unwrap();
    let closed = app.letter_handed_over(&told[0].0, (&system, &officer)).await;
    assert!(matches!(closed, Err(HandOverError::Officer)), "a closed account");
    app.officers().change(By::CommandLine, officer.clone(), Change::Enable).await.unwrap();
    assert!(page.exists() && ways(app, &person).await[0].2[0].1 == DeliveryState::Printed);
    app.letter_handed_over(&told[0].0, (&system, &officer)).await.unwrap();
    assert!(!page.exists(), "the page goes");
    assert_eq!(ways(app, &person).await[0].2[0], (Channel::Letter, DeliveryState::Delivered));
    assert!(
        matches!(app.letter_handed_over(&told[0].0, (&system, &officer)).await, Err(HandOverError::Unknown)),
        "once"
    );
    assert!(app.letters().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_gateway_for_messages_is_obeyed_and_then_tried_again() {
    let busy = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let still = std::sync::Arc::clone(&busy);
    let endpoint = HttpsEndpoint::start(move |_| {
        if still.load(std::sync::atomic::Ordering::SeqCst) {
            (429, "Retry-After: 7200\r\n", Vec::new())
        } else {
            (200, "", Vec::new())
        }
    })
    .await;
    let member = with_sms(false, &endpoint, false).await;
    let (app, person) = (&member.app, Person::of_subject(member.app.keys(), &subject()));
    reachable(app, &person, NoticeLevel::Exceptions, Some("+919876543210"), None).await;
    tell(app, &person, hold()).await;
    round(app, 0).await;
    busy.store(false, std::sync::atomic::Ordering::SeqCst);
    round(app, 1).await;
    assert_eq!(endpoint.heard().len(), 1, "it asked for two hours");
    round(app, 3).await;
    assert_eq!(ways(app, &person).await[0].2, [(Channel::Sms, DeliveryState::Delivered)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_that_cannot_work_as_configured_stop_the_start() {
    let department = crate::testing::TestDepartment::new("social", None, "");
    let file = department.path("gateway.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(department.path("r.pem"), service_kit_testing::self_signed("localhost", 1).0).unwrap();
    for (section, because) in [
        ("[notices.sms]\nurl = \"https://localhost:1/\"\nbody = \"{phone}\"\nroots_file = \"r.pem\"\n", "{text}"),
        (
            "[notices.sms]\nurl = \"https://localhost:1/?to=x\"\nbody = \"{phone}{text}\"\nroots_file = \"r.pem\"\n",
            "personal data",
        ),
        ("[notices.letters]\nfolder = \"nowhere\"\n", "no folder"),
        (
            "[notices.smtp]\nhost = \"localhost\"\nfrom = \"a@b.example\"\nuser = \"x\"\nroots_file = \"r.pem\"\n",
            "go together",
        ),
        (
            "[notices.smtp]\nhost = \"localhost\"\nfrom = \"a@b.example\"\nroots_file = \"gateway.toml\"\n",
            "no certificate",
        ),
    ] {
        std::fs::write(&file, format!("{text}{section}")).unwrap();
        let config = department.config();
        let refused = config.notices.open(&config.network.policy().unwrap()).unwrap_err().to_string();
        assert!(refused.contains(because) && refused.contains("mend"), "{refused}");
    }
}

/// She is number PEN-17 here.
async fn link(app: &crate::app::App) {
    let (keys, now): (_, Timestamp) = (app.keys().clone(), app.now());
    let link = NewLink {
        subject: subject(),
        local_key: "PEN-17".to_owned(),
        method: "officer".to_owned(),
        score: 100,
        confirmed_by: "officer-1".to_owned(),
    };
    app.db()
        .write(move |conn| link_insert(conn, &keys, &link, now).map(drop))
        .await
        .unwrap_or_else(|e: LinkError| panic!("{e}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carriers_report_counts_once_and_only_for_a_message_that_went() {
    for postgres in [false, true] {
        let endpoint = HttpsEndpoint::start(|_| (202, "", b"{}".to_vec())).await;
        let member = with_sms(postgres, &endpoint, false).await;
        let (app, person) = (&member.app, Person::of_subject(member.app.keys(), &subject()));
        reachable(app, &person, NoticeLevel::Exceptions, Some("+919876543210"), None).await;
        tell(app, &person, hold()).await;
        let (notice, relay) = (ways(app, &person).await[0].0.clone(), "relay".parse::<SystemName>().unwrap());
        let report = async |at: Timestamp| app.message_arrived(&notice, (&relay, at)).await;
        let code = |refused: ReportRefused| match refused {
            ReportRefused::Refused(refusal) => refusal.code(),
            ReportRefused::Store(error) => panic!("{error}"),
        };
        assert_eq!(code(report(app.now()).await.unwrap_err()), Code::NotFound, "nothing went yet");
        round(app, 0).await;
        assert_eq!(code(report(app.now().plus(3_600)).await.unwrap_err()), Code::RequestMalformed, "in the future");
        assert_eq!(code(report(app.now().plus(-3_600)).await.unwrap_err()), Code::RequestMalformed, "before it went");
        let arrived = async || {
            let id = notice.clone();
            let find = move |conn: &mut _| Ok::<_, DatabaseError>(message_gone(conn, &id)?.unwrap().arrived_ms);
            app.db().read(find).await.unwrap()
        };
        assert_eq!(arrived().await, None, "taken by the gateway is not arrived");
        let at = app.now();
        report(at).await.unwrap();
        report(at.plus(1)).await.unwrap();
        assert_eq!(arrived().await, Some(at.seconds() * 1000), "the first word counts");
    }
}
