//! "Who used my data": asked of every member, each shown only what it knows her by.

use protocol::{credential::HeldBinding, federation::VerifiedMember, seal::SigningKey};
use schemas::citizen::{History, HistoryRequest, PresentationNonce};
use serde::Serialize;

use super::{
    Federation, Home, WalletError,
    decide::{key_binding, open_binding},
    home::{BoundKey, Use},
    post::Party,
};

/// What was told, and by whom nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// One a member that answered.
    pub histories: Vec<History>,
    /// Members that did not, and why.
    pub missing: Vec<String>,
}

/// Asks every member. To a department that asks she proves the key that it knows, to others the general one; disclosed is that
/// member's own pseudonym and nothing else.
///
/// # Errors
/// If the wallet has no binding, or the directory cannot be read.
pub async fn history(home: &Home, federation: &Federation) -> Result<Told, WalletError> {
    let bindings = home.bindings()?;
    if bindings.is_empty() {
        return Err(WalletError::Usage(
            "the wallet has no binding yet; mend: `vinimay wallet bind` an invitation".to_owned(),
        ));
    }
    let directory = federation.directory().await?;
    let mut members: Vec<&VerifiedMember> =
        directory.members().filter(|member| directory.peer(member.entity(), federation.now()).is_ok()).collect();
    members.sort_by(|a, b| a.entity().cmp(b.entity()));
    let mut told = Told { histories: Vec::new(), missing: Vec::new() };
    for member in members {
        let Some(bound) = key_for(&bindings, member) else { continue };
        match ask(home, federation, member, bound).await {
            Ok(history) => told.histories.push(history),
            Err(error @ WalletError::Untrusted(_)) => return Err(error),
            Err(error) => told.missing.push(error.to_string()),
        }
    }
    Ok(told)
}

/// A presentation to a member that shows what it knows her by: its own pseudonym of hers.
pub(super) async fn known_by(
    home: &Home,
    federation: &Federation,
    party: &Party<'_>,
    bound: &BoundKey,
) -> Result<String, WalletError> {
    let (key, binding) = open_binding(home, federation, bound).await?;
    let sector = format!("sub_{}", party.member.sector());
    // A registry that names nobody in that sector gives no pseudonym; the key alone is proven then.
    let disclosed: &[&str] = if binding.concealed(&sector).is_some() { &[&sector] } else { &[] };
    present_to(federation, party, (&key, &binding), disclosed).await
}

/// A presentation to a member over a fresh nonce of its own.
pub(super) async fn present_to(
    federation: &Federation,
    party: &Party<'_>,
    (key, binding): (&SigningKey, &HeldBinding),
    disclosed: &[&str],
) -> Result<String, WalletError> {
    let member = party.member;
    let url = format!("{}/nonce", member.gateway().citizen_endpoint);
    let nonce = party.post(&url, "application/json", &[], Vec::new()).await?;
    let nonce: PresentationNonce = party.read(&nonce)?;
    let to = key_binding(member.entity().as_str(), &nonce.nonce, federation.now(), Vec::new());
    Ok(binding.present(disclosed, &to, key)?)
}

pub(super) fn key_for<'a>(bindings: &'a [BoundKey], member: &VerifiedMember) -> Option<&'a BoundKey> {
    let own = Use::Consumer(member.entity().clone());
    let of = |purpose: &Use| bindings.iter().find(|bound| bound.purpose == *purpose);
    of(&own).or_else(|| of(&Use::General))
}

async fn ask(
    home: &Home,
    federation: &Federation,
    member: &VerifiedMember,
    bound: &BoundKey,
) -> Result<History, WalletError> {
    let party = Party { member, http: federation.http(member)? };
    let binding = known_by(home, federation, &party, bound).await?;
    let endpoint = &member.gateway().citizen_endpoint;
    let reply = party.json(&format!("{endpoint}/history"), &[], &HistoryRequest { binding }).await?;
    let history: History = party.read(&reply)?;
    if history.member == *member.entity() {
        return Ok(history);
    }
    Err(WalletError::Untrusted(format!("{} told another member's history", member.entity())))
}
