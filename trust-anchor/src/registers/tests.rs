//! The sample registers are taken; each way to get one wrong is refused with file and line.

use std::path::{Path, PathBuf};

use super::*;
use schemas::time::CivilDate;

const PURPOSES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../compose/registers/purposes.toml");
const LAWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../compose/registers/laws.toml");

fn today() -> CivilDate {
    "2026-11-21".parse().unwrap()
}

fn set() -> Placeholders {
    let entity = |name: &str| (name.to_owned(), format!("https://{name}.gov.example").parse().unwrap());
    ["civil", "social", "food", "revenue"].map(entity).into()
}

fn sample(folder: &Path, original: &str, from: &str, to: &str) -> PathBuf {
    let text = std::fs::read_to_string(original).unwrap();
    assert!(text.contains(from), "the sample holds {from}");
    let path = folder.join("changed.toml");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    path
}

#[test]
fn the_sample_registers_are_taken() {
    let purposes = read_purposes(Path::new(PURPOSES), &set()).unwrap();
    let pension = purposes.iter().find(|one| one.code.as_str() == "social.old-age-pension.eligibility").unwrap();
    assert_eq!(pension.max_frequency.max_uses, 12);
    assert!(pension.text_digest("hi").is_some() && pension.text_digest("en").is_some());
    let laws = read_laws(Path::new(LAWS), &set(), today()).unwrap();
    assert_eq!(laws[0].consumer.as_str(), "https://social.gov.example");
    assert_eq!(laws[0].provider.as_str(), "https://civil.gov.example");
}

#[test]
fn a_purpose_that_lacks_something_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to, line, hint) in [
        ("hi = \"यह", "mr = \"यह", 13, "no text in `hi`"),
        ("fields = [\"annual_income_band\"]", "fields = []", 17, "without fields"),
        ("max_uses = 12", "max_uses = 0", 25, "at least one use"),
        ("dpv = \"https://w3id.org/dpv#ServiceProvision\"", "dpv = \"\"", 8, "Data Privacy Vocabulary"),
        ("max_validity = \"P365D\"", "max_validity = \"1 year\"", 9, "mend"),
        ("sensitive = false", "sensitiv = false", 11, "unknown field"),
        ("sensitive = false", "sensitive = false\nlogo = \"${logo}\"", 12, "--set logo="),
        ("code = \"social.old", "code = \"Social.old", 6, "PurposeCode"),
        ("sensitive = false", "sensitive = false\npredicates_only = [\"annual_income\"]", 12, "is not allowed"),
        ("sensitive = false", "sensitive = false\nrequired_presence = \"yes\"", 12, "mend"),
    ] {
        let path = sample(folder.path(), PURPOSES, from, to);
        let error = read_purposes(&path, &set()).unwrap_err();
        assert_eq!(error.line, Some(line), "{to}: {error}");
        assert!(error.to_string().contains(hint), "{to}: {error}");
    }
    assert_eq!(read_purposes(&folder.path().join("absent.toml"), &set()).unwrap_err().line, None);
}

fn asking(field: &str, op: &str, value: &str) -> String {
    let question = format!("{{ field = \"{field}\", op = \"{op}\", value = \"{value}\" }}");
    format!("disclosure = \"immediate\"\npredicates = [{question}]")
}

#[test]
fn a_law_may_allow_questions_alone_and_be_for_emergencies() {
    let folder = tempfile::tempdir().unwrap();
    let more = format!("{}\nbreak_glass = true", asking("age", "gte", "60"));
    let path = sample(folder.path(), LAWS, "disclosure = \"immediate\"", &more);
    let law = &read_laws(&path, &set(), today()).unwrap()[0];
    assert_eq!((law.predicates.len(), law.break_glass), (1, true));
    let text =
        std::fs::read_to_string(&path).unwrap().replacen("fields = [\"status\", \"date_of_death\"]", "fields = []", 1);
    std::fs::write(&path, text).unwrap();
    assert!(read_laws(&path, &set(), today()).unwrap()[0].allowed.fields.is_empty(), "a question is enough");
}

