//! The federation as every wallet verifies it from the pinned root: the anchor, the three departments, the register of purposes.

use anyhow::{Context, ensure};
use protocol::federation::{
    Directory, VerifiedAnchor, VerifiedPurposes, VerifiedRegister, resolved_chain, verify_chain, verify_register,
};
use schemas::{bundle::TrustRoot, federation::Purpose, id::EntityId, time::Timestamp};
use service_kit::http_client::{ClientLimits, HttpClient, NetworkPolicy, Reply};

use crate::federation::{Federation, PURPOSE};

const STATEMENT_BYTES: usize = 1 << 20;

/// What wallets know of the federation, and how they reach it.
pub struct Known {
    /// Trusts the certificates of anchor and departments.
    pub client: HttpClient,
    /// Members.
    pub members: Directory,
    /// The purpose for which citizens are asked.
    pub purpose: Purpose,
    /// The trust anchor.
    pub anchor: EntityId,
}

/// The body of a good answer.
///
/// # Errors
/// If the status is another; the body then says why.
pub fn body(reply: Reply) -> anyhow::Result<Vec<u8>> {
    ensure!((200..300).contains(&reply.status), "status {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    Ok(reply.body)
}

impl Known {
    /// Fetches and verifies.
    ///
    /// # Errors
    /// If something does not verify.
    pub async fn fetch(federation: &Federation, connections: usize, now: Timestamp) -> anyhow::Result<Self> {
        let root = federation.anchor.trust_root()?;
        let client = client(federation, connections)?;
        let own = read(&client, &format!("{}/.well-known/openid-federation", root.entity)).await?;
        let anchor = VerifiedAnchor::verify(&own.parse()?, &root, now)?;
        let mut members = Vec::new();
        for member in [federation.civil.entity(), federation.revenue.entity(), federation.social.entity()] {
            members.push(member_of(&client, &anchor, &root, member, now).await?);
        }
        let registers = read(&client, &format!("{}/registers/purposes", root.entity)).await?;
        let VerifiedRegister::Purposes(purposes) = verify_register(&serde_json::from_str(&registers)?, &anchor, now)?
        else {
            anyhow::bail!("the register of purposes holds laws");
        };
        let purpose = purpose(&purposes)?;
        Ok(Self { client, purpose, anchor: root.entity, members: Directory::new(anchor, members) })
    }
}

async fn member_of(
    client: &HttpClient,
    anchor: &VerifiedAnchor,
    root: &TrustRoot,
    member: &EntityId,
    now: Timestamp,
) -> anyhow::Result<protocol::federation::VerifiedMember> {
    let resolved =
        read(client, &format!("{}/federation/resolve?sub={member}&trust_anchor={}", root.entity, root.entity)).await?;
    let chain = resolved_chain(&resolved.parse()?, anchor, member, now)?;
    Ok(verify_chain(&chain, root, now)?)
}

fn purpose(purposes: &VerifiedPurposes) -> anyhow::Result<Purpose> {
    purposes.iter().find(|purpose| purpose.code.as_str() == PURPOSE).cloned().context("the purpose is not registered")
}

async fn read(client: &HttpClient, url: &str) -> anyhow::Result<String> {
    Ok(String::from_utf8(body(client.fetch(&url.parse()?, STATEMENT_BYTES).await?)?)?)
}

/// One client for all: host names keep the certificates apart.
fn client(federation: &Federation, connections: usize) -> anyhow::Result<HttpClient> {
    let mut files = vec![federation.anchor.folder().join("data/keys/tls.pem")];
    files.extend(
        [&federation.civil, &federation.revenue, &federation.social]
            .map(|department| department.folder().join("keys/tls.pem")),
    );
    let der = |file: &std::path::PathBuf| anyhow::Ok(openssl::x509::X509::from_pem(&std::fs::read(file)?)?.to_der()?);
    let pinned = files.iter().map(der).collect::<anyhow::Result<Vec<_>>>()?;
    let networks = NetworkPolicy::parse(["127.0.0.0/8"]).map_err(anyhow::Error::msg)?;
    Ok(HttpClient::pinned(
        &pinned,
        None,
        networks,
        ClientLimits { pool: connections, at_once: connections, ..ClientLimits::default() },
    )?)
}
