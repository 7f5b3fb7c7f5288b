//! What goes wrong when a server is set up: each gives its exit code and an error with the mend, and changes nothing.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use schemas::{digest::Digest, id::EntityId};
use service_kit::clock::Clock;
use service_kit_testing::PostgresServer;
use tempfile::TempDir;
use vinimay::world::{Addresses, Anchor, Department, DepartmentPlan, Store};

use crate::{
    rogue::address,
    support::{binary, both, in_company},
};

const NO: i32 = 1;
const USAGE: i32 = 2;
const UNKNOWN: i32 = 3;
const TRUST: i32 = 4;

/// An anchor that runs, and departments that have not joined yet.
struct Site {
    folder: TempDir,
    addresses: Addresses,
    anchor: Anchor,
}

impl Site {
    fn new() -> Self {
        let (folder, addresses) = (tempfile::tempdir().unwrap(), Addresses::new());
        let mut anchor = Anchor::init(&binary(), &folder.path().join("anchor"), &addresses).unwrap();
        anchor.start().unwrap();
        Self { folder, addresses, anchor }
    }

    fn department(&self, name: &'static str, source: Option<(String, String)>) -> Department {
        let plan = DepartmentPlan {
            name,
            title: BTreeMap::from([("en", name), ("hi", name)]),
            roles: vec!["provider".parse().unwrap()],
            source,
            writes: false,
            store: Store::Sqlite,
            names_people_of: Vec::new(),
            purposes: Vec::new(),
            more: String::new(),
        };
        Department::init(&binary(), &self.folder.path().join(name), &self.addresses, &plan, 1, Clock::system().now())
            .unwrap()
    }

    fn invitation(&self, department: &Department) -> PathBuf {
        let code = self
            .anchor
            .invite(department.entity(), &"revenue".parse().unwrap(), &["provider".parse().unwrap()])
            .unwrap();
        let file = department.folder().join("invitation.txt");
        std::fs::write(&file, code).unwrap();
        file
    }

    fn join(&self, department: &Department, anchor: &EntityId, fingerprint: &str, invitation: Option<&Path>) -> Output {
        let config = config(department);
        let mut arguments = vec!["gateway", "join", anchor.as_str(), "--config", &config, "--fingerprint", fingerprint];
        let file = invitation.map(|file| file.display().to_string());
        if let Some(file) = &file {
            arguments.extend(["--invitation-file", file]);
        }
        run(&arguments)
    }

    fn fingerprint(&self) -> String {
        self.anchor.trust_root().unwrap().fingerprint.to_string()
    }
}

fn config(department: &Department) -> String {
    department.folder().join("gateway.toml").display().to_string()
}

/// Runs a command; a server that starts although it should not is killed by the time limit.
fn run(arguments: &[&str]) -> Output {
    let binary = binary();
    let mut all = vec!["120", binary.path().to_str().unwrap()];
    all.extend(arguments);
    Command::new("timeout").args(all).stdin(Stdio::null()).output().unwrap()
}

/// Every file of a folder by its digest. What a database engine keeps beside its file comes and goes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Digest> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.contains(".sqlite")
                && !name.ends_with(".db-wal")
                && !name.ends_with(".db-shm")
                && !name.ends_with(".lock")
            {
                found.insert(path.clone(), Digest::of(std::fs::read(&path).unwrap()));
            }
        }
    }
    found
}

#[track_caller]
fn refused(output: &Output, code: i32, says: &[&str]) {
    let text = both(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for part in says {
        assert!(text.contains(part), "it does not say {part:?}: {text}");
    }
    assert!(text.contains("mend: ") && !text.contains("panicked"), "no mend: {text}");
}

/// Refused, and nothing in the folder is another than before.
#[track_caller]
fn refused_in(folder: &Path, code: i32, says: &[&str], work: impl FnOnce() -> Output) {
    let before = contents(folder);
    refused(&work(), code, says);
    let after = contents(folder);
    assert!(after == before, "files changed: {:?}", changed(&before, &after));
}

fn changed(before: &BTreeMap<PathBuf, Digest>, after: &BTreeMap<PathBuf, Digest>) -> Vec<PathBuf> {
    let all = before.keys().chain(after.keys());
    all.filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
}

/// Changes a file for one attempt.
fn with_file(path: &Path, change: impl FnOnce(String) -> String, attempt: impl FnOnce()) {
    let good = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, change(good.clone())).unwrap();
    attempt();
    std::fs::write(path, good).unwrap();
}

