//! The description of every route, put together from the files that serve them (OpenAPI 3.1).

use utoipa::{
    OpenApi as _,
    openapi::{InfoBuilder, OpenApi, OpenApiBuilder},
};

use super::{local, management, peer, people};

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
fn areas() -> Vec<OpenApi> {
    vec![
        local::bundle::Api::openapi(),
        local::links::Api::openapi(),
        local::queries::Api::openapi(),
        management::description::Api::openapi(),
        management::health::Api::openapi(),
        peer::query::Api::openapi(),
        peer::receipts::Api::openapi(),
        people::entity_configuration::Api::openapi(),
    ]
}
