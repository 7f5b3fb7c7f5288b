//! Routes for other departments, below `/peer/v1`. Each area adds its own line.

use service_kit::access::Routes;

pub mod applied;
pub mod events;
pub mod feed;
pub mod follows;
pub mod orders;
pub mod overlaps;
pub mod query;
pub mod receipts;
pub mod status_list;
pub mod subscriptions;

/// Adds the routes of every area.
pub(super) fn routes(routes: Routes) -> Routes {
    let routes = subscriptions::routes(follows::routes(routes));
    let routes = applied::routes(feed::routes(events::routes(routes)));
    let routes = status_list::routes(orders::routes(query::routes(routes)));
    overlaps::routes(receipts::routes(routes))
}
