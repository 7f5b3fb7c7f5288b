//! Databases and certificates for one test.

use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::PKey,
    x509::{X509, X509NameBuilder, extension::SubjectAlternativeName},
};

use super::{create_migrated, postgres_migrated};
use service_kit::db::{Database, DatabaseUrl, Migrations};

/// A migrated database that goes away with the value.
pub struct DatabaseWorld {
    pub database: Database,
    _folder: tempfile::TempDir,
}

impl DatabaseWorld {
    /// A new SQLite database with these migrations.
    pub fn sqlite(migrations: &Migrations) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = create_migrated(&DatabaseUrl::Sqlite(folder.path().join("test.db")), migrations).unwrap();
        Self { database, _folder: folder }
    }

    /// A new PostgreSQL database with these migrations.
    pub fn postgres(migrations: &Migrations) -> Self {
        let database = Database::open(&postgres_migrated(migrations)).unwrap();
        Self { database, _folder: tempfile::tempdir().unwrap() }
    }
}

/// One SQLite and one PostgreSQL database with the tables of this crate alone.
pub async fn both_databases() -> Vec<DatabaseWorld> {
    tokio::task::block_in_place(|| {
        let none = Migrations::none();
        vec![DatabaseWorld::sqlite(&none), DatabaseWorld::postgres(&none)]
    })
}

/// A self-signed P-256 certificate for a host name and its PKCS#8 key, both PEM; valid from now for so many days
/// (negative: already expired).
pub fn self_signed(host: &str, days: i64) -> (Vec<u8>, Vec<u8>) {
    let key = EcKey::generate(&EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap()).unwrap();
    let key = PKey::from_ec_key(key).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", host).unwrap();
    let name = name.build();
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::ONE, false).unwrap();
    let now = service_kit::clock::Clock::default().now().seconds();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&Asn1Time::from_unix(now - 86_400 * 10).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(now + 86_400 * days).unwrap()).unwrap();
    let san = SubjectAlternativeName::new().dns(host).build(&builder.x509v3_context(None, None)).unwrap();
    builder.append_extension(san).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    (builder.build().to_pem().unwrap(), key.private_key_to_pem_pkcs8().unwrap())
}
