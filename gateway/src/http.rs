//! The four listeners: which routes stand on each.
//!
//! Each route declares who may call it (`service_kit::access`) and is documented (`openapi.rs`); a test holds both for every
//! route. One endpoint a file; a handler parses, calls and responds. Deliberately absent: decisions.

pub mod local;
pub mod management;
pub mod openapi;
pub mod peer;
pub mod people;
mod refusal;
pub mod wallet;

pub use refusal::problem;

use actix_web::web;
use service_kit::{access::Routes, health::Health, telemetry::Metrics};

use crate::app::App;

/// Other departments: mutual TLS 1.3.
pub const PEERS: &str = "peers";
/// Wallets and public pages: TLS.
pub const PEOPLE: &str = "people";
/// The department's own systems: mutual TLS 1.3.
pub const LOCAL: &str = "local";
/// The wallet's static files, on an origin of their own: TLS.
pub const WALLET: &str = "wallet";
/// Health, metrics, API description: loopback.
pub const MANAGEMENT: &str = "management";

/// Routes of the peers' listener; handlers take `Peer<EntityId>` and `web::Data<App>`.
pub fn peers(app: &App) -> Routes {
    let routes = Routes::new(PEERS).data(web::Data::new(app.clone())).peers(app.admitted_peers().clone());
    peer::routes(routes)
}

/// Routes of the people's listener; handlers take `web::Data<App>`.
pub fn people(app: &App) -> Routes {
    let directory = app.clone();
    let routes = Routes::new(PEOPLE).cross_origin(people::FOR_WALLETS, move || directory.wallet_origin());
    people::pages::routes(app, people::routes(routes.data(web::Data::new(app.clone()))))
}

/// Routes of the local listener; handlers take `System` and `web::Data<App>`.
pub fn local(app: &App) -> Routes {
    let routes = Routes::new(LOCAL).data(web::Data::new(app.clone())).systems(app.admitted_systems().clone());
    local::routes(routes)
}

/// Routes of the wallet's listener, which serves these files.
pub fn wallet(app: &App, files: &wallet::Files) -> Routes {
    let shared = Routes::new(WALLET).data(web::Data::new(app.clone())).data(web::Data::new(files.clone()));
    wallet::routes(shared.data(web::Data::new(wallet::BuildEvidence::default())))
}

/// Routes of the management listener.
pub fn management(app: &App, health: Health, metrics: Option<Metrics>) -> Routes {
    management::routes(service_kit::health::management_routes(health, metrics).data(web::Data::new(app.clone())))
}

#[cfg(test)]
mod tests;
