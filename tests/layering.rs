//! The layering rules of `docs/ARCHITECTURE.md`, held against `cargo metadata` and the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

/// Crates from the lowest row up; a crate uses only lower rows. `tlog` stands below `protocol` (ADR 0150).
const ROWS: &[&[&str]] = &[
    &["schemas", "tlog"],
    &["protocol", "eligibility"],
    &["service-kit", "protocol-testing"],
    &["registry-adapter", "trust-anchor", "gateway", "service-kit-testing"],
    &["vinimay"],
];

/// The one pair within a row: a gateway holds its registry adapter as a library.
const WITHIN_A_ROW: &[(&str, &str)] = &[("gateway", "registry-adapter")];

/// Libraries with a strong flavour, and the only places that may name them.
const HOMES: &[(&str, &[&str])] = &[
    ("ssi::", &["protocol/src/credential"]),
    ("josekit::", &["protocol/src/seal"]),
    ("cel::", &["eligibility/src/expression"]),
    ("tokio_cron_scheduler::", &["service-kit/src/jobs.rs"]),
    ("reqwest::", &["service-kit/src/http_client", "gateway/src/clients/", "src/bench/"]),
    (
        "diesel::",
        &[
            "service-kit/src/db",
            "service-kit/src/lease.rs",
            "service-kit/src/audit_trail",
            "service-kit/src/group_commit",
            "service-kit/src/jobs",
            "registry-adapter/src/",
            "gateway/src/store",
            "trust-anchor/src/store",
            "src/demo/population",
        ],
    ),
    (
        "actix_web::",
        &[
            "service-kit/src/",
            "gateway/src/http",
            "gateway/src/run.rs",
            "trust-anchor/src/http",
            "trust-anchor/src/run.rs",
        ],
    ),
    ("openssl::rand", &["protocol/src/seal/random.rs"]),
    ("bend_the_system_clock", &["service-kit/src/clock.rs"]),
    ("_testing::", &["src/main.rs"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Production sources: no test modules, which may use any oracle.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for crate_folder in [
        "schemas",
        "tlog",
        "protocol",
        "eligibility",
        "service-kit",
        "registry-adapter",
        "trust-anchor",
        "gateway",
        ".",
    ] {
        rust_files(&root().join(crate_folder).join("src"), &mut files);
    }
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().display().to_string().trim_start_matches("./").to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let production = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("").to_owned();
            (name, production)
        })
        .filter(|(name, _)| !name.contains("/tests") && !name.contains("_tests.rs") && !name.contains("/testing"))
        .collect()
}

#[test]
fn a_crate_uses_only_lower_rows() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let row: BTreeMap<&str, usize> =
        ROWS.iter().enumerate().flat_map(|(n, names)| names.iter().map(move |name| (*name, n))).collect();
    let mut seen = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let own = *row.get(name).unwrap_or_else(|| panic!("{name} has no row"));
        seen.insert(name.to_owned());
        for dependency in package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null()) {
            let used = dependency["name"].as_str().unwrap();
            let Some(lower) = row.get(used) else { continue };
            assert!(*lower < own || WITHIN_A_ROW.contains(&(name, used)), "{name} uses {used}");
            let released = !used.ends_with("-testing") || name.ends_with("-testing");
            assert!(
                released || (name, &dependency["optional"]) == ("vinimay", &serde_json::Value::Bool(true)),
                "{name} uses {used}"
            );
        }
    }
    assert_eq!(seen.len(), row.len());
}

#[test]
fn libraries_with_a_strong_flavour_are_named_only_at_home() {
    let sources = sources();
    assert!(sources.len() > 100, "the sources were found");
    for (library, homes) in HOMES {
        let strangers: Vec<&str> = sources
            .iter()
            .filter(|(name, text)| text.contains(library) && !homes.iter().any(|home| name.starts_with(home)))
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(strangers.is_empty(), "{library} is named outside {homes:?}: {strangers:?}");
        assert!(
            sources
                .iter()
                .any(|(name, text)| text.contains(library) && homes.iter().any(|home| name.starts_with(home))),
            "{library} is used at home"
        );
    }
}

#[test]
fn pure_crates_read_no_clock_and_do_no_io() {
    for (name, text) in sources() {
        let pure = ["schemas/src", "protocol/src", "tlog/src", "eligibility/src"]
            .iter()
            .any(|folder| name.starts_with(folder));
        if !pure {
            continue;
        }
        for forbidden in [
            "SystemTime::now",
            "Instant::now",
            "Timestamp::now",
            "std::fs::",
            "std::net::",
            "std::process::Command",
            "tokio::",
        ] {
            assert!(!text.contains(forbidden), "{name} holds {forbidden}");
        }
    }
}

#[test]
fn no_file_of_the_project_names_a_registry_host_or_an_unfinished_thing() {
    for (name, text) in sources() {
        for forbidden in ["crates.io", "todo!(", "unimplemented!(", "registry.npmjs"] {
            assert!(!text.contains(forbidden), "{name} holds {forbidden}");
        }
    }
}

/// SQLite numbers `$n` by first use, PostgreSQL by `n`: only statements whose parameters first appear in order mean the same on both.
#[test]
fn parameters_of_statements_first_appear_in_their_order() {
    let mut looked_at = 0;
    for (name, text) in sources() {
        for statement in text.split('"').filter(|part| part.contains('$')) {
            let mut seen: Vec<u32> = Vec::new();
            for after in statement.split('$').skip(1) {
                let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
                let Ok(number) = digits.parse() else { continue };
                if !seen.contains(&number) {
                    seen.push(number);
                }
            }
            looked_at += seen.len();
            assert!(seen.is_sorted(), "{name}: {statement} uses its parameters as {seen:?}");
        }
    }
    assert!(looked_at > 100, "statements were found");
}
