//! The federation as a wallet sees it: through the pinned anchor's resolve endpoint, each chain verified from the root.

use std::time::Duration;

use gateway::{
    clients::anchor::{AnchorClient, AnchorError, configuration_unpinned},
    store::directory::RegisterKind,
};
use protocol::{
    federation::{
        Directory, VerifiedAnchor, VerifiedMember, VerifiedPurposes, VerifiedRegister, resolved_chain,
        verify_applicant, verify_chain, verify_register,
    },
    seal::VerifyingKey,
};
use schemas::{
    bundle::TrustRoot,
    federation::{Role, Standing},
    id::{CompactJws, EntityId, KeyId},
    problem::Code,
    time::{NumericDate, Timestamp},
    version::V1,
};
use service_kit::{
    clock::Clock,
    http_client::{ClientLimits, HttpClient, NetworkPolicy},
};

use super::{Settings, WalletError};
use crate::cli::say;

/// How often the anchor is asked again that has too much to do; she shares an address with whoever else is behind it.
const AGAIN: usize = 5;
/// The longest wait in between, whatever it says.
const LONGEST: Duration = Duration::from_secs(5);

/// Reads from the anchor; where it says that it is asked too much, once more after the time that it names.
async fn patiently<T>(
    read: impl AsyncFn() -> Result<T, AnchorError>,
    wait: impl AsyncFn(Duration),
) -> Result<T, AnchorError> {
    for _ in 0..AGAIN {
        match read().await {
            Err(AnchorError::Refused { code: Code::TooManyRequests | Code::Overloaded, retry_after, .. }) => {
                wait(Duration::from_secs(retry_after.unwrap_or(1).max(1).into()).min(LONGEST)).await;
            }
            answered => return answered,
        }
    }
    read().await
}

/// The same by the clock.
async fn read<T>(read: impl AsyncFn() -> Result<T, AnchorError>) -> Result<T, AnchorError> {
    patiently(read, async |time| Clock::system().sleep(time).await).await
}

/// Pins an anchor by the fingerprint that the citizen has on paper.
///
/// # Errors
/// If the anchor is away, or its key has another fingerprint: never is a key taken because it came first.
pub async fn pin(
    anchor: &EntityId,
    fingerprint: &KeyId,
    networks: NetworkPolicy,
    now: Timestamp,
) -> Result<TrustRoot, WalletError> {
    let configuration = read(async || configuration_unpinned(anchor, networks.clone()).await).await;
    let configuration = configuration.map_err(|error| WalletError::anchor(anchor, error))?;
    let claimed = verify_applicant(&configuration, now)?;
    let metadata = claimed.claims().metadata.trust_anchor.clone();
    let metadata = metadata.ok_or_else(|| WalletError::Untrusted(format!("{anchor} is no trust anchor")))?;
    let root = TrustRoot {
        v: V1,
        entity: anchor.clone(),
        fingerprint: fingerprint.clone(),
        log_vkey: metadata.log_vkey,
        tsa_root: metadata.tsa_root,
    };
    if claimed.signer() != fingerprint {
        let found = claimed.signer();
        return Err(WalletError::Untrusted(format!(
            "the key of {anchor} has the fingerprint {found}, not {fingerprint}"
        )));
    }
    VerifiedAnchor::verify(&configuration, &root, now)?;
    Ok(root)
}

/// An open connection to the anchor, and what hangs on it.
#[derive(Debug)]
pub struct Federation {
    root: TrustRoot,
    networks: NetworkPolicy,
    anchor: VerifiedAnchor,
    client: AnchorClient,
    now: Timestamp,
}

impl Federation {
    /// Reads the anchor's statement and holds it against the pinned root.
    ///
    /// # Errors
    /// If the anchor is away or not the pinned one.
    pub async fn open(settings: &Settings, now: Timestamp) -> Result<Self, WalletError> {
        let (root, networks) = (settings.root.clone(), settings.networks()?);
        let away = |error| WalletError::anchor(&root.entity, error);
        let configuration: CompactJws =
            read(async || configuration_unpinned(&root.entity, networks.clone()).await).await.map_err(away)?;
        let anchor = VerifiedAnchor::verify(&configuration, &root, now)?;
        let client = AnchorClient::new(&configuration, &root, networks.clone(), now).map_err(away)?;
        Ok(Self { root, networks, anchor, client, now })
    }

    /// The anchor.
    pub const fn anchor(&self) -> &EntityId {
        &self.root.entity
    }

    /// What the wallet pins.
    pub const fn root(&self) -> &TrustRoot {
        &self.root
    }

    /// When it was opened; the wallet's now.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// A member that may take part now.
    ///
    /// # Errors
    /// If the anchor does not vouch for it.
    pub async fn member(&self, entity: &EntityId) -> Result<VerifiedMember, WalletError> {
        let member = self.resolve(entity).await?;
        if member.standing() == Standing::Suspended {
            return Err(WalletError::Untrusted(format!("{entity} is suspended")));
        }
        Ok(member)
    }

