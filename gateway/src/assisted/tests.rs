//! An operator helps: a code for each card, five tries, one slip; with a real gateway for short messages behind TLS.

use schemas::{
    consent::AssistanceMethod,
    digest::Digest,
    id::{ConsentId, SystemName},
};
use service_kit::clock::Clock;

use super::*;
use crate::{
    store::testing::rows,
    testing::{TestAnchor, TestDepartment, WALLET_ORIGIN},
    webhooks::testing::HttpsEndpoint,
};

mod endings;

const PHONE: &str = "+919876543210";

struct Centre {
    app: App,
    endpoint: HttpsEndpoint,
    _department: TestDepartment,
    _anchor: TestAnchor,
}

async fn centre(roles: &[&str], answers: u16) -> Centre {
    let endpoint = HttpsEndpoint::start(move |_| (answers, "", Vec::new())).await;
    let more = format!(
        "[notices.sms]\nurl = \"https://localhost:{}/send\"\nbody = '{{\"to\":\"{{phone}}\",\"text\":\"{{text}}\"}}'\nroots_file = \"sms.pem\"\n",
        endpoint.port
    );
    let anchor = TestAnchor::start(&Clock::default());
    let department = TestDepartment::new("centre", None, &more);
    std::fs::write(department.path("sms.pem"), &endpoint.certificate).unwrap();
    department.init();
    department.join(&anchor, roles).await.unwrap();
    let app = department.open();
    app.refresh_directory().await.unwrap();
    Centre { app, endpoint, _department: department, _anchor: anchor }
}

impl Centre {
    fn order(session: &AssistedSession, card: &str) -> ApprovalOrder {
        ApprovalOrder {
            token: session.token.clone(),
            card: Digest::of(card),
            method: AssistanceMethod::OtpReadOut,
            phone: PHONE.parse().unwrap(),
            language: "hi".to_owned(),
        }
    }

    /// The code of the last message.
    fn code(&self) -> String {
        let heard = self.endpoint.heard();
        let body = String::from_utf8(heard.last().unwrap().body.clone()).unwrap();
        assert!(body.contains(PHONE), "{body}");
        let digits: Vec<&str> = body.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == DIGITS).collect();
        digits[0].to_owned()
    }

    async fn confirm(&self, token: &str, approval: &MessageId, code: &str) -> Result<Confirmed, Code> {
        let told = Confirmation { token: token.to_owned(), approval: approval.clone(), code: code.to_owned() };
        self.app.assisted_confirm(&told).await.map_err(refusal)
    }
}

fn refusal(error: AssistedError) -> Code {
    match error {
        AssistedError::Refused(refusal) => refusal.code(),
        other => panic!("{other}"),
    }
}

