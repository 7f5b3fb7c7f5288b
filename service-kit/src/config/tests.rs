use super::*;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    name: String,
    listen: Listeners,
    key_file: Option<FilePath>,
    database: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listeners {
    peers: Listen,
    #[serde(default = "five")]
    idle: Seconds,
}

fn five() -> Seconds {
    Seconds(5)
}

const GOOD: &str = "name = \"a\"\n\n[listen]\npeers = \"127.0.0.1:0\"\n";

fn load_text(text: &str) -> (tempfile::TempDir, Result<Config, ConfigError>) {
    load_with_prefix(text, "NO_SUCH_PREFIX_")
}

fn load_with_prefix(text: &str, prefix: &str) -> (tempfile::TempDir, Result<Config, ConfigError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    fs::write(&path, text).unwrap();
    let loaded = load(&path, prefix);
    (folder, loaded)
}

#[test]
fn a_good_file_loads_and_its_paths_are_relative_to_it() {
    let (folder, config) = load_text(&format!("key_file = \"keys/a.pem\"\n{GOOD}"));
    let config = config.unwrap();
    assert_eq!((config.name.as_str(), config.listen.peers.to_string().as_str()), ("a", "127.0.0.1:0"));
    assert_eq!(config.listen.idle.duration().as_secs(), 5);
    assert_eq!(config.key_file.unwrap().resolve(), folder.path().join("keys/a.pem"));
    assert!(config.database.is_none());
}

#[test]
fn every_refusal_names_line_key_and_mend() {
    for (text, line, key, part) in [
        ("name = \"a\"\n[listen]\npeer = \"127.0.0.1:0\"\n", 3, "listen.peer", "did you mean `peers`?"),
        ("nam = \"a\"\n[listen]\npeers = \"127.0.0.1:0\"\n", 1, "nam", "did you mean `name`?"),
        ("name = \"a\"\n[listen]\npeers = \"here\"\n", 3, "listen.peers", "127.0.0.1:7443"),
        ("name = 7\n[listen]\npeers = \"127.0.0.1:0\"\n", 1, "name", "string"),
        ("name = \"a\"\n[listen]\nidle = 3\n", 2, "listen.peers", "add `peers"),
        ("name = \"a\nb = 1\n", 1, "", "TOML"),
        ("name = \"a\"\nname = \"b\"\n", 2, "", "duplicate"),
        ("name = \"changeme\"\n[listen]\npeers = \"127.0.0.1:0\"\n", 1, "name", "placeholder"),
        (
            "database = \"postgres://u:changeme@h/d\"\nname = \"a\"\n[listen]\npeers = \"127.0.0.1:0\"\n",
            1,
            "database",
            "0600",
        ),
    ] {
        let error = load_text(text).1.unwrap_err();
        let shown = error.to_string();
        assert_eq!((error.line, error.key.as_str()), (Some(line), key), "{shown}");
        assert!(shown.contains(part) && shown.contains("server.toml") && shown.contains("mend: "), "{shown}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = load::<Config>(Path::new("/nonexistent/server.toml"), "X_").unwrap_err();
    assert!(error.to_string().contains("/nonexistent/server.toml"));
}

/// The environment cannot be set in a test without touching other threads, so a child process shows it.
#[test]
fn the_environment_overrides_the_file_and_is_named_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    fs::write(&path, GOOD).unwrap();
    let run = |variable: &str, value: &str| {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "config::tests::child_prints_what_it_loaded", "--ignored", "--nocapture"])
            .env("KIT_CONFIG_FILE", &path)
            .env(variable, value)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(run("KIT_TEST_LISTEN__IDLE", "9").contains("idle=9"));
    let wrong = run("KIT_TEST_LISTEN__PEERS", "nowhere");
    assert!(wrong.contains("environment variable KIT_TEST_LISTEN__PEERS"), "{wrong}");
    let unknown = run("KIT_TEST_LISTEN__IDEL", "9");
    assert!(unknown.contains("did you mean `idle`?") && unknown.contains("KIT_TEST_LISTEN__IDEL"), "{unknown}");
}

#[test]
#[ignore = "run by the test above as a child process"]
#[allow(clippy::print_stdout)]
fn child_prints_what_it_loaded() {
    let path = std::env::var("KIT_CONFIG_FILE").unwrap();
    match load::<Config>(Path::new(&path), "KIT_TEST_") {
        Ok(config) => println!("idle={}", config.listen.idle.0),
        Err(error) => println!("{error}"),
    }
}
