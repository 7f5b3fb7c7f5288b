//! Routes for other departments, below `/peer/v1`. Each area adds its own line.

use service_kit::access::Routes;

/// Adds the routes of every area.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
}
