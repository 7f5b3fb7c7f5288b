//! `compose/` without containers: the same processes, with exactly its configuration files, commands and environment.
//!
//! What docker-compose prints after checking the file is read, not the file itself. Only two folders are named anew: where a
//! container sees /etc/vinimay and /var/lib/vinimay. PostgreSQL is ours, on the port that the file sets, prepared by the scripts of
//! compose/postgres in their order. Deliberately absent: images, and what the container runtime alone does (capabilities, users).

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
};

use schemas::federation::SignedRegister;
use serde_json::Value;
use service_kit_testing::PostgresServer;
use vinimay::world::{Binary, Server};

use crate::{
    rogue::client,
    support::{binary, both, in_company, json},
};

/// One service as docker-compose understands it.
#[derive(Debug, Default)]
struct Service {
    command: Vec<String>,
    environment: BTreeMap<String, String>,
    volumes: Vec<String>,
}

/// `docker-compose config`: the file is good, and this is what it says.
fn services() -> BTreeMap<String, Service> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("docker-compose")
        .current_dir(root)
        .args(["-f", "compose/compose.yaml", "config"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", both(&output));
    read_services(&String::from_utf8(output.stdout).unwrap())
}

/// What it prints is always in one form: two spaces a level, lists at the level of their name.
fn read_services(printed: &str) -> BTreeMap<String, Service> {
    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    let (mut section, mut service, mut key) = ("", String::new(), "");
    for line in printed.lines() {
        let text = line.trim();
        match line.len() - line.trim_start().len() {
            0 => section = text,
            2 if section == "services:" => service = text.trim_end_matches(':').to_owned(),
            4 if section == "services:" => match text.strip_prefix("- ") {
                Some(item) => {
                    let of = services.entry(service.clone()).or_default();
                    match key {
                        "command" => of.command.push(item.to_owned()),
                        "volumes" => of.volumes.push(item.to_owned()),
                        _ => {}
                    }
                }
                None => key = text.split(':').next().unwrap(),
            },
            6 if section == "services:" && key == "environment" => {
                let (name, value) = text.split_once(": ").unwrap();
                services
                    .entry(service.clone())
                    .or_default()
                    .environment
                    .insert(name.to_owned(), value.trim_matches('\'').to_owned());
            }
            _ => {}
        }
    }
    services
}

/// One service on this machine.
struct Here {
    binary: Binary,
    command: Vec<String>,
    config: String,
    data: PathBuf,
    log: PathBuf,
}

impl Here {
    fn of(name: &str, service: &Service, folder: &Path) -> Self {
        let (etc, data) = (folder.join("compose").join(name), folder.join("var").join(name));
        std::fs::create_dir_all(&data).unwrap();
        assert!(
            service.volumes.iter().any(|volume| volume.ends_with(&format!("compose/{name}:/etc/vinimay:ro"))),
            "{:?}",
            service.volumes
        );
        assert!(service.volumes.iter().any(|volume| volume.ends_with(":/var/lib/vinimay:rw")), "{:?}", service.volumes);
        let here = |text: &str| {
            text.replace("/etc/vinimay", &etc.display().to_string())
                .replace("/var/lib/vinimay", &data.display().to_string())
        };
        let binary = service
            .environment
            .iter()
            .fold(binary(), |binary, (name, value)| binary.with_environment(name, &here(value)));
        let command: Vec<String> = service.command.iter().map(|word| here(word)).collect();
        let config = command.last().unwrap().clone();
        Self { binary, command, config, data, log: folder.join(format!("{name}.log")) }
    }

    /// A command of the same role with the same file and environment.
    fn run(&self, arguments: &[&str]) -> String {
        let mut all = vec![self.command[0].as_str()];
        all.extend(arguments);
        all.extend(["--config", &self.config]);
        self.binary.run(&all).unwrap()
    }

    /// What the service itself runs.
    fn serve(&self) -> Server {
        let command: Vec<&str> = self.command.iter().map(String::as_str).collect();
        self.binary.serve(&command, &self.log).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

/// The database server of the file, prepared as its entry point would.
fn postgres(service: &Service, folder: &Path) -> PostgresServer {
    let port = &service.environment["PGPORT"];
    let mut settings: Vec<String> = service.command.iter().filter(|word| *word != "-c").cloned().collect();
    settings.push(format!("port={port}"));
    let server = PostgresServer::start(&settings.iter().map(String::as_str).collect::<Vec<_>>());
    let mut scripts: Vec<PathBuf> =
        std::fs::read_dir(folder.join("compose/postgres")).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    for script in scripts {
        let done = Command::new("psql")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                port,
                "-U",
                "vinimay",
                "-d",
                "postgres",
                "-v",
                "ON_ERROR_STOP=1",
                "-q",
                "-f",
            ])
            .arg(&script)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}: {}", script.display(), both(&done));
    }
    server
}

