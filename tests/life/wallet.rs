//! A citizen of the small world at her wallet.

use schemas::{id::MessageId, local::BindingOffer, scheme::DecisionState};
use serde_json::{Value, json};
use vinimay::demo::Citizen;

use super::Life;
use crate::ready::good;

impl Life {
    /// The registry's desk invites somebody.
    pub async fn invitation(&self, resident: &str) -> BindingOffer {
        let desk = self.civil.department.portal(0).unwrap();
        good(&desk.post("/v1/binding-offers", &[], &json!({ "resident": resident })).await.unwrap())
    }

    /// Somebody's wallet, bound at the registry's desk.
    pub async fn wallet_of(&self, resident: &str) -> Citizen {
        let offer = self.invitation(resident).await;
        let home = self.folder().join(format!("wallet-{resident}"));
        let citizen = Citizen::with_wallet(&self.binary, home, &self.anchor.trust_root().unwrap()).unwrap();
        citizen.bind(&offer).unwrap();
        citizen
    }

    /// She takes what a department offers her under a scheme, as soon as her wallet shows it, and stands on its roll.
    pub async fn accepts(&self, (citizen, resident): (&Citizen, &str), (office, scheme): (&str, &str)) {
        let mut offered = None;
        self.until("it is offered to her", |life| {
            offered = offer(life, resident, (office, scheme));
            offered.is_some()
        })
        .await;
        let decision = offered.unwrap().to_string();
        self.until_asked("her wallet shows it", async || shows(&citizen.benefits().unwrap(), &decision)).await;
        citizen.accept(&decision).unwrap();
        self.until("she stands on the roll", |life| {
            let decided = life.office(office).decisions(&life.civil, resident);
            decided.iter().any(|decided| decided.id.as_str() == decision && decided.state == DecisionState::Enrolled)
        })
        .await;
    }
}

fn offer(life: &Life, resident: &str, (office, scheme): (&str, &str)) -> Option<MessageId> {
    let decisions = life.office(office).decisions(&life.civil, resident).into_iter();
    let mut open = decisions.filter(|decided| decided.scheme == scheme && decided.state == DecisionState::Offered);
    open.next().map(|decided| decided.id)
}

/// Whether what departments decided, as the wallet prints it, has this offer.
fn shows(told: &Value, decision: &str) -> bool {
    let views = told.as_array().into_iter().flatten().filter_map(|told| told["decisions"].as_array()).flatten();
    views.into_iter().any(|view| view["decision"] == decision && view["state"] == "offered")
}
