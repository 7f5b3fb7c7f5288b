use std::{collections::BTreeSet, path::Path};

use service_kit::{
    access::{Caller, RouteDeclaration, undeclared_routes},
    clock::Clock,
    health::Health,
};

use super::*;
use crate::testing::{TestAnchor, TestDepartment};

async fn declarations() -> Vec<RouteDeclaration> {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = TestDepartment::member(&anchor, "revenue", &["provider"], None, "").await;
    let files = wallet::Files::default();
    let listeners =
        [peers(&app), people(&app), local(&app), wallet(&app, &files), management(&app, Health::new(), None)];
    listeners.iter().flat_map(Routes::declarations).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_every_listener_is_documented_and_every_documented_route_exists() {
    let described: BTreeSet<String> = openapi::document()
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)];
            methods
                .into_iter()
                .filter(|(_, operation)| operation.is_some())
                .map(move |(method, _)| format!("{method} {path}"))
        })
        .collect();
    let declared: BTreeSet<String> = declarations()
        .await
        .iter()
        .map(|route| format!("{} {}", route.method, route.path.replace(":.*", "")))
        .collect();
    assert_eq!(declared, described);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_listener_takes_the_callers_that_it_is_for() {
    for route in declarations().await {
        let fits = match route.listener {
            PEERS => route.caller == Caller::Peer,
            LOCAL => matches!(route.caller, Caller::System(_)),
            PEOPLE => matches!(route.caller, Caller::Public | Caller::Signer(_) | Caller::User(_)),
            WALLET => route.caller == Caller::Public && route.limits.body == 0,
            MANAGEMENT => route.caller == Caller::Probe,
            _ => false,
        };
        assert!(fits, "{route:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wallets_page_may_call_asks_for_no_session() {
    let shared = |route: &RouteDeclaration| {
        route.listener == PEOPLE && people::FOR_WALLETS.iter().any(|prefix| route.path.starts_with(prefix))
    };
    let declared = declarations().await;
    let shared: Vec<_> = declared.iter().filter(|route| shared(route)).collect();
    assert!(shared.len() >= 10, "{shared:?}");
    assert!(shared.iter().all(|route| matches!(route.caller, Caller::Public | Caller::Signer(_))), "{shared:?}");
}

#[test]
fn no_route_goes_round_the_declaration() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(undeclared_routes(&sources).unwrap(), Vec::<String>::new());
}
