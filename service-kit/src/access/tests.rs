use super::*;

async fn nothing() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

#[test]
fn declarations_can_be_inspected() {
    let routes = Routes::new("local").route(Method::GET, "/a", Caller::Public, RouteLimits::NO_BODY, nothing).route(
        Method::POST,
        "/a",
        Caller::System("portal"),
        RouteLimits::body(64),
        nothing,
    );
    let declared = routes.declarations();
    assert_eq!(declared.len(), 2);
    assert_eq!((declared[1].listener, declared[1].path, declared[1].caller), ("local", "/a", Caller::System("portal")));
    assert_eq!(declared[1].limits.body, 64);
}

#[test]
fn sources_that_register_routes_otherwise_are_found() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("http")).unwrap();
    std::fs::write(folder.path().join("good.rs"), "// web::resource(\nRoutes::new(\"a\").route(m, p, c, l, h);\n")
        .unwrap();
    std::fs::write(
        folder.path().join("http/bad.rs"),
        "fn f() {\n    cfg.service(web::resource(\"/x\"));\n}\n#[get(\"/y\")]\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("notes.txt"), "web::resource(").unwrap();
    let found = undeclared_routes(folder.path()).unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("http/bad.rs:2:") && found[1].contains("http/bad.rs:4:"), "{found:?}");
    assert!(undeclared_routes(&folder.path().join("none")).is_err());
}

#[test]
fn this_crate_registers_routes_here_alone() {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let elsewhere: Vec<_> = undeclared_routes(&sources)
        .unwrap()
        .into_iter()
        .filter(|line| !line.contains("/src/access") && !line.contains("/src/server.rs"))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}