#[test]
fn a_law_for_emergencies_names_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let urgent = "disclosure = \"immediate\"\nbreak_glass = true";
    let path = sample(folder.path(), LAWS, "disclosure = \"immediate\"", urgent);
    assert!(read_laws(&path, &set(), today()).is_ok());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("dataset = \"civil.death\"", "dataset = \"identity.subject\"", 1)).unwrap();
    let error = read_laws(&path, &set(), today()).unwrap_err();
    assert!(error.to_string().contains("names nobody to others"), "{error}");
}

#[test]
fn a_law_that_lacks_something_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to, line, hint) in [
        ("disclosure = \"immediate\"", "disclosure = { delayed = 181 }", 17, "outside 1 to 180"),
        ("disclosure = \"immediate\"", "disclosure = { delayed = 0 }", 17, "outside 1 to 180"),
        ("provider = \"${civil}\"", "provider = \"${social}\"", 13, "are the same"),
        ("until = \"2028-03-31\"", "until = \"2025-03-31\"", 16, "has passed"),
        ("section = \"3A\"", "section = \" \"", 11, "cite both"),
        ("per_officer = 200", "per_officer = 20000", 27, "fit together"),
        ("en = \"Registered", "fr = \"Registered", 19, "no text in `en`"),
        ("consumer = \"${social}\"", "consumer = \"${health}\"", 13, "--set health="),
        (
            "disclosure = \"immediate\"",
            "disclosure = { delayed = 7 }\nbreak_glass = true",
            17,
            "tells the citizen at once",
        ),
        ("disclosure = \"immediate\"", &asking("status", "eq", "registered"), 18, "allowed as a value as well"),
        ("disclosure = \"immediate\"", &asking("age", "gte", ""), 18, "expected 1 to 64 characters"),
        ("disclosure = \"immediate\"", &asking("age", "lt", "60"), 18, "mend"),
        ("disclosure = \"immediate\"", "disclosure = \"immediate\"\nbreak_glas = true", 18, "unknown field"),
    ] {
        let path = sample(folder.path(), LAWS, from, to);
        let error = read_laws(&path, &set(), today()).unwrap_err();
        assert!(error.line.is_some_and(|found| found.abs_diff(line) <= 2), "{to}: {error}");
        assert!(error.to_string().contains(hint), "{to}: {error}");
    }
}

#[test]
fn what_is_registered_never_changes_under_its_version() {
    let purposes = read_purposes(Path::new(PURPOSES), &set()).unwrap();
    let empty = RegisterContent::Purposes(Vec::new());
    let first = merge_purposes(empty, purposes.clone()).unwrap();
    assert!(matches!(merge_purposes(first.clone(), purposes.clone()), Err(RegisterError::NothingNew)));
    let mut changed = purposes[0].clone();
    changed.max_frequency.max_uses = 13;
    assert!(matches!(merge_purposes(first.clone(), vec![changed.clone()]), Err(RegisterError::Changed(_))));
    changed.version = "2026-11".parse().unwrap();
    let RegisterContent::Purposes(all) = merge_purposes(first, vec![changed]).unwrap() else { panic!() };
    assert_eq!(all.len(), purposes.len() + 1, "consents under the former version still find it");
}

#[test]
fn a_newer_version_of_a_law_takes_the_place_of_the_former() {
    let laws = read_laws(Path::new(LAWS), &set(), today()).unwrap();
    let first = merge_laws(RegisterContent::Laws(Vec::new()), laws.clone()).unwrap();
    let mut newer = laws[0].clone();
    newer.quota.per_day = 1;
    assert!(matches!(merge_laws(first.clone(), vec![newer.clone()]), Err(RegisterError::Changed(_))));
    newer.quota.per_officer = 1;
    newer.version = "2026-11".parse().unwrap();
    let RegisterContent::Laws(all) = merge_laws(first, vec![newer.clone()]).unwrap() else { panic!() };
    assert_eq!(all.len(), laws.len());
    assert!(all.contains(&newer));
}
