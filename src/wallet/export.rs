//! Everything to keep: consents as signed, orders with their acknowledgements, uses as told by each member, and the evidence.
//!
//! Guarantees: the file is new, and its owner's alone; keys and bindings are not in it; a use whose evidence could not be had is
//! named. Deliberately absent: data that departments exchanged, which no wallet ever sees.

use std::path::Path;

use protocol::{
    bundle::{Check, Finding, Verdict, verify},
    federation::VerifiedMember,
};
use schemas::{
    bundle::{Bundle, TrustRoot},
    citizen::{BundleRequest, History},
    id::{CompactJws, ConsentId, EntityId, MessageId},
    time::Timestamp,
};
use serde::Serialize;
use service_kit::{clock::Clock, secret::SecretFile};

use super::{
    Federation, Home, WalletError,
    history::{history, key_for, known_by},
    post::Party,
};

/// What was written.
#[derive(Clone, Debug, Serialize)]
pub struct Exported {
    /// Consents.
    pub consents: usize,
    /// Uses, as members told them.
    pub uses: usize,
    /// Uses with their evidence.
    pub bundles: usize,
    /// What could not be had, and why.
    pub missing: Vec<String>,
}

/// The file.
#[derive(Serialize)]
struct File {
    made: Timestamp,
    anchor: EntityId,
    consents: Vec<KeptConsent>,
    histories: Vec<History>,
    bundles: Vec<KeptBundle>,
    missing: Vec<String>,
}

#[derive(Serialize)]
struct KeptConsent {
    id: ConsentId,
    consent: CompactJws,
    card: String,
    orders: Vec<CompactJws>,
    acknowledgements: Vec<CompactJws>,
}

#[derive(Serialize)]
struct KeptBundle {
    member: EntityId,
    exchange: MessageId,
    bundle: Bundle,
}

/// Asks every member for her uses and for the evidence of each, and writes one file.
///
/// # Errors
/// If the file exists, the directory cannot be read, or a member is not to be trusted.
pub async fn export(home: &Home, federation: &Federation, out: &Path, clock: &Clock) -> Result<Exported, WalletError> {
    let told = history(home, federation).await?;
    let (mut bundles, mut missing) = (Vec::new(), told.missing);
    for history in &told.histories {
        let member = federation.member(&history.member).await?;
        for used in &history.uses {
            match bundle(home, federation, &member, &used.exchange).await {
                Ok(bundle) => {
                    let open = wanting(&bundle, federation.root(), clock.now())?;
                    missing.extend(open.map(|open| format!("the evidence of {}: {open}", used.exchange)));
                    bundles.push(KeptBundle {
                        member: history.member.clone(),
                        exchange: used.exchange.clone(),
                        bundle,
                    });
                }
                Err(error @ WalletError::Untrusted(_)) => return Err(error),
                Err(error) => missing.push(format!("the evidence of {}: {error}", used.exchange)),
            }
        }
    }
    let file = File {
        made: federation.now(),
        anchor: federation.anchor().clone(),
        consents: consents(home)?,
        histories: told.histories,
        bundles,
        missing,
    };
    write(out, &file)?;
    let uses = file.histories.iter().map(|history| history.uses.len()).sum();
    Ok(Exported { consents: file.consents.len(), uses, bundles: file.bundles.len(), missing: file.missing })
}

/// What an auditor would miss in a bundle, or refuse: the other party's record comes a moment after the first one is in the log, and
/// with it the bundle stands alone. It is kept either way.
fn wanting(bundle: &Bundle, root: &TrustRoot, now: Timestamp) -> Result<Option<String>, WalletError> {
    let written = serde_json::to_vec(bundle).map_err(|error| WalletError::Usage(error.to_string()))?;
    let report = verify(&written, root, now);
    let named = |check: &Check| match check.finding {
        Finding::Passed => None,
        Finding::Failed(reason) | Finding::CouldNotBeChecked(reason) => {
            Some(format!("{} ({})", check.id.as_str(), reason.as_str()))
        }
    };
    let open = || report.checks.iter().filter_map(named).collect::<Vec<_>>().join(", ");
    Ok(match report.verdict() {
        Verdict::Trusted => None,
        Verdict::Undecided => Some(format!("not whole yet: {}; mend: export again later", open())),
        Verdict::Failed | Verdict::Foreign => Some(format!("it does not hold: {}", open())),
    })
}

async fn bundle(
    home: &Home,
    federation: &Federation,
    member: &VerifiedMember,
    exchange: &MessageId,
) -> Result<Bundle, WalletError> {
    let bindings = home.bindings()?;
    let bound = key_for(&bindings, member)
        .ok_or_else(|| WalletError::Usage(format!("the wallet has no key that {} knows", member.entity())))?;
    let party = Party { member, http: federation.http(member)? };
    let request =
        BundleRequest { binding: known_by(home, federation, &party, bound).await?, exchange: exchange.clone() };
    let url = format!("{}/bundles", member.gateway().citizen_endpoint);
    party.read(&party.json(&url, &[], &request).await?)
}

fn consents(home: &Home) -> Result<Vec<KeptConsent>, WalletError> {
    let mut kept = Vec::new();
    for id in home.consents()? {
        let Some(consent) = home.consent(&id)? else { continue };
        let acknowledged = consent.orders.iter().flat_map(|order| order.acknowledged.iter());
        kept.push(KeptConsent {
            acknowledgements: acknowledged.map(|(_, ack)| ack.clone()).collect(),
            orders: consent.orders.iter().map(|order| order.order.clone()).collect(),
            consent: consent.consent,
            card: consent.text,
            id,
        });
    }
    Ok(kept)
}

fn write(out: &Path, file: &File) -> Result<(), WalletError> {
    if out.exists() {
        let problem = "it exists already; mend: name a new file".to_owned();
        return Err(WalletError::File { path: out.to_owned(), problem });
    }
    let json = serde_json::to_vec_pretty(file).map_err(|error| WalletError::Usage(error.to_string()))?;
    Ok(SecretFile::write(out, &json)?)
}
