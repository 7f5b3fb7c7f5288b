//! For whom she may decide besides herself: asked of the identity registry, key by key, so that departments cannot compare.

use protocol::{credential::HeldBinding, federation::VerifiedMember, seal::SigningKey};
use schemas::{
    citizen::{Guardianships, GuardianshipsRequest, IssuedGuardianship},
    id::EntityId,
};
use serde::Serialize;

use super::{Federation, Home, WalletError, decide::open_binding, history::present_to, home::Use, post::Party};

/// Her wards, by the names under which `grant --ward` knows them.
#[derive(Clone, Debug, Serialize)]
pub struct Wards {
    /// Given name, and the registry's name for the ward.
    pub wards: Vec<(String, String)>,
}

/// Asks the identity registry for whom she may decide.
///
/// # Errors
/// If the wallet has no binding, or the registry does not answer or refuses.
pub async fn wards(home: &Home, federation: &Federation) -> Result<Wards, WalletError> {
    let general = home.bindings()?.into_iter().find(|bound| bound.purpose == Use::General);
    let general = general.ok_or_else(|| {
        WalletError::Usage("the wallet has no binding yet; mend: `vinimay wallet bind` an invitation".to_owned())
    })?;
    let (key, binding) = open_binding(home, federation, &general).await?;
    let issued = of_key(federation, &general.registry, &key, &binding).await?;
    Ok(Wards { wards: issued.wards.into_iter().map(|ward| (ward.given_name, ward.ward)).collect() })
}

/// Guardianships for one key.
pub(super) async fn of_key(
    federation: &Federation,
    registry: &EntityId,
    key: &SigningKey,
    binding: &HeldBinding,
) -> Result<Guardianships, WalletError> {
    let registry = federation.member(registry).await?;
    let party = Party { member: &registry, http: federation.http(&registry)? };
    let request =
        GuardianshipsRequest { binding: present_to(federation, &party, (key, binding), &["resident_id"]).await? };
    party.read(&party.json(&registry_address(&registry, "guardianships"), &[], &request).await?)
}

/// An endpoint of the identity registry, beside its citizen endpoint.
pub(super) fn registry_address(registry: &VerifiedMember, name: &str) -> String {
    format!("{}/identity/{name}", registry.gateway().citizen_endpoint.trim_end_matches("/citizen/v1"))
}

/// The guardianship of a ward by given name or by the registry's name; one name of two wards chooses neither.
pub(super) fn choose(issued: &Guardianships, name: &str) -> Result<String, WalletError> {
    let named = |ward: &&IssuedGuardianship| ward.ward == name || ward.given_name == name;
    let mut found = issued.wards.iter().filter(named);
    match (found.next(), found.next()) {
        (Some(ward), None) => Ok(ward.credential.clone()),
        (None, _) => {
            Err(WalletError::Usage(format!("the register names no ward {name}; mend: see `vinimay wallet wards`")))
        }
        (Some(_), Some(_)) => Err(WalletError::Usage(format!(
            "two wards have the name {name}; mend: write the longer name that `vinimay wallet wards` shows"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ward(name: &str, given: &str) -> IssuedGuardianship {
        IssuedGuardianship { ward: name.to_owned(), given_name: given.to_owned(), credential: format!("{name}~") }
    }

    #[test]
    fn a_ward_is_chosen_by_either_name_and_never_by_chance() {
        let issued = Guardianships { wards: vec![ward("w-1", "Asha"), ward("w-2", "Ravi"), ward("w-3", "Ravi")] };
        assert_eq!(choose(&issued, "Asha").unwrap(), "w-1~");
        assert_eq!(choose(&issued, "w-3").unwrap(), "w-3~");
        for nobody in ["Ravi", "Sushila", ""] {
            assert!(matches!(choose(&issued, nobody), Err(WalletError::Usage(_))), "{nobody}");
        }
    }
}
