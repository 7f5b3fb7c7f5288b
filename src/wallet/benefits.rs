//! Benefits: what departments decided about her and why, and her answer to an offer.
//!
//! Guarantees: each department is shown its own pseudonym of hers and nothing else; an answer goes only to the department that
//! made the offer. Deliberately absent: objections (`objections`).

use protocol::federation::VerifiedMember;
use schemas::{
    benefits::{BenefitAnswer, BenefitView, Benefits, BenefitsRequest, OfferAnswer},
    id::{EntityId, MessageId},
    problem::Code,
    scheme::DecisionState,
};
use serde::{Deserialize, Serialize};

use super::{
    Federation, Home, WalletError,
    decide::open_binding,
    history::{key_for, known_by},
    post::Party,
};

/// What was decided, and by whom nothing was told.
#[derive(Clone, Debug, Serialize)]
pub struct FoundHer {
    /// One a department that has decided something.
    pub departments: Vec<Benefits>,
    /// Departments that did not answer, and why.
    pub missing: Vec<String>,
    /// Departments whose word cannot be believed, and why.
    pub unbelieved: Vec<String>,
}

/// How a decision stands after her answer.
#[derive(Clone, Debug, Serialize)]
pub struct Answered {
    /// Which decision.
    pub decision: MessageId,
    /// The department.
    pub department: EntityId,
    /// Its state.
    pub state: DecisionState,
}

/// Asks every department what it decided about her.
///
/// # Errors
/// If the wallet has no binding, or the directory cannot be read.
pub async fn benefits(home: &Home, federation: &Federation) -> Result<FoundHer, WalletError> {
    let directory = federation.directory().await?;
    let mut members: Vec<&VerifiedMember> =
        directory.members().filter(|member| directory.peer(member.entity(), federation.now()).is_ok()).collect();
    members.sort_by(|a, b| a.entity().cmp(b.entity()));
    let mut found = FoundHer { departments: Vec::new(), missing: Vec::new(), unbelieved: Vec::new() };
    for member in members {
        match ask(home, federation, member).await {
            Ok(Some(told)) if !told.decisions.is_empty() => found.departments.push(told),
            Ok(_) => {}
            // One that answers badly keeps her from no other.
            Err(error @ WalletError::Untrusted(_)) => found.unbelieved.push(error.to_string()),
            // A department that knows her by no pseudonym has decided nothing about her.
            Err(WalletError::Refused { code: Some(Code::NotFound | Code::RequestMalformed), .. }) => {}
            // No other refusal says anything of what was decided: her clock may be wrong, or her binding held for suspended still.
            Err(error) => found.missing.push(error.to_string()),
        }
    }
    Ok(found)
}

/// Takes the offer of this decision, or does not.
///
/// # Errors
/// If no department told of such an offer, or it refuses the answer.
pub async fn answer(
    home: &Home,
    federation: &Federation,
    decision: &MessageId,
    answer: BenefitAnswer,
) -> Result<Answered, WalletError> {
    let found = benefits(home, federation).await?;
    let may = |view: &BenefitView| view.decision == *decision && view.may.contains(&answer);
    let told = found.departments.into_iter().find(|told| told.decisions.iter().any(may));
    let unknown = || WalletError::Usage(format!("no department has an offer {decision} that waits for this answer"));
    let department = told.ok_or_else(unknown)?.member;
    let member = federation.member(&department).await?;
    let party = Party { member: &member, http: federation.http(&member)? };
    let request = OfferAnswer { binding: proof(home, federation, &party).await?, decision: decision.clone(), answer };
    let url = format!("{}/benefits/answers", member.gateway().citizen_endpoint);
    let reply = party.json(&url, &[], &request).await?;
    let State { state } = party.read(&reply)?;
    Ok(Answered { decision: decision.clone(), department, state })
}

#[derive(Deserialize)]
struct State {
    state: DecisionState,
}

async fn proof(home: &Home, federation: &Federation, party: &Party<'_>) -> Result<String, WalletError> {
    let bindings = home.bindings()?;
    let bound = key_for(&bindings, party.member).ok_or_else(|| {
        WalletError::Usage("the wallet has no binding yet; mend: `vinimay wallet bind` an invitation".to_owned())
    })?;
    known_by(home, federation, party, bound).await
}

/// `None`: the department cannot know her, for no pseudonym of its sector was given.
async fn ask(home: &Home, federation: &Federation, member: &VerifiedMember) -> Result<Option<Benefits>, WalletError> {
    let bindings = home.bindings()?;
    if let Some(bound) = key_for(&bindings, member) {
        let (_, binding) = open_binding(home, federation, bound).await?;
        if binding.concealed(&format!("sub_{}", member.sector())).is_none() {
            return Ok(None);
        }
    }
    let party = Party { member, http: federation.http(member)? };
    let request = BenefitsRequest { binding: proof(home, federation, &party).await? };
    let reply = party.json(&format!("{}/benefits", member.gateway().citizen_endpoint), &[], &request).await?;
    let told: Benefits = party.read(&reply)?;
    if told.member == *member.entity() {
        return Ok(Some(told));
    }
    Err(WalletError::Untrusted(format!("{} told another member's decisions", member.entity())))
}
