//! What a browser may do with the wallet's page: Content Security Policy (W3C CSP Level 3) and its neighbours.

use std::collections::BTreeSet;

use actix_web::{HttpResponseBuilder, http::header};
use schemas::federation::Standing;
use url::Url;

use crate::app::App;

/// Camera for QR codes, screen kept awake while one is shown, passkeys; nothing else.
const PERMISSIONS: &str = "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), microphone=(), \
    payment=(), publickey-credentials-create=(self), publickey-credentials-get=(self), screen-wake-lock=(self), usb=()";

/// Writes the headers of every answer with a file.
pub(super) fn write(answer: &mut HttpResponseBuilder, app: &App) {
    answer
        .insert_header((header::CONTENT_SECURITY_POLICY, content_security_policy(app)))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header(("permissions-policy", PERMISSIONS))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .insert_header(("x-frame-options", "DENY"));
}

/// Scripts, styles, fonts and images of the own origin alone; connections to the federation alone.
fn content_security_policy(app: &App) -> String {
    let connections: Vec<String> = connections(app).into_iter().collect();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; manifest-src 'self'; \
         worker-src 'self'; connect-src 'self' {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        connections.join(" ")
    )
}

/// Origins of the anchor and of active members, as the verified directory has them; one with a character that ends a
/// directive or stands for many hosts is left out.
fn connections(app: &App) -> BTreeSet<String> {
    let directory = app.directory();
    let active = directory.members().members().filter(|member| member.standing() == Standing::Active);
    let members =
        active.flat_map(|member| [member.entity().as_str().to_owned(), member.gateway().citizen_endpoint.clone()]);
    let anchor = directory.members().anchor();
    let addresses = members.chain([anchor.entity().to_string(), anchor.metadata().log_url.clone()]);
    addresses.filter_map(|address| Url::parse(&address).ok()).filter_map(|url| origin(&url)).collect()
}

fn origin(url: &Url) -> Option<String> {
    let origin = url.origin().ascii_serialization();
    (url.scheme() == "https" && !origin.contains([';', ',', ' ', '\'', '*'])).then_some(origin)
}
