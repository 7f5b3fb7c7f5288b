//! The server beside the gateways: the same rows, from the same table, over the same mutual TLS 1.3, and nothing else.
//!
//! It is a process of the benchmark's own (`exchange plain-server <settings>`), never a mode of a gateway. Guarantees: it admits
//! exactly one certificate, byte for byte, and reads one row a request through a pool, as a department's own service would.
//! Deliberately absent: consent, signatures, encryption, receipts, limits.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context;
use diesel::{
    OptionalExtension, PgConnection, QueryDsl, RunQueryDsl,
    prelude::ExpressionMethods,
    r2d2::{ConnectionManager, Pool},
};
use openssl::{
    pkey::PKey,
    ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod, SslVerifyMode, SslVersion},
    x509::X509,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

diesel::table! {
    khatedar (khata_no) {
        khata_no -> Text,
        income_band -> Nullable<Text>,
    }
}

/// What the server needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Where to listen.
    pub address: String,
    /// Certificate and key, PEM files.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The one client that comes in, PEM.
    pub client: PathBuf,
    /// The department's database, for its reader.
    pub database: String,
    /// Threads.
    pub workers: usize,
}

/// Who is asked about.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asked {
    /// Her number in the department's table.
    pub khata_no: String,
}

type Rows = Pool<ConnectionManager<PgConnection>>;

/// Serves until standard input closes; says on standard output when it is ready.
///
/// # Errors
/// If an address, a file or the database is not there.
pub fn serve(settings: &Path) -> anyhow::Result<()> {
    let settings: Settings = serde_json::from_slice(&std::fs::read(settings)?)?;
    let rows = Pool::builder().max_size(16).build(ConnectionManager::new(&settings.database))?;
    let acceptor = acceptor(&settings)?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        // The parent has ended, or wants us to.
        std::process::exit(0);
    });
    actix_web::rt::System::new().block_on(run(&settings, rows, acceptor))
}

#[allow(
    clippy::disallowed_methods,
    reason = "the benchmark's own server shows what the gateways' limits and declared access cost"
)]
async fn run(settings: &Settings, rows: Rows, acceptor: SslAcceptorBuilder) -> anyhow::Result<()> {
    let rows = web::Data::new(rows);
    let server = HttpServer::new(move || App::new().app_data(rows.clone()).route("/rows", web::post().to(row)))
        .workers(settings.workers)
        .bind_openssl(&settings.address, acceptor)?
        .run();
    let mut out = std::io::stdout();
    writeln!(out, "{}", json!({ "ready": true }))?;
    out.flush()?;
    Ok(server.await?)
}

fn acceptor(settings: &Settings) -> anyhow::Result<SslAcceptorBuilder> {
    let admitted = X509::from_pem(&std::fs::read(&settings.client)?)?.to_der()?;
    let mut builder = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_3))?;
    let certificate = X509::from_pem(&std::fs::read(&settings.certificate)?)?;
    builder.set_certificate(&certificate)?;
    let key = PKey::private_key_from_pem(&std::fs::read(&settings.key)?)?;
    builder.set_private_key(key.as_ref())?;
    builder.set_verify_callback(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT, move |_, context| {
        let shown = context.current_cert().and_then(|leaf| leaf.to_der().ok());
        context.error_depth() == 0 && shown.as_ref() == Some(&admitted)
    });
    Ok(builder)
}

async fn row(rows: web::Data<Rows>, asked: web::Json<Asked>) -> HttpResponse {
    match web::block(move || read(&rows, &asked.khata_no)).await.context("the pool of threads").and_then(|read| read) {
        Ok(Some(band)) => {
            HttpResponse::Ok().json(json!({ "dataset": "revenue.income", "rows": [{ "annual_income_band": band }] }))
        }
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn read(rows: &Rows, khata_no: &str) -> anyhow::Result<Option<String>> {
    let mut conn = rows.get()?;
    let band = khatedar::table.filter(khatedar::khata_no.eq(khata_no)).select(khatedar::income_band);
    Ok(band.first::<Option<String>>(&mut conn).optional()?.flatten())
}
