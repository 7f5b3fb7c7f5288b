//! Every sample lints clean and its examples pass; every scheme of the design is among them.
#![allow(clippy::unwrap_used, missing_docs)]

use eligibility::lint::{Lint, lint, render};

fn samples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    found.sort();
    found
}

fn clean(name: &str, text: &str) -> Lint {
    let found = lint(text);
    assert!(found.findings.is_empty(), "{}", render(&found.findings, name, text, false));
    found
}

#[test]
fn every_sample_lints_clean_and_its_examples_pass() {
    for (name, text) in samples() {
        let scheme = clean(&name, &text).scheme.unwrap();
        assert_eq!(name, format!("{}.toml", scheme.id.as_str().to_lowercase()), "a sample is named by its scheme");
        for result in eligibility::examples::run(&scheme) {
            assert!(result.differences.is_empty(), "{name}: {}: {:?}", result.example.name, result.differences);
        }
    }
}

#[test]
fn every_scheme_of_the_design_is_among_the_samples() {
    let ids: Vec<String> =
        samples().iter().map(|(name, text)| clean(name, text).scheme.unwrap().id.to_string()).collect();
    for id in [
        "CG-IGNOAPS",
        "CG-IGNWPS",
        "CG-JSY",
        "CG-MAHTARI-VANDAN",
        "CG-RATION-CARD",
        "CG-SCHOOL-6",
        "CG-SUKHAD-SAHARA",
        "CG-VACCINATION",
    ] {
        assert!(ids.iter().any(|found| found == id), "{id} is missing");
    }
}