fn operator() -> SystemName {
    "op-7".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn she_approves_by_the_code_on_a_phone_and_takes_a_slip_home() {
    let centre = centre(&["assisted-operator"], 200).await;
    let session = centre.app.assisted_open(&operator()).await.unwrap();
    let link = session.wallet_link.clone().unwrap();
    assert!(
        link.starts_with(&format!("{WALLET_ORIGIN}/#/assisted?operator=https%3A%2F%2Fcentre.localhost&session=")),
        "{link}"
    );
    let asked = centre.app.assisted_ask(&Centre::order(&session, "card")).await.unwrap();
    let confirmed = centre.confirm(&session.token, &asked.approval, &centre.code()).await.unwrap();
    assert_eq!((confirmed.card, &confirmed.assistance.operator), (Digest::of("card"), centre.app.entity()));
    assert_eq!(
        (&confirmed.assistance.session, confirmed.assistance.method),
        (&session.session, AssistanceMethod::OtpReadOut)
    );
    let again = centre.confirm(&session.token, &asked.approval, &centre.code()).await;
    assert_eq!(again, Err(Code::AccessDenied), "a code is used once");

    let consent: ConsentId = random::consent_id(centre.app.now());
    let closing = Closing { token: session.token.clone(), consents: vec![consent.clone()], endings: Vec::new() };
    let slip = centre.app.assisted_close(&closing).await.unwrap();
    assert!(slip.qr.contains(consent.as_str()) && slip.text.len() == 2, "{slip:?}");
    assert!(slip.text["hi"].lines[1].contains("सहमति") && slip.text["en"].lines[1].contains("one consent"), "{slip:?}");
    assert!(
        slip.picture.as_ref().is_some_and(|picture| picture.path.starts_with("M4 4h")),
        "the device draws its code"
    );
    let printed = centre.app.assisted_slip(&session.session, &operator()).await.unwrap();
    assert_eq!(printed, Some(AssistedSlip { picture: None, ..slip }), "it can be printed again");
    let other = centre.app.assisted_slip(&session.session, &"op-8".parse().unwrap()).await.unwrap();
    assert_eq!(other, None, "by whoever helped, and nobody else");
    assert_eq!(centre.app.assisted_close(&closing).await.map_err(refusal).err(), Some(Code::AccessDenied), "closed");
    let after = centre.app.assisted_ask(&Centre::order(&session, "card")).await;
    assert_eq!(after.map_err(refusal).err(), Some(Code::AccessDenied), "a closed session approves nothing");
    let trail = centre.app.db().read(|conn| rows(conn, "audit_trail")).await.unwrap();
    assert!(trail >= 4, "opened, approved, refused, closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_wrong_code_kills_an_approval_and_no_other() {
    let centre = centre(&["assisted-operator"], 200).await;
    let session = centre.app.assisted_open(&operator()).await.unwrap();
    let (one, right) = {
        let asked = centre.app.assisted_ask(&Centre::order(&session, "one")).await.unwrap();
        (asked.approval, centre.code())
    };
    let two = centre.app.assisted_ask(&Centre::order(&session, "two")).await.unwrap().approval;
    let second = centre.code();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(centre.confirm(&session.token, &one, wrong).await, Err(Code::AccessDenied));
    }
    assert_eq!(centre.confirm(&session.token, &one, &right).await, Err(Code::AccessDenied), "dead after five");
    assert_eq!(centre.confirm(&session.token, &two, &second).await.unwrap().card, Digest::of("two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_in_its_own_session_alone() {
    let centre = centre(&["assisted-operator"], 200).await;
    let (mine, other) =
        (centre.app.assisted_open(&operator()).await.unwrap(), centre.app.assisted_open(&operator()).await.unwrap());
    let asked = centre.app.assisted_ask(&Centre::order(&mine, "card")).await.unwrap();
    let code = centre.code();
    assert_eq!(centre.confirm(&other.token, &asked.approval, &code).await, Err(Code::AccessDenied));
    assert_eq!(centre.confirm("unknown", &asked.approval, &code).await, Err(Code::AccessDenied));
    centre.confirm(&mine.token, &asked.approval, &code).await.unwrap();
    for _ in 1..CODES {
        centre.app.assisted_ask(&Centre::order(&mine, "card")).await.unwrap();
    }
    let one_more = centre.app.assisted_ask(&Centre::order(&mine, "card")).await;
    assert_eq!(one_more.map_err(refusal).err(), Some(Code::TooManyRequests));
    centre.app.assisted_ask(&Centre::order(&other, "card")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_role_or_without_a_message_nothing_is_approved() {
    let stranger = centre(&["provider"], 200).await;
    assert_eq!(stranger.app.assisted_open(&operator()).await.map_err(refusal).err(), Some(Code::RoleMissing));
    let silent = centre(&["assisted-operator"], 500).await;
    let session = silent.app.assisted_open(&operator()).await.unwrap();
    let asked = silent.app.assisted_ask(&Centre::order(&session, "card")).await;
    assert_eq!(asked.map_err(refusal).err(), Some(Code::RegistryUnavailable));
}

#[test]
fn both_languages_have_the_same_sentences() {
    let words = slip::words().unwrap();
    let [english, hindi] = [service_kit::words::Language::English, service_kit::words::Language::Hindi];
    assert_eq!(words.keys(english), words.keys(hindi));
}
