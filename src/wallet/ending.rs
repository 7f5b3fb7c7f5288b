//! A new phone takes the place of an old one: the bindings of all other wallets of hers end.

use schemas::citizen::{RevokeRequest, RevokeScope, Revoked};

use super::{
    Federation, Home, WalletError, decide::open_binding, history::present_to, home::Use, post::Party,
    wards::registry_address,
};

/// Ends the bindings of her other wallets, or of this one too. Consents under ended bindings are not honoured any more; the
/// departments ask again.
///
/// # Errors
/// If this wallet has no binding, or the identity registry does not answer or refuses.
pub async fn replace(home: &Home, federation: &Federation, all: bool) -> Result<Revoked, WalletError> {
    let general = home.bindings()?.into_iter().find(|bound| bound.purpose == Use::General);
    let general = general.ok_or_else(|| {
        WalletError::Usage("the wallet has no binding yet; mend: `vinimay wallet bind` an invitation".to_owned())
    })?;
    let registry = federation.member(&general.registry).await?;
    let party = Party { member: &registry, http: federation.http(&registry)? };
    let (key, binding) = open_binding(home, federation, &general).await?;
    let scope = if all { RevokeScope::All } else { RevokeScope::Others };
    let request = RevokeRequest { binding: present_to(federation, &party, (&key, &binding), &[]).await?, scope };
    party.read(&party.json(&registry_address(&registry, "bindings/revoke"), &[], &request).await?)
}