#[test]
fn a_second_init_and_a_second_start_change_nothing() {
    let _turn = in_company();
    let site = Site::new();
    let department = site.department("revenue", None);
    let config = config(&department);
    refused_in(department.folder(), NO, &["already"], || run(&["gateway", "init", "--config", &config]));
    let anchor = site.anchor.folder().join("anchor.toml").display().to_string();
    let keys = site.anchor.folder().join("data/keys");
    refused_in(&keys, NO, &["already exists"], || {
        run(&["anchor", "init", "--config", &anchor, "--officer", "asha", "--officer", "binod"])
    });
    let elsewhere = site.anchor.folder().join("elsewhere.toml");
    let lines = std::fs::read_to_string(&anchor).unwrap();
    let lines: Vec<&str> =
        lines.lines().filter(|line| !line.starts_with("listen") && !line.starts_with("management_listen")).collect();
    let text = format!("listen = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\n{}\n", lines.join("\n"));
    std::fs::write(&elsewhere, text).unwrap();
    let elsewhere = elsewhere.display().to_string();
    refused_in(&keys, NO, &["anchor.lock", "runs already"], || run(&["anchor", "run", "--config", &elsewhere]));
    refused_in(department.folder(), NO, &["has not joined", "vinimay gateway join"], || {
        run(&["gateway", "run", "--config", &config])
    });
}

#[test]
fn joining_trusts_only_the_fingerprint_and_only_once() {
    let _turn = in_company();
    let mut site = Site::new();
    let mut department = site.department("revenue", None);
    let (anchor, fingerprint) = (site.anchor.entity().clone(), site.fingerprint());
    let invitation = site.invitation(&department);
    let folder = department.folder().to_owned();
    // A thumbprint may begin with a hyphen, and is no option then.
    let stranger = format!("-{}{}", if &fingerprint[1..2] == "A" { "B" } else { "A" }, &fingerprint[2..]);
    refused_in(&folder, TRUST, &[&stranger, &fingerprint, "compare both"], || {
        site.join(&department, &anchor, &stranger, Some(&invitation))
    });
    site.anchor.stop().unwrap();
    refused_in(&folder, UNKNOWN, &["cannot be reached", "used up only by success"], || {
        site.join(&department, &anchor, &fingerprint, Some(&invitation))
    });
    site.anchor.start().unwrap();
    let wrong = department.folder().join("wrong.txt");
    std::fs::write(&wrong, "not-an-invitation").unwrap();
    refused_in(&folder, NO, &["refused", "access-denied"], || {
        site.join(&department, &anchor, &fingerprint, Some(&wrong))
    });
    refused_in(&folder, USAGE, &["invitation"], || {
        site.join(&department, &anchor, &fingerprint, Some(Path::new("/nowhere/at/all")))
    });
    let joined = site.join(&department, &anchor, &fingerprint, Some(&invitation));
    assert!(joined.status.success(), "the same invitation still counts: {}", both(&joined));
    refused_in(&folder, NO, &["conflict", "was used"], || {
        site.join(&department, &anchor, &fingerprint, Some(&invitation))
    });
    let again = site.join(&department, &anchor, &fingerprint, None);
    assert!(again.status.success(), "joining again without an invitation updates the entry: {}", both(&again));
    let elsewhere: EntityId = "https://anchor.elsewhere.example".parse().unwrap();
    refused_in(&folder, NO, &["has joined", "trust-root.json"], || {
        site.join(&department, &elsewhere, &fingerprint, None)
    });
    // The directory of the last time is good for a day: a gateway starts while the anchor is away.
    site.anchor.stop().unwrap();
    department.start(0).unwrap();
    assert!(department.server(0).unwrap().is_running());
    assert_eq!(department.server(0).unwrap().ready()["ready"], true);
    department.stop().unwrap();
}

