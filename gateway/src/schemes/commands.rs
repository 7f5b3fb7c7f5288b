//! What `vinimay gateway scheme …` calls.
//!
//! Guarantees: an officer's key is read where the command runs and goes nowhere; what is handed in is a signed order. Deliberately
//! absent: printing, exit codes, arguments.

use std::{collections::BTreeMap, path::Path};

use protocol::seal::{KeyError, SealFailed, SigningKey};
use registry_adapter::mapping::RollId;
use schemas::{
    decision::SchemeVersion,
    id::{CompactJws, SchemeId, SystemName},
    time::CivilDate,
};
use service_kit::{
    clock::Clock,
    config::ConfigError,
    secret::{SecretError, SecretFile},
};

use super::{BackTested, Listed, OrderTaken, Progress, SchemeError, Schemes, Terms, sign_order};
use crate::{
    app::{StartError, open_database, open_source},
    audit::COMMAND_LINE,
    config::Config,
    keys::{KeyFileError, KeyFolder},
    store::schemes::StoredVersion,
};

/// A command on schemes failed.
#[derive(Debug, thiserror::Error)]
pub enum SchemeCommandError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Opening what is there.
    #[error(transparent)]
    Start(#[from] Box<StartError>),
    /// Key files.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The schemes.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// The officer's key file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It holds something else.
    #[error("the officer's key cannot be read: {0}; mend: name the file that `vinimay gateway user key` made")]
    Key(#[from] KeyError),
    /// Signing.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// It is not what a page shows.
    #[error("this is no order that can be signed; mend: save what the page shows, whole and unchanged")]
    NotTerms,
    /// There is no roll to test on.
    #[error("the gateway has no database of the department; mend: add [source] to its configuration")]
    NoSource,
    /// It is not known by which roll the scheme pays.
    #[error(
        "it is not known which roll {0} pays by; mend: name it with --roll, or in [decisions.rolls] of the configuration"
    )]
    NoRoll(SchemeId),
    /// The blocking pool is gone.
    #[error("the process is stopping")]
    Stopping,
}

/// Which version of which scheme: `CG-IGNOAPS@3`, or the newest, `CG-IGNOAPS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    /// The scheme.
    pub id: SchemeId,
    /// The version; `None`: the newest that was handed in.
    pub version: Option<u32>,
}

/// The text names no version.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write a scheme as CG-IGNOAPS@3, or CG-IGNOAPS for its newest version")]
pub struct InvalidWhich;

impl std::str::FromStr for Which {
    type Err = InvalidWhich;

    fn from_str(text: &str) -> Result<Self, InvalidWhich> {
        let (id, version) = match text.split_once('@') {
            Some((id, version)) => (id, Some(version.parse().map_err(|_| InvalidWhich)?)),
            None => (text, None),
        };
        Ok(Self { id: id.parse().map_err(|_| InvalidWhich)?, version })
    }
}

async fn open(config: &Path, clock: &Clock) -> Result<(Config, Schemes), SchemeCommandError> {
    let (config, clock) = (Config::load(config)?, clock.clone());
    blocking(move || {
        let sectors = config.identity.as_ref().map(|identity| identity.sectors.clone()).unwrap_or_default();
        let keys = KeyFolder::new(config.keys.folder.resolve()).load(&sectors)?;
        let schemes = Schemes::new(open_database(&config).map_err(Box::new)?, keys, clock, config.entity.clone());
        Ok((config, schemes))
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SchemeCommandError> + Send + 'static,
) -> Result<T, SchemeCommandError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| SchemeCommandError::Stopping)?
}

async fn stored(schemes: &Schemes, which: &Which) -> Result<StoredVersion, SchemeError> {
    match which.version {
        Some(version) => schemes.version(&which.id, version).await,
        None => schemes.newest(&which.id).await,
    }
}

fn named(stored: &StoredVersion) -> SchemeVersion {
    SchemeVersion { id: stored.scheme.clone(), version: stored.version, hash: stored.hash }
}

/// Hands a file in.
///
/// # Errors
/// [`SchemeCommandError`], with its mend.
pub async fn scheme_submit(config: &Path, text: String, clock: &Clock) -> Result<SchemeVersion, SchemeCommandError> {
    let (_, schemes) = open(config, clock).await?;
    Ok(schemes.submit(COMMAND_LINE, text).await?)
}

