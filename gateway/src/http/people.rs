//! Routes for wallets and the public. Each area adds its own line.

use service_kit::access::Routes;

pub mod entity_configuration;

/// Adds the routes of every area.
pub(super) fn routes(routes: Routes) -> Routes {
    entity_configuration::routes(routes)
}