#[test]
fn a_disk_that_is_full_and_a_port_that_is_taken_stop_a_start() {
    let _turn = in_company();
    let site = Site::new();
    let department = site.department("revenue", None);
    department.join(&site.anchor).unwrap();
    let (folder, config) = (department.folder().to_owned(), config(&department));
    let disk = site.folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    // In a name space of its own: a disk of 64 MiB, with the gateway's folder on it, or empty.
    let on_small_disk = |prepare: &str, command: &str| {
        let script = format!(
            "mount -t tmpfs -o size=64m tmpfs {disk} && {prepare} && exec timeout 120 {program} {command} --config {disk}/gateway.toml",
            disk = disk.display(),
            program = binary().path().display(),
        );
        Command::new("unshare").args(["-rm", "sh", "-c", &script]).stdin(Stdio::null()).output().unwrap()
    };
    let copy = format!("cp -a {}/. {}/", folder.display(), disk.display());
    refused_in(&folder, NO, &["MiB", "free at least 256 MiB"], || on_small_disk(&copy, "gateway run"));
    let fresh =
        format!("cp {}/gateway.toml {}/ && mkdir -p {}/systems", folder.display(), disk.display(), disk.display());
    refused_in(&folder, NO, &["free at least 256 MiB"], || on_small_disk(&fresh, "gateway init"));
    assert_eq!(std::fs::read_dir(&disk).unwrap().count(), 0, "the small disk is gone");
    for listener in ["peers", "people", "local", "management"] {
        let taken = TcpListener::bind(address(&department, "listen", listener)).unwrap();
        let port = taken.local_addr().unwrap().port().to_string();
        refused_in(&folder, NO, &[listener, &port, "is in use", "configure another port"], || {
            run(&["gateway", "run", "--config", &config])
        });
    }
}

