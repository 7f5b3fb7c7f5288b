//! The description of what `service_kit::health` serves on the management listener.

#![allow(dead_code, reason = "read by the OpenAPI derive alone; the handlers are service-kit's")]

use utoipa::OpenApi;

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(live, ready, started, metrics))]
pub struct Api;

/// Whether the process lives; depends on nobody else.
#[utoipa::path(get, path = "/healthz/live", tag = "management", responses((status = 200, description = "It does")))]
const fn live() {}

/// Whether the gateway may be called.
#[utoipa::path(get, path = "/healthz/ready", tag = "management",
    responses((status = 200, description = "It may"), (status = 503, description = "`failing` names what stands against it")))]
const fn ready() {}

/// Whether the start is done.
#[utoipa::path(get, path = "/healthz/started", tag = "management",
    responses((status = 200, description = "It is"), (status = 503, description = "It is not")))]
const fn started() {}

/// Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "management", responses((status = 200, description = "Prometheus text format 0.0.4")))]
const fn metrics() {}
