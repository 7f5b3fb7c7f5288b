//! What each area keeps in memory while the gateway runs: group commits, caches, pumps.
//!
//! One field an area, made from the foundation; the accessor stands in the area's own file.

use crate::app::Foundation;

/// The areas' own state.
pub(crate) struct Areas {}

impl Areas {
    pub(crate) fn new(_foundation: &Foundation) -> Self {
        Self {}
    }
}
