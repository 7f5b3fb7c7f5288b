//! Routes for other departments, below `/peer/v1`. Each area adds its own line.

use service_kit::access::Routes;

pub mod query;
pub mod receipts;

/// Adds the routes of every area.
pub(super) fn routes(routes: Routes) -> Routes {
    let routes = query::routes(routes);
    receipts::routes(routes)
}
