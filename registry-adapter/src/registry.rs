//! The contract between the gateway and a department's data: what a grant opens, and nothing else.
//!
//! Guarantees: [`Registry::fetch`] takes a `Grant` and reads what it needs alone; a data range is applied or the read is
//! refused; of what was read only that leaves which `Grant::disclose` lets out: granted values, masked where they have a mask,
//! and yes or no where only a question was granted.
//! Deliberately absent: any reading of a dataset without a grant; a failure that looks like an unknown person.

use std::{future::Future, pin::Pin};

use protocol::consent::{Disclosed, Grant};
use schemas::{
    federation::DatasetDescription,
    id::{DatasetId, FieldName},
    problem::Code,
};
use service_kit::db::DatabaseError;

use crate::key::LocalKey;

mod query;

pub(crate) use query::{Reading, Rows, read};

/// The greatest number of rows of one person in one answer.
pub const ROW_LIMIT: usize = 1_000;

/// A read under way. `None`: this database knows nobody by that key.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Option<Disclosed>, RegistryError>> + Send + 'a>>;

/// A department's data behind its mapping.
pub trait Registry: Send + Sync {
    /// Reads what the grant needs of the person whom this database knows by `key`, within 5 seconds, and gives what it lets out.
    fn fetch<'a>(&'a self, grant: &'a Grant, key: &'a LocalKey) -> Fetching<'a>;

    /// What the federation's catalogue says of the datasets.
    fn describe(&self) -> Vec<DatasetDescription>;

    /// Proves anew that the role that reads cannot write: by writes that must fail.
    ///
    /// # Errors
    /// If a write succeeded, or failed for another reason than the role's rights.
    fn prove_unwritable(&self) -> Result<(), ProofError>;
}

/// Why a read gave nothing. None of these holds a value or a key.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The mapping has no such dataset.
    #[error("the dataset {0} is not mapped here")]
    DatasetUnknown(DatasetId),
    /// None of the granted fields is mapped.
    #[error("no granted field of {0} is mapped here")]
    NothingMapped(DatasetId),
    /// The grant is limited to some days and the mapping cannot tell days apart. Never answered unfiltered.
    #[error("{0} has no range_column, so that a consent for some days cannot be answered")]
    RangeUnsupported(DatasetId),
    /// More rows of one person than an answer holds.
    #[error("{0} holds more than {ROW_LIMIT} rows of one person")]
    TooManyRows(DatasetId),
    /// The department's value is not of the mapped type.
    #[error("a value of {dataset}.{field} is no {expected}")]
    ValueUnreadable {
        /// The dataset.
        dataset: DatasetId,
        /// The field.
        field: FieldName,
        /// The mapped type.
        expected: &'static str,
    },
    /// The database did not answer within 5 seconds.
    #[error("the department's database did not answer in time")]
    DeadlinePassed,
    /// The database could not be asked.
    #[error("the department's database could not be read")]
    Database(#[source] DatabaseError),
}

impl RegistryError {
    /// The refusal that the asking department hears.
    pub const fn code(&self) -> Code {
        match self {
            Self::DatasetUnknown(_) => Code::DatasetUnknown,
            Self::NothingMapped(_) | Self::RangeUnsupported(_) => Code::NotFoundOrNotPermitted,
            Self::TooManyRows(_) | Self::ValueUnreadable { .. } | Self::DeadlinePassed | Self::Database(_) => {
                Code::RegistryUnavailable
            }
        }
    }
}

impl From<diesel::result::Error> for RegistryError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// A role was not proven to be what it must be.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It can write.
    #[error("the reader's role can write: {what}; mend: {mend}")]
    Writable {
        /// Which write would succeed.
        what: String,
        /// What to do about it.
        mend: &'static str,
    },
    /// It can write where the writer must not.
    #[error("the writer's role can do more than hold and release: {what}; mend: {mend}")]
    TooPowerful {
        /// Which write would succeed.
        what: String,
        /// What to do about it.
        mend: &'static str,
    },
    /// The write failed, but not for lack of rights: nothing is proven.
    #[error("whether the role can write could not be proven")]
    Unclear(#[source] DatabaseError),
}
