//! Issuing: the identity registry's side.

use schemas::{
    consent::{AssistedBy, BINDING_VCT, BindingMode, Confirmation, StatusClaim, StatusReference},
    federation::Assurance,
    id::{EntityId, Sector, SectorSubject},
    time::{CivilDate, NumericDate},
};

use super::{PERSONAL, Payload, SD_ALG, SUBJECT_PREFIX};
use crate::{
    credential::sd_jwt,
    seal::{SealFailed, SigningKey, Typ, VerifyingKey, key::bare, sign},
};

/// Who a binding is about. Concealed in the binding, each claim under a salt of its own.
#[derive(Clone)]
pub struct Resident {
    /// Number in the civil register.
    pub resident_id: String,
    /// Given name.
    pub given_name: String,
    /// Family name; empty where there is none.
    pub family_name: String,
    /// Day of birth.
    pub birthdate: CivilDate,
}

impl std::fmt::Debug for Resident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resident(…)")
    }
}

/// What the identity registry is about to sign.
#[derive(Clone, Debug)]
pub struct BindingDraft {
    /// The identity registry.
    pub issuer: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at.
    pub exp: NumericDate,
    /// How well the person is known.
    pub assurance: Assurance,
    /// By herself or with an operator.
    pub mode: BindingMode,
    /// Who helps, and until when; goes with the mode `assisted`.
    pub assisted: Option<AssistedBy>,
    /// Its place in a status list, its own for each binding.
    pub status: StatusReference,
    /// The citizen's key for one consumer.
    pub holder: VerifyingKey,
    /// The person.
    pub resident: Resident,
    /// Her pseudonym in each sector.
    pub subjects: Vec<(Sector, SectorSubject)>,
    /// Digests of nothing to add.
    pub decoys: usize,
}

/// Signs a binding: `<issuer-signed JWT>~<disclosure>~…~`, everything personal concealed.
///
/// # Errors
/// If OpenSSL fails.
pub fn issue(draft: &BindingDraft, key: &SigningKey) -> Result<String, SealFailed> {
    let concealed: Vec<_> = claims(draft).iter().map(|(name, value)| sd_jwt::conceal(name, value)).collect();
    let mut sd: Vec<String> = concealed.iter().map(|(_, digest)| digest.clone()).collect();
    sd.extend((0..draft.decoys).map(|_| sd_jwt::decoy()));
    // Sorted, so that places tell nothing about names (RFC 9901 §4.2.4.1).
    sd.sort_unstable();
    let payload = Payload {
        iss: draft.issuer.clone(),
        vct: BINDING_VCT.to_owned(),
        iat: draft.iat,
        exp: draft.exp,
        cnf: Confirmation { jwk: bare(draft.holder.jwk()) },
        assurance_level: draft.assurance,
        mode: draft.mode,
        assisted: draft.assisted.clone(),
        status: StatusClaim { status_list: draft.status.clone() },
        sd_alg: SD_ALG.to_owned(),
        sd,
    };
    let mut token = sign(Typ::SdJwtVc, key, &payload)?.to_string();
    token.push('~');
    for (disclosure, _) in concealed {
        token.push_str(&disclosure);
        token.push('~');
    }
    Ok(token)
}

fn claims(draft: &BindingDraft) -> Vec<(String, String)> {
    let Resident { resident_id, given_name, family_name, birthdate } = &draft.resident;
    let values = [resident_id.clone(), given_name.clone(), family_name.clone(), birthdate.to_string()];
    let personal = PERSONAL.map(str::to_owned).into_iter().zip(values);
    let subjects = draft.subjects.iter().map(|(sector, sub)| (format!("{SUBJECT_PREFIX}{sector}"), sub.to_string()));
    personal.chain(subjects).collect()
}
