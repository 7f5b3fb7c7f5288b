//! Who would enter or leave by a back-test, person by person, and that an officer read the sample of leavers.
//!
//! Guarantees: people appear by the department's own numbers alone; each look at them is a row of the audit trail; a sample is marked
//! as read for exactly the back-test that was shown. Deliberately absent: who may look, which stands at the routes.

use eligibility::backtest::Leaver;
use schemas::{decision::SchemeVersion, digest::Digest, id::SystemName, problem::Code};

use super::{SchemeError, Schemes, action};
use crate::{
    audit,
    store::schemes::{
        backtest_newest,
        runs::{leavers_read_insert, people_page},
    },
};

/// Who is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    /// Who would enter.
    Enter,
    /// Who would leave.
    Leave,
}

impl Moving {
    /// As addresses and rows write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Leave => "leave",
        }
    }
}

/// One page of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movers {
    /// By the department's own numbers, with the clauses that decided.
    pub people: Vec<Leaver>,
    /// Whether another page follows.
    pub more: bool,
}

impl Schemes {
    /// Who moves by a back-test: a page, from 0. Looking is written down.
    ///
    /// # Errors
    /// `not-found` beyond the last page, unless that is the first.
    pub async fn movers(
        &self,
        by: &SystemName,
        (version, test): (&SchemeVersion, Digest),
        (moving, page): (Moving, u32),
    ) -> Result<Movers, SchemeError> {
        let row = audit::done(by.as_str(), action::PEOPLE, &target(version), self.now());
        let keys = self.keys.clone();
        self.db
            .write(move |conn| {
                let place = i64::from(page);
                let found = people_page(conn, &keys, &test, (moving.as_str(), place))?;
                let more = people_page(conn, &keys, &test, (moving.as_str(), place.saturating_add(1)))?.is_some();
                if found.is_none() && page > 0 {
                    return Err(SchemeError::refused(Code::NotFound, "there is no such page"));
                }
                audit::append(conn, &row)?;
                Ok(Movers { people: found.unwrap_or_default(), more })
            })
            .await
    }

    /// Marks the sample of leavers of a version's newest back-test as read.
    ///
    /// # Errors
    /// `backtest-missing`; `conflict` if another back-test was made since.
    pub async fn read_leavers(
        &self,
        by: &SystemName,
        version: &SchemeVersion,
        test: Option<Digest>,
    ) -> Result<(), SchemeError> {
        let (this, hash, account) = (self.clone(), version.hash, by.clone());
        let row = audit::done(by.as_str(), action::READ, &target(version), self.now());
        let done = self
            .db
            .write({
                let row = row.clone();
                move |conn| {
                    let missing = || SchemeError::refused(Code::BacktestMissing, "there is no back-test to read");
                    let newest = backtest_newest(conn, &this.keys, &hash)?.ok_or_else(missing)?;
                    if test.is_some_and(|shown| shown != newest.digest) {
                        return Err(SchemeError::refused(Code::Conflict, "another back-test was made since"));
                    }
                    leavers_read_insert(conn, &newest.digest, &account, this.now_ms())?;
                    audit::append(conn, &row)?;
                    Ok(())
                }
            })
            .await;
        if let Err(error) = &done {
            audit::record(&self.db, audit::refused(row, Some(error.code()))).await?;
        }
        done
    }
}

pub(super) fn target(version: &SchemeVersion) -> String {
    format!("{}@{}", version.id, version.version)
}