/// Tests a version on the department's roll.
///
/// # Errors
/// [`SchemeCommandError`], with its mend.
pub async fn scheme_backtest(
    config: &Path,
    which: &Which,
    (roll, as_of): (Option<RollId>, Option<CivilDate>),
    progress: Progress,
    clock: &Clock,
) -> Result<BackTested, SchemeCommandError> {
    let (config, schemes) = open(config, clock).await?;
    let version = stored(&schemes, which).await?;
    let rolls = rolls(&config);
    let roll = roll.or_else(|| rolls.get(&version.scheme).cloned());
    let roll = roll.ok_or_else(|| SchemeCommandError::NoRoll(version.scheme.clone()))?;
    let source = blocking(move || Ok(open_source(&config).map_err(Box::new)?)).await?;
    let source = source.ok_or(SchemeCommandError::NoSource)?;
    Ok(schemes.backtest(COMMAND_LINE, &source, version, (roll, rolls), as_of, progress).await?)
}

/// By which roll each scheme pays.
fn rolls(config: &Config) -> BTreeMap<SchemeId, RollId> {
    let each = config.decisions.rolls.iter();
    each.filter_map(|(scheme, roll)| Some((scheme.parse().ok()?, roll.parse().ok()?))).collect()
}

fn officer_key(file: &Path) -> Result<SigningKey, SchemeCommandError> {
    Ok(SigningKey::from_pem(SecretFile::read(file)?.expose())?)
}

/// Signs a version, with an officer's own key, and hands the order in. It comes into force by `publish`. If the officer says that
/// she read the sample of leavers, that is kept first.
///
/// # Errors
/// [`SchemeCommandError`], with its mend.
pub async fn scheme_approve(
    config: &Path,
    which: &Which,
    (account, key): (&SystemName, &Path),
    (from, has_read): (Option<CivilDate>, bool),
    clock: &Clock,
) -> Result<OrderTaken, SchemeCommandError> {
    let (_, schemes) = open(config, clock).await?;
    let version = named(&stored(&schemes, which).await?);
    if has_read {
        schemes.read_leavers(account, &version, None).await?;
    }
    let terms = schemes.publish_terms(&version, from).await?;
    let order = sign_order(&officer_key(key)?, &terms, clock.now())?;
    Ok(schemes.take_signature(account, &order).await?)
}

/// Signs, with an officer's own key and on her own machine, what a page shows; the page takes it.
///
/// # Errors
/// [`SchemeCommandError`], with its mend.
pub fn scheme_sign(terms: &str, key: &Path, clock: &Clock) -> Result<CompactJws, SchemeCommandError> {
    let terms: Terms = serde_json::from_str(terms).map_err(|_| SchemeCommandError::NotTerms)?;
    Ok(sign_order(&officer_key(key)?, &terms, clock.now())?)
}

/// Brings into force what two officers signed.
///
/// # Errors
/// [`SchemeCommandError`], with its mend.
pub async fn scheme_publish(config: &Path, which: &Which, clock: &Clock) -> Result<Terms, SchemeCommandError> {
    let (_, schemes) = open(config, clock).await?;
    let version = named(&stored(&schemes, which).await?);
    Ok(schemes.publish(COMMAND_LINE, &version).await?)
}

/// Signs that the version before comes back, or none; carried out with the second officer's signature.
///
/// # Errors
/// [`SchemeCommandError`], with its mend.
pub async fn scheme_rollback(
    config: &Path,
    scheme: &SchemeId,
    (account, key): (&SystemName, &Path),
    from: Option<CivilDate>,
    clock: &Clock,
) -> Result<OrderTaken, SchemeCommandError> {
    let (_, schemes) = open(config, clock).await?;
    let terms = schemes.rollback_terms(scheme, from).await?;
    let order = sign_order(&officer_key(key)?, &terms, clock.now())?;
    Ok(schemes.take_order(account, &order).await?)
}

/// Every version.
///
/// # Errors
/// [`SchemeCommandError`], with its mend.
pub async fn scheme_list(config: &Path, clock: &Clock) -> Result<Vec<Listed>, SchemeCommandError> {
    let (_, schemes) = open(config, clock).await?;
    Ok(schemes.list().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_by_scheme_and_number() {
        let which: Which = "CG-IGNOAPS@3".parse().unwrap();
        assert_eq!((which.id.as_str(), which.version), ("CG-IGNOAPS", Some(3)));
        assert_eq!("CG-IGNOAPS".parse::<Which>().unwrap().version, None);
        for bad in ["", "@3", "CG IGNOAPS", "CG-IGNOAPS@", "CG-IGNOAPS@three"] {
            assert_eq!(bad.parse::<Which>(), Err(InvalidWhich), "{bad}");
        }
    }
}
