//! What each area keeps in memory while the gateway runs: group commits, caches, pumps.
//!
//! One field an area, made from the foundation; the accessor stands in the area's own file.

use std::sync::Arc;

use service_kit::words::Words;

use crate::{
    app::{Foundation, StartError},
    cases::Cases,
    consents::Citizens,
    console::{self, transparency::Kept},
    decisions::Decisions,
    exchange::Exchange,
    notices::Notices,
    overlap::Sessions,
    people::{
        People,
        openid::{OpenId, Provider},
    },
    retention::Retention,
    schemes::Schemes,
    triggers::Triggers,
};

/// The areas' own state.
pub(crate) struct Areas {
    pub(crate) cases: Cases,
    pub(crate) exchange: Exchange,
    pub(crate) citizens: Citizens,
    pub(crate) triggers: Triggers,
    pub(crate) decisions: Decisions,
    pub(crate) notices: Notices,
    pub(crate) overlaps: Sessions,
    pub(crate) retention: Retention,
    pub(crate) schemes: Schemes,
    pub(crate) officers: People,
    pub(crate) openid: Option<OpenId>,
    pub(crate) words: Arc<Words>,
    pub(crate) transparency: Kept,
}

impl Areas {
    pub(crate) fn new(foundation: &Foundation) -> Result<Self, StartError> {
        let (db, keys, settings) = (foundation.db.clone(), foundation.keys.clone(), &foundation.config.people);
        let people = People::new(db, keys, foundation.clock.clone(), settings.lifetimes());
        let (db, keys, clock) = (foundation.db.clone(), foundation.keys.clone(), foundation.clock.clone());
        let schemes = Schemes::new(db, keys, clock, foundation.config.entity.clone());
        let openid = |settings: &crate::config::OpenIdSettings| {
            let provider = Provider::open(settings.clone(), foundation.networks.clone())?;
            Ok::<_, StartError>(OpenId::new(people.clone(), Arc::new(provider)))
        };
        Ok(Self {
            openid: settings.openid.as_ref().map(openid).transpose()?,
            officers: people,
            schemes,
            words: console::words()?,
            transparency: Kept::default(),
            cases: Cases::default(),
            exchange: Exchange::start(foundation)?,
            citizens: Citizens::default(),
            triggers: Triggers::open(foundation)?,
            decisions: Decisions::open()?,
            notices: Notices::open(foundation)?,
            overlaps: Sessions::default(),
            retention: Retention::open(foundation)?,
        })
    }
}
