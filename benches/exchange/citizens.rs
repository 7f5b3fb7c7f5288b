//! A thousand citizens with wallets of their own: each is bound by the identity registry and consents to one request.

use schemas::id::ConsentId;
use service_kit::clock::Clock;

use crate::federation::Federation;

/// One consent each.
///
/// # Errors
/// If a step refuses.
pub async fn consents(_federation: &Federation, _people: usize, _clock: &Clock) -> anyhow::Result<Vec<ConsentId>> {
    anyhow::bail!("not yet")
}
