//! A federation with a provider that never answers, and requests of several parts.

use std::net::TcpListener;

use futures_util::StreamExt;
use protocol_testing::SignedConsent;
use schemas::{
    asking::{BatchOrder, BatchState, CaseQuery, ConsentPart, PartAnswer, QueryPart},
    federation::LawQuota,
    id::{EntityId, MessageId, SectorSubject},
    local::LocalQuery,
};

use crate::{
    app::App,
    exchange::testing::{
        count,
        federation::{Engine, Federation, Registers},
    },
    links::Linked,
    run::Running,
    store::testing::sqlite_file,
    testing::TestDepartment,
};

/// A provider that is away: its address takes connections and never says a word.
pub struct Away {
    pub entity: EntityId,
    _department: TestDepartment,
    _socket: TcpListener,
}

impl Away {
    pub async fn join(federation: &Federation) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://localhost:{}", socket.local_addr().unwrap().port());
        let department = TestDepartment::new("health", None, "");
        let text = std::fs::read_to_string(department.path("gateway.toml")).unwrap();
        std::fs::write(department.path("gateway.toml"), text.replace("https://health.localhost:8443", &address))
            .unwrap();
        department.init();
        department.join(&federation.anchor, &["provider"]).await.unwrap();
        federation.consumer.refresh_directory().await.unwrap();
        Self { entity: department.entity.clone(), _department: department, _socket: socket }
    }

    /// A consent to ask it, held by the consumer.
    pub async fn held(&self, federation: &Federation) -> LocalQuery {
        let mut terms = federation.terms(1);
        terms.provider = self.entity.clone();
        federation.held(&federation.citizen().consent(&terms)).await
    }
}

/// A part on a consent that is held.
pub fn part(request: &LocalQuery, person: &str) -> QueryPart {
    QueryPart::Consent(ConsentPart {
        consent: request.consent.clone(),
        fields: request.fields.clone(),
        predicates: Vec::new(),
        person: Some(person.parse().unwrap()),
    })
}

/// A part on a consent that the consumer gets now.
pub async fn held(federation: &Federation, consent: &SignedConsent, person: &str) -> QueryPart {
    part(&federation.held(consent).await, person)
}

/// One case of these parts.
pub fn case(parts: Vec<QueryPart>) -> CaseQuery {
    CaseQuery {
        case: "CG-2026-118".parse().unwrap(),
        purpose: "social.old-age-pension.eligibility".parse().unwrap(),
        officer: Some("officer-1".parse().unwrap()),
        parts,
    }
}

/// Comes to its end when a table has so many rows.
pub async fn until_rows(app: &App, table: &'static str, rows: i64) {
    while count(app.db(), table) < rows {
        tokio::task::yield_now().await;
    }
}

/// A federation whose provider and identity registry serve, with people whom the asker knows by number.
pub struct Office {
    pub federation: Federation,
    pub provider: Running,
    pub registry: Running,
}

impl Office {
    pub async fn open(engine: Engine, bend: impl FnOnce(&mut Registers)) -> Self {
        let federation = Federation::start_on(engine, |registers| {
            let plenty = LawQuota { per_day: 10_000, per_officer: 10_000, per_subject: 100 };
            (registers.law.quota, registers.naming.quota) = (plenty, plenty);
            bend(registers);
        });
        let federation = federation.await;
        let (provider, registry) = (federation.serve().await, federation.serve_registry().await);
        Self { federation, provider, registry }
    }

    /// Residents of whom every department knows a number; their numbers here.
    pub async fn people(&self, how_many: usize) -> Vec<String> {
        let mut numbers = Vec::new();
        let (mut residents, mut incomes) = (String::new(), String::new());
        for n in 0..how_many {
            residents += &format!("INSERT INTO residents VALUES ('RID-1{n:03}', 'Asha', NULL, '1950-01-01', 1);");
            incomes += &format!("INSERT INTO khatedar VALUES ('KH-1{n:03}', {n}, 'below_100000', '2025-06-01');");
        }
        sqlite_file(&self.federation.civil.path("source.sqlite"), &residents);
        sqlite_file(&self.federation.revenue.path("source.sqlite"), &incomes);
        for n in 0..how_many {
            let resident = format!("RID-1{n:03}");
            self.link(&self.federation.provider, &resident, &format!("KH-1{n:03}")).await;
            let number = format!("P-1{n:03}");
            self.link(&self.federation.consumer, &resident, &number).await;
            numbers.push(number);
        }
        numbers
    }

    /// Ties a resident to a department's number.
    pub async fn link(&self, department: &App, resident: &str, number: &str) {
        let subject = self.subject(department, resident);
        let (number, officer) = (number.parse().unwrap(), "officer-1".parse().unwrap());
        let linked = department.links().link_by_officer(subject, number, officer, department.now()).await;
        assert_eq!(linked.unwrap(), Linked::New);
    }

    /// A department's own pseudonym of a resident.
    pub fn subject(&self, department: &App, resident: &str) -> SectorSubject {
        self.federation.registry.keys().sectors[&department.config().sector].sector_subject(resident)
    }

    /// One question about these people.
    pub fn order(&self, numbers: &[String]) -> BatchOrder {
        let law = &self.federation.world.law;
        BatchOrder {
            case: "CG-2026-118".parse().unwrap(),
            purpose: law.purpose.clone(),
            officer: "officer-1".parse().unwrap(),
            law: law.id.clone(),
            provider: law.provider.clone(),
            dataset: law.allowed.dataset.clone(),
            fields: law.allowed.fields.clone(),
            predicates: Vec::new(),
            numbers: numbers.to_vec(),
        }
    }

    /// Takes a batch and works through it, as the job would.
    pub async fn run(&self, app: &App, key: &MessageId, order: &BatchOrder) -> MessageId {
        let id = app.open_batch(self.federation.system(), key.clone(), order).await.unwrap();
        if let Some(claimed) = app.claim_batch().await.unwrap() {
            app.drive_batch(claimed).await.unwrap();
        }
        id
    }

    /// The lines of a batch, and its last one.
    pub async fn lines(&self, app: &App, id: &MessageId, after: Option<u32>) -> (Vec<PartAnswer>, BatchState) {
        let chunks: Vec<_> = app.batch_lines(id.clone(), after).map(Result::unwrap).collect().await;
        let text = String::from_utf8(chunks.concat()).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        let last = serde_json::from_str(lines.pop().unwrap()).unwrap();
        (lines.into_iter().map(|line| serde_json::from_str(line).unwrap()).collect(), last)
    }

    pub async fn close(self) {
        self.provider.stop().await.unwrap();
        self.registry.stop().await.unwrap();
    }
}
