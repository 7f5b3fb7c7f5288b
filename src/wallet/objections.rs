//! She objects to a removal: an order that her key for the department signs, and the slip that she gets for it.
//!
//! Guarantees: it goes only to the department that told of the decision, and counts as taken by that department's signed record about
//! this very decision alone. Deliberately absent: keeping what could not be sent; the command says so, and the same words may go again.

use protocol::{
    credential::did,
    exchange::Attested,
    federation::VerifiedMember,
    seal::{KeyReference, Typ, random, sign_as},
};
use schemas::{
    benefits::{BenefitAnswer, BenefitView, Benefits, ObjectionOrder, ObjectionRequest, ObjectionTaken},
    decision::{DecisionAction, DecisionRecord},
    id::{CompactJws, EntityId, MessageId},
    scheme::DecisionState,
    version::V1,
};
use serde::Serialize;

use super::{
    Federation, Home, WalletError,
    benefits::benefits,
    history::{key_for, known_by},
    home::BoundKey,
    post::Party,
};

/// Longest words, characters; the department refuses more.
const MOST_WORDS: usize = 2_000;

/// Who took it, and the slip.
#[derive(Clone, Debug, Serialize)]
pub struct Objected {
    /// The department.
    pub department: EntityId,
    /// What it gave.
    #[serde(flatten)]
    pub taken: ObjectionTaken,
}

/// Objects to this removal, in her words, which may be empty. The same again is answered with the same slip.
///
/// # Errors
/// If no department told of such a removal, the words are too long, it refuses, or what it gives is not its word about this decision.
pub async fn object(
    home: &Home,
    federation: &Federation,
    decision: &MessageId,
    words: &str,
) -> Result<Objected, WalletError> {
    let long = words.chars().count();
    if long > MOST_WORDS {
        let problem = format!("the words have {long} characters; mend: say it in at most {MOST_WORDS}");
        return Err(WalletError::Usage(problem));
    }
    let found = benefits(home, federation).await?;
    // While it is heard, what she adds is taken too, and what was said before is answered with its slip once more.
    let heard = |view: &BenefitView| view.action == DecisionAction::Remove && view.state == DecisionState::Contested;
    let may =
        |view: &BenefitView| view.decision == *decision && (view.may.contains(&BenefitAnswer::Object) || heard(view));
    let mut telling = found.departments.into_iter().filter(|told| told.decisions.iter().any(may));
    let (told, other) = (telling.next(), telling.next());
    if let (Some(one), Some(other)) = (&told, &other) {
        let problem = format!(
            "{} and {} both tell of a decision {decision}; mend: ask at their offices",
            one.member, other.member
        );
        return Err(WalletError::Untrusted(problem));
    }
    let unknown = || {
        let silent: Vec<&str> = found.missing.iter().chain(&found.unbelieved).map(String::as_str).collect();
        let missing = if silent.is_empty() { String::new() } else { format!(" ({})", silent.join("; ")) };
        WalletError::Usage(format!(
            "no department told of a removal {decision} that can be objected to{missing}; mend: take its number from `vinimay wallet benefits`"
        ))
    };
    let Benefits { member: department, decisions } = told.ok_or_else(unknown)?;
    let known = decisions.into_iter().filter(|view| view.decision == *decision).flat_map(|view| view.records);
    let known: Vec<CompactJws> = known.collect();
    let member = federation.member(&department).await?;
    let party = Party { member: &member, http: federation.http(&member)? };
    let bindings = home.bindings()?;
    let bound = key_for(&bindings, &member)
        .ok_or_else(|| WalletError::Usage("the wallet has no binding; mend: `vinimay wallet bind`".to_owned()))?;
    let objection = sign(home, federation, (bound, &member), decision, words)?;
    let request = ObjectionRequest { binding: known_by(home, federation, &party, bound).await?, objection };
    let reply = party.json(&format!("{}/objections", member.gateway().citizen_endpoint), &[], &request).await?;
    let taken: ObjectionTaken = party.read(&reply)?;
    verify(&taken, &member, (decision, &known))?;
    Ok(Objected { department, taken })
}

fn sign(
    home: &Home,
    federation: &Federation,
    (bound, member): (&BoundKey, &VerifiedMember),
    decision: &MessageId,
    words: &str,
) -> Result<CompactJws, WalletError> {
    let (key, now) = (home.key(&bound.kid)?, federation.now());
    let iss = did::encode(key.public()).map_err(|error| WalletError::Usage(error.to_string()))?;
    let url = did::key_url(&iss);
    let claims = ObjectionOrder {
        v: V1,
        iss,
        aud: member.entity().clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        decision: decision.clone(),
        words: words.to_owned(),
    };
    Ok(sign_as(Typ::Objection, &key, KeyReference::Url(&url), &claims)?)
}

/// Verifies that the department signed that it hears her; `known`: the records of the decision that it told before.
fn verify(
    taken: &ObjectionTaken,
    member: &VerifiedMember,
    (decision, known): (&MessageId, &[CompactJws]),
) -> Result<(), WalletError> {
    let untrusted = |what: &str| WalletError::Untrusted(format!("{}: {what}", member.entity()));
    let read = |record: &CompactJws| Attested::<DecisionRecord>::verify(record.as_str().as_bytes(), member);
    let record = read(&taken.record)
        .map_err(|error| untrusted(&format!("the record of the objection cannot be verified: {error}")))?;
    let claims = record.claims();
    let contested = |claims: &DecisionRecord| claims.decision == *decision && claims.state == DecisionState::Contested;
    let heard = match claims.state {
        DecisionState::Contested => true,
        // Against a removal that was carried out the record says so still, until two officers have heard her; once they have, the same
        // words are answered with the record of that.
        DecisionState::Removed => {
            let before =
                || known.iter().filter_map(|record| read(record).ok()).any(|record| contested(record.claims()));
            claims.action == DecisionAction::Review || before()
        }
        _ => false,
    };
    if taken.decision == *decision && claims.decision == *decision && claims.case == taken.case && heard {
        return Ok(());
    }
    Err(untrusted("it took something else than this objection"))
}
