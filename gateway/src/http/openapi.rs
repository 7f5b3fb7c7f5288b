//! The description of every route, put together from the files that serve them (OpenAPI 3.1).

use utoipa::{
    OpenApi as _,
    openapi::{InfoBuilder, OpenApi, OpenApiBuilder},
};

use super::{local, management, peer, people, wallet};

/// All routes of all listeners; the tag of each says on which it stands.
pub fn document() -> OpenApi {
    let info = InfoBuilder::new().title("Vinimay gateway").version(env!("CARGO_PKG_VERSION")).build();
    let mut document = OpenApiBuilder::new().info(info).build();
    for area in areas() {
        document.merge(area);
    }
    document
}

/// One description a file with routes; each area adds its own.
fn areas() -> impl Iterator<Item = OpenApi> {
    [of_systems(), of_departments(), of_wallets(), of_pages(), of_the_machine()].into_iter().flatten()
}

fn of_systems() -> Vec<OpenApi> {
    vec![
        local::batches::Api::openapi(),
        local::binding_offers::Api::openapi(),
        local::bindings::Api::openapi(),
        local::bundle::Api::openapi(),
        local::cases::Api::openapi(),
        local::catalogue::Api::openapi(),
        local::consent_requests::Api::openapi(),
        local::erasures::Api::openapi(),
        local::events::Api::openapi(),
        local::letters::Api::openapi(),
        local::message_reports::Api::openapi(),
        local::links::Api::openapi(),
        local::objections::Api::openapi(),
        local::reports::Api::openapi(),
        local::queries::Api::openapi(),
    ]
}

fn of_departments() -> Vec<OpenApi> {
    vec![
        peer::applied::Api::openapi(),
        peer::events::Api::openapi(),
        peer::feed::Api::openapi(),
        peer::follows::Api::openapi(),
        peer::orders::Api::openapi(),
        peer::overlaps::Api::openapi(),
        peer::query::Api::openapi(),
        peer::receipts::Api::openapi(),
        peer::status_list::Api::openapi(),
        peer::subscriptions::Api::openapi(),
    ]
}

fn of_wallets() -> Vec<OpenApi> {
    vec![
        people::citizen_assisted::Api::openapi(),
        people::citizen_benefits::Api::openapi(),
        people::citizen_bundles::Api::openapi(),
        people::citizen_history::Api::openapi(),
        people::citizen_links::Api::openapi(),
        people::citizen_nonce::Api::openapi(),
        people::citizen_notices::Api::openapi(),
        people::citizen_orders::Api::openapi(),
        people::citizen_preferences::Api::openapi(),
        people::consent_requests::Api::openapi(),
        people::consent_responses::Api::openapi(),
        people::entity_configuration::Api::openapi(),
        people::identity_bindings::Api::openapi(),
        people::identity_credential::Api::openapi(),
        people::identity_guardianships::Api::openapi(),
        people::identity_nonce::Api::openapi(),
        people::identity_token::Api::openapi(),
        people::issuer_metadata::Api::openapi(),
        people::status_list::Api::openapi(),
        wallet::Api::openapi(),
    ]
}

fn of_pages() -> Vec<OpenApi> {
    vec![
        people::pages::assets::Api::openapi(),
        people::pages::assisted::Api::openapi(),
        people::pages::audit::Api::openapi(),
        people::pages::break_glass::Api::openapi(),
        people::pages::home::Api::openapi(),
        people::pages::invitation::Api::openapi(),
        people::pages::keys::Api::openapi(),
        people::pages::links::Api::openapi(),
        people::pages::matching::Api::openapi(),
        people::pages::openid::Api::openapi(),
        people::pages::problems::Api::openapi(),
        people::pages::review::Api::openapi(),
        people::pages::review::breakers::Api::openapi(),
        people::pages::review::objections::Api::openapi(),
        people::pages::rolls::Api::openapi(),
        people::pages::schemes::Api::openapi(),
        people::pages::schemes::backtest::Api::openapi(),
        people::pages::schemes::edit::Api::openapi(),
        people::pages::schemes::orders::Api::openapi(),
        people::pages::sign_in::Api::openapi(),
        people::pages::statements::Api::openapi(),
        people::pages::status::Api::openapi(),
        people::pages::transparency::Api::openapi(),
        people::pages::triggers::Api::openapi(),
        people::pages::users::Api::openapi(),
    ]
}

fn of_the_machine() -> Vec<OpenApi> {
    vec![management::description::Api::openapi(), management::health::Api::openapi()]
}