    async fn resolve(&self, entity: &EntityId) -> Result<VerifiedMember, WalletError> {
        let response = read(async || self.client.resolve(entity).await).await;
        let response = response.map_err(|error| WalletError::anchor(self.anchor(), error))?;
        let chain = resolved_chain(&response, &self.anchor, entity, self.now)?;
        let member = verify_chain(&chain, &self.root, self.now)?;
        if member.entity() != entity {
            return Err(WalletError::Untrusted(format!("the anchor answered for another member than {entity}")));
        }
        Ok(member)
    }

    /// All members that may take part now. One whose statements do not verify is left out, and that is said: she is not to lose the
    /// others to it.
    ///
    /// # Errors
    /// If the anchor is away.
    pub async fn directory(&self) -> Result<Directory, WalletError> {
        let listed = read(async || self.client.members().await).await;
        let listed = listed.map_err(|error| WalletError::anchor(self.anchor(), error))?;
        let mut members = Vec::with_capacity(listed.len());
        for entity in &listed {
            match self.resolve(entity).await {
                Ok(member) => members.push(member),
                Err(error) if is_about_the_member(&error) => say(&format!("{entity} is left out: {error}")),
                Err(error) => return Err(error),
            }
        }
        Ok(Directory::new(self.anchor.clone(), members))
    }

    /// The purpose registry in force.
    ///
    /// # Errors
    /// If there is none, or two officers did not sign it.
    pub async fn purposes(&self) -> Result<VerifiedPurposes, WalletError> {
        let signed = read(async || self.client.register(RegisterKind::Purposes).await).await;
        let signed = signed.map_err(|error| WalletError::anchor(self.anchor(), error))?;
        let signed =
            signed.ok_or_else(|| WalletError::Untrusted("the authority has no purpose registry".to_owned()))?;
        match verify_register(&signed, &self.anchor, self.now)? {
            VerifiedRegister::Purposes(purposes) => Ok(purposes),
            VerifiedRegister::Laws(_) => Err(WalletError::Untrusted("the anchor served another register".to_owned())),
        }
    }

    /// A client that trusts the certificates that the directory lists for a member, and those of authorities as browsers do: a
    /// member's people's listener may have one of either kind (ADR 0331). What counts is signed besides.
    ///
    /// # Errors
    /// If they cannot be used.
    pub fn http(&self, member: &VerifiedMember) -> Result<HttpClient, WalletError> {
        self.http_to_any(std::iter::once(member))
    }

    /// The same for any of several members, where it is not known yet which of them listens.
    ///
    /// # Errors
    /// As [`http`](Self::http).
    pub fn http_to_any<'a>(
        &self,
        members: impl IntoIterator<Item = &'a VerifiedMember>,
    ) -> Result<HttpClient, WalletError> {
        let der =
            |member: &'a VerifiedMember| member.certificates().filter_map(|certificate| certificate.to_der().ok());
        let roots: Vec<Vec<u8>> = members.into_iter().flat_map(der).collect();
        HttpClient::listed_or_public(&roots, self.networks.clone(), ClientLimits::default())
            .map_err(|error| WalletError::unanswered(self.anchor(), error))
    }
}

/// Whether an error is about one member, and not about the anchor or the way there.
const fn is_about_the_member(error: &WalletError) -> bool {
    matches!(error, WalletError::Untrusted(_) | WalletError::Refused { .. })
}

/// Keys of one identity registry, for bindings that came from it.
pub(super) fn registry_keys(
    registry: &VerifiedMember,
) -> impl Fn(&EntityId, &KeyId, NumericDate) -> Option<VerifyingKey> {
    let is_registry = registry.roles().iter().any(|role| matches!(role, Role::IdentityRegistry(_)));
    move |issuer, kid, at| {
        let same = is_registry && issuer == registry.entity();
        same.then(|| registry.signing_key(kid, at, None).ok().cloned()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    fn refused(code: Code, retry_after: Option<u32>) -> AnchorError {
        AnchorError::Refused { code, detail: String::new(), retry_after }
    }

    /// Asks a party that refuses so often in this way; how often it was asked, how long one waited, and the answer.
    async fn asked(times: usize, code: Code, retry_after: Option<u32>) -> (usize, Vec<u64>, bool) {
        let (calls, waits) = (Cell::new(0), RefCell::new(Vec::new()));
        let read = async || {
            calls.set(calls.get() + 1);
            if calls.get() > times { Ok(()) } else { Err(refused(code, retry_after)) }
        };
        let answer = patiently(read, async |time: Duration| waits.borrow_mut().push(time.as_secs())).await;
        (calls.get(), waits.into_inner(), answer.is_ok())
    }

    #[tokio::test]
    async fn who_is_asked_too_much_is_asked_again_after_the_time_that_it_names_and_not_for_ever() {
        assert_eq!(asked(0, Code::TooManyRequests, Some(1)).await, (1, vec![], true));
        assert_eq!(asked(2, Code::TooManyRequests, Some(2)).await, (3, vec![2, 2], true));
        assert_eq!(asked(1, Code::Overloaded, None).await, (2, vec![1], true));
        assert_eq!(asked(1, Code::Overloaded, Some(3600)).await, (2, vec![5], true));
        assert_eq!(asked(9, Code::TooManyRequests, Some(0)).await, (6, vec![1; 5], false));
        assert_eq!(asked(1, Code::NotFound, Some(1)).await, (1, vec![], false), "another refusal stays one");
    }
}
