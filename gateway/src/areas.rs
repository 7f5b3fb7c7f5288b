//! What each area keeps in memory while the gateway runs: group commits, caches, pumps.
//!
//! One field an area, made from the foundation; the accessor stands in the area's own file.

use crate::{
    app::{Foundation, StartError},
    consents::Citizens,
    exchange::Exchange,
    triggers::Triggers,
};

/// The areas' own state.
pub(crate) struct Areas {
    pub(crate) exchange: Exchange,
    pub(crate) citizens: Citizens,
    pub(crate) triggers: Triggers,
}

impl Areas {
    pub(crate) fn new(foundation: &Foundation) -> Result<Self, StartError> {
        Ok(Self {
            exchange: Exchange::start(foundation)?,
            citizens: Citizens::default(),
            triggers: Triggers::open(foundation)?,
        })
    }
}
