//! What an officer is refused in an emergency: asking without saying why, and reviewing what she asked herself.
//!
//! The questions go through the asker's local listener to the other department; the reviews through the console, by officers who were
//! invited, chose their passwords and signed in.

use protocol::seal::random;
use schemas::{
    asking::{CaseView, PartAnswer, PartOutcome},
    id::MessageId,
    problem::Code,
};
use serde_json::{Value, json};
use service_kit_testing::{Browser, Page};
use url::Url;
use vinimay::{demo::PENSION_PURPOSE, world::Department};

use super::world::World;
use crate::{
    ready::good,
    rogue::{Traces, address, certificate_der},
};

/// What is shown here.
pub const CODES: &[Code] = &[Code::ReasonMissing, Code::FourEyesRequired];

/// The law for emergencies that these tests register, and the one that has people named for it.
const LAW: &str = "cg-emergency-2026";
const WHY: &str = "She was carried in unconscious and nobody knows her.";
const PASSWORD: &str = "monsoon arrives on a tuesday";

/// So that the registry may name people for the purpose of the question.
pub fn with_names(purposes: &str) -> String {
    let first = "[[purpose.allowed]]\ndataset = \"revenue.income\"";
    assert!(purposes.contains(first), "the purposes of the demonstration changed");
    let names = "[[purpose.allowed]]\ndataset = \"identity.subject\"\nfields = [\"subject\"]\n\n";
    purposes.replacen(first, &format!("{names}{first}"), 1)
}

/// An officer of the asking department in her own browser.
struct Officer(Browser);

impl Officer {
    /// Invited on the gateway's own machine.
    async fn hired(department: &Department, name: &str, person: &str) -> Self {
        let arguments = ["user", "invite", name, "--role", "reviewer", "--role", "admin", "--person", person];
        let invited: Value = serde_json::from_str(&department.command(&arguments).unwrap()).unwrap();
        Self::accepting(department, name, invited["link"].as_str().unwrap()).await
    }

    /// Whoever holds the link chooses the password.
    async fn accepting(department: &Department, name: &str, link: &str) -> Self {
        let people: Url = address(department, "public", "people").parse().unwrap();
        let certificate = certificate_der(&department.folder().join("keys/tls.pem"));
        let browser = Browser::new(people.host_str().unwrap(), people.port().unwrap(), &certificate);
        let code = link.split_once("code=").unwrap().1;
        let chosen = [("code", code), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(browser.post("/invitation", &chosen).await.status, 303);
        let signed_in = browser.post("/sign-in", &[("name", name), ("password", PASSWORD)]).await;
        assert_eq!(signed_in.header("location"), "/console", "{}", signed_in.body);
        Self(browser)
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.0.get("/console").await.hidden("form_token");
        self.0.post(path, &[fields, &[("form_token", token.as_str())]].concat()).await
    }

    /// Invites somebody by the console; the link.
    async fn invites(&self, name: &str) -> String {
        let page = self.post("/console/users/invite", &[("name", name), ("display", name), ("role", "reviewer")]).await;
        let link = page.body.split_once("data-value=\"invitation\">").expect("a link").1;
        link.split('<').next().unwrap().to_owned()
    }

    /// Judges a use; the code if it is refused.
    async fn judges(&self, used: &MessageId, reason: &str) -> Result<(), String> {
        let fields = [("exchange", used.as_str()), ("outcome", "upheld"), ("reason", reason)];
        let page = self.post("/console/break-glass/decide", &fields).await;
        if page.status == 303 {
            return Ok(());
        }
        let code = page.body.split_once("data-code=\"").unwrap_or_else(|| panic!("{} {}", page.status, page.body)).1;
        Err(code.split('"').next().unwrap().to_owned())
    }
}

/// One question under the law, by this officer, with this reason.
async fn ask(world: &World, officer: &str, reason: Option<&str>) -> PartAnswer {
    let her = world.citizen.bindings[0].held.concealed("sub_social").unwrap().to_owned();
    let mut part = json!({ "law": LAW, "provider": world.federation.revenue.entity(), "dataset": "revenue.income",
                           "fields": ["annual_income_band"], "subject": { "sub": her } });
    if let Some(reason) = reason {
        part["reason"] = reason.into();
    }
    let case = json!({ "case": "CASE-2026-0009", "purpose": PENSION_PURPOSE, "officer": officer, "parts": [part] });
    let key = random::message_id(world.now()).to_string();
    let portal = world.federation.social.portal(0).unwrap();
    let reply = portal.post("/v1/queries", &[("Idempotency-Key", &key)], &case).await.unwrap();
    good::<CaseView>(&reply).parts.remove(0)
}

async fn is_answered(world: &World, officer: &str, when: &str) -> MessageId {
    let part = ask(world, officer, Some(WHY)).await;
    assert_eq!((part.outcome, part.code), (PartOutcome::Answered, None), "{when}: {part:?}");
    part.exchange.unwrap()
}

fn uses(department: &Department) -> i64 {
    Traces::of(department).rows["break_glass"]
}

/// Good ones before and after each refusal; what is refused opens no review and reaches nobody.
pub async fn refusals_to_officers(world: &World) {
    let social = &world.federation.social;
    let lata = Officer::hired(social, "lata", "lata").await;
    let first = is_answered(world, "lata", "before").await;
    for (officer, reason, code) in [
        ("lata", None, Code::ReasonMissing),
        ("lata", Some("urgent"), Code::ReasonMissing),
        ("lata", Some("1234567890 1234567890"), Code::ReasonMissing),
        ("nobody", Some(WHY), Code::AccessDenied),
    ] {
        world.nothing_is_on_its_way().await;
        let before = (uses(social), Traces::of(&world.federation.revenue));
        let part = ask(world, officer, reason).await;
        assert_eq!((part.outcome, part.code), (PartOutcome::Refused, Some(code)), "{officer} {reason:?}");
        let after = (uses(social), Traces::of(&world.federation.revenue));
        assert_eq!(after, before, "{officer} {reason:?}: nobody was asked");
    }
    let second = is_answered(world, "lata", "after").await;
    four_eyes(world, (&lata, &first), &second).await;
}

/// Neither she, nor another account of hers, nor one that she invited for herself; another person does.
async fn four_eyes(world: &World, (lata, first): (&Officer, &MessageId), second: &MessageId) {
    let social = &world.federation.social;
    let twice = Officer::hired(social, "lata-2", "lata").await;
    let friend = Officer::accepting(social, "friend", &lata.invites("friend").await).await;
    let ravi = Officer::hired(social, "ravi", "ravi").await;
    let judged = "The ward book of that night confirms it.";
    ravi.judges(first, judged).await.unwrap();
    for (officer, who) in [(lata, "herself"), (&twice, "her second account"), (&friend, "one that she invited")] {
        assert_eq!(officer.judges(second, judged).await, Err("four-eyes-required".to_owned()), "{who}");
    }
    assert_eq!(ravi.judges(second, "fine").await, Err("reason-missing".to_owned()));
    assert_eq!(ravi.judges(first, judged).await, Err("conflict".to_owned()), "decided once");
    let confirmed = ravi.post("/console/users/change", &[("name", "friend"), ("change", "confirm")]).await;
    assert_eq!(confirmed.status, 303, "{}", confirmed.body);
    friend.judges(second, judged).await.unwrap();
}