#[test]
fn a_broken_configuration_is_named_by_file_line_and_key() {
    let _turn = in_company();
    let site = Site::new();
    let department = site.department("revenue", None);
    let file = department.folder().join("gateway.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    let line =
        |start: &str| format!("gateway.toml:{}", 1 + good.lines().position(|line| line.starts_with(start)).unwrap());
    let name = config(&department);
    let start = || run(&["gateway", "run", "--config", &name]);
    let cases: [(&str, &str, Vec<String>); 6] = [
        ("sector = ", "sektor = ", vec![line("sector"), "sektor".into(), "did you mean `sector`?".into()]),
        ("folder = \"keys\"", "folder = 7", vec![line("folder"), "keys.folder".into()]),
        ("allow = [\"127.0.0.0/8\"]", "allow = [\"everywhere\"]", vec!["network.allow".into(), "10.20.0.0/16".into()]),
        ("[keys]", "[keys", vec![line("[keys]"), "TOML".into()]),
        ("url = \"sqlite://", "url = \"oracle://", vec![line("url"), "database.url".into(), "postgres://".into()]),
        ("may = [\"ask\"", "may = [\"rule\"", vec!["rule".into(), "ask".into()]),
    ];
    for (from, to, says) in cases {
        let says: Vec<&str> = says.iter().map(String::as_str).collect();
        with_file(&file, |text| text.replace(from, to), || refused_in(department.folder(), USAGE, &says, start));
    }
    let missing = department.folder().join("missing.toml").display().to_string();
    refused_in(department.folder(), USAGE, &["missing.toml", "cannot be read"], || {
        run(&["gateway", "run", "--config", &missing])
    });
    let file = site.anchor.folder().join("anchor.toml");
    let name = file.display().to_string();
    with_file(
        &file,
        |text| text.replace("data_dir", "data_dri"),
        || {
            refused(
                &run(&["anchor", "member", "list", "--config", &name]),
                USAGE,
                &["anchor.toml:", "data_dri", "did you mean `data_dir`?"],
            );
        },
    );
}

const MAPPING: &str = "[source]\nkind = \"sqlite\"\n\n[[dataset]]\nid = \"revenue.income\"\ntitle = { en = \"Income\", hi = \"आय\" }\ntable = \"income\"\n\
    key = \"khata\"\npurposes = [\"social.old-age-pension.eligibility\"]\nassurance = \"substantial\"\n\n[[dataset.field]]\nname = \"band\"\n\
    column = \"band\"\ntype = \"text\"\nsensitivity = \"personal\"\n";

#[test]
fn a_broken_mapping_is_named_by_file_line_and_key() {
    let _turn = in_company();
    let site = Site::new();
    let database = site.folder.path().join("income.sqlite");
    let mut conn = diesel::SqliteConnection::establish(&database.display().to_string()).unwrap();
    sql_query("CREATE TABLE income (khata TEXT PRIMARY KEY, band TEXT)").execute(&mut conn).unwrap();
    let department = site.department("revenue", Some((format!("sqlite://{}", database.display()), MAPPING.to_owned())));
    let (file, name) = (department.folder().join("mapping.toml"), config(&department));
    let check = || run(&["gateway", "config", "check", "--config", &name]);
    assert!(check().status.success(), "{}", both(&check()));
    let line =
        |start: &str| format!("mapping.toml:{}", 1 + MAPPING.lines().position(|line| line.starts_with(start)).unwrap());
    for (from, to, says) in [
        ("column = \"band\"", "column = \"band; DROP TABLE income\"", vec![line("column"), "column".into()]),
        ("column = \"band\"", "column = \"caste\"", vec![line("column"), "caste".into()]),
        ("table = \"income\"", "table = \"outcome\"", vec![line("table"), "outcome".into()]),
        ("sensitivity = \"personal\"", "sensitivity = \"whatever\"", vec![line("sensitivity"), "sensitivity".into()]),
        ("title =", "titel =", vec!["mapping.toml:".into(), "titel".into()]),
        ("[source]", "[source", vec![line("[source]")]),
    ] {
        let says: Vec<&str> = says.iter().map(String::as_str).collect();
        with_file(&file, |text| text.replacen(from, to, 1), || refused_in(department.folder(), USAGE, &says, check));
    }
    std::fs::remove_file(&file).unwrap();
    refused_in(department.folder(), USAGE, &["mapping.toml"], check);
}

#[test]
fn keys_that_others_can_read_and_readers_that_can_write_are_refused() {
    let _turn = in_company();
    let site = Site::new();
    let department = site.department("revenue", None);
    department.join(&site.anchor).unwrap();
    let (name, folder) = (config(&department), department.folder().to_owned());
    for key in ["signing.pem", "columns.keys", "tls.key.pem"] {
        let path = folder.join("keys").join(key);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        refused_in(&folder, NO, &[key, "0640", "chmod 600"], || run(&["gateway", "run", "--config", &name]));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let server = PostgresServer::start(&[]);
    let mut conn = PgConnection::establish(&server.uri("postgres")).unwrap();
    for statement in [
        "CREATE TABLE income (khata TEXT PRIMARY KEY, band TEXT)",
        "CREATE ROLE clerk LOGIN",
        "GRANT SELECT, UPDATE ON income TO clerk",
    ] {
        sql_query(statement).execute(&mut conn).unwrap();
    }
    let clerk = server.uri("postgres").replace("vinimay@", "clerk@");
    let department = site.department("land", Some((clerk, MAPPING.replace("sqlite", "postgres"))));
    let (name, folder) = (config(&department), department.folder().to_owned());
    refused_in(&folder, NO, &["public.income", "can write", "GRANT SELECT"], || {
        run(&["gateway", "config", "check", "--config", &name])
    });
    sql_query("REVOKE UPDATE ON income FROM clerk").execute(&mut conn).unwrap();
    sql_query("REVOKE CREATE ON SCHEMA public FROM PUBLIC").execute(&mut conn).unwrap();
    sql_query("REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC").execute(&mut conn).unwrap();
    let checked = run(&["gateway", "config", "check", "--config", &name]);
    assert!(checked.status.success(), "{}", both(&checked));
}
