//! For tests of this area: keys, four departments behind real listeners, and a wallet that can be made to lie.

mod wallet;
mod world;

use std::collections::BTreeMap;

use protocol::seal::{
    Algorithm, DecryptionKey, SigningKey, certificate::TlsIdentity, envelope::KeyRing, keyed_hash::MacKey,
};
use schemas::time::Timestamp;

use crate::keys::Keys;

pub(crate) use wallet::{Fetched, Proofs, TestWallet, code};
pub(crate) use world::{Answer, CitizenWorld, PURPOSE, Serving, purpose};

/// New keys of a department, an identity registry of one sector.
pub(crate) fn keys() -> Keys {
    let now = Timestamp::from_seconds(1_795_248_100);
    Keys {
        signing: SigningKey::generate(Algorithm::Es256).unwrap(),
        encryption: vec![DecryptionKey::generate().unwrap()],
        tls: TlsIdentity::self_signed("test", &["localhost".parse().unwrap()], now, now.plus(86_400)).unwrap(),
        subject_mac: MacKey::generate(),
        columns: KeyRing::generate(),
        index: MacKey::generate(),
        sectors: BTreeMap::from([("revenue".parse().unwrap(), MacKey::generate())]),
    }
}