/// The status of a management address.
fn status(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

fn fetch(anchor: &Here, path: &str) -> Vec<u8> {
    let trusted = client(&anchor.data.join("keys/tls.pem"), None);
    let url = format!("https://anchor.localhost:27500{path}").parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reply = runtime.block_on(trusted.fetch(&url, 1 << 20)).unwrap();
    assert_eq!(reply.status, 200, "{path}");
    reply.body
}

#[test]
fn the_processes_of_compose_start_without_containers() {
    let _turn = in_company();
    let (services, folder) = (services(), tempfile::tempdir().unwrap());
    assert_eq!(services.keys().collect::<Vec<_>>(), ["anchor", "postgres", "revenue", "social"]);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("compose"), folder.path());
    let _postgres = postgres(&services["postgres"], folder.path());
    let here = |name: &str| Here::of(name, &services[name], folder.path());
    let anchor = here("anchor");
    anchor.run(&["init", "--officer", "asha", "--officer", "binod"]);
    let keys =
        ["asha", "binod"].map(|officer| anchor.data.join(format!("keys/officers/{officer}.pem")).display().to_string());
    let purposes = folder.path().join("compose/registers/purposes.toml").display().to_string();
    anchor.run(&["purpose", "add", &purposes, "--officer-key", &keys[0], "--officer-key", &keys[1]]);
    let mut running = vec![anchor.serve()];
    let root = json(&anchor.data.join("trust-root.json"));
    for (name, roles) in [("revenue", ["provider", "provider"]), ("social", ["provider", "consumer:social"])] {
        let gateway = here(name);
        gateway.run(&["init"]);
        if name == "social" {
            let owner = "postgres://vinimay@127.0.0.1:27432/social";
            gateway.run(&[
                "source",
                "install",
                "--owner",
                owner,
                "--reader",
                "social_reader",
                "--writer",
                "social_writer",
            ]);
        }
        let entity =
            if name == "revenue" { "https://revenue.localhost:27510" } else { "https://social.localhost:27520" };
        let invited = anchor
            .run(&["member", "invite", entity, "--sector", name, "--role", roles[0], "--role", roles[1], "--json"]);
        let invited: Value = serde_json::from_str(&invited).unwrap();
        let invitation = gateway.data.join("invitation.txt");
        std::fs::write(&invitation, invited["code"].as_str().unwrap()).unwrap();
        let (authority, fingerprint) = (root["entity"].as_str().unwrap(), root["fingerprint"].as_str().unwrap());
        gateway.run(&[
            "join",
            authority,
            "--fingerprint",
            fingerprint,
            "--invitation-file",
            invitation.to_str().unwrap(),
        ]);
        running.push(gateway.serve());
    }
    for management in ["127.0.0.1:27501", "127.0.0.1:27513", "127.0.0.1:27523"] {
        assert!(
            status(management, "/healthz/ready").contains(" 200 "),
            "{management}: {}",
            status(management, "/healthz/ready")
        );
    }
    let served = String::from_utf8(fetch(&anchor, "/registers/purposes")).unwrap();
    let register: SignedRegister = serde_json::from_str(&served).unwrap();
    assert_eq!(register.signatures.len(), 2, "two officers signed the one list");
    let members: Vec<String> = serde_json::from_slice(&fetch(&anchor, "/federation/list")).unwrap();
    assert_eq!(members.len(), 2, "{members:?}");
    for server in running.into_iter().rev() {
        drop(server);
    }
}
