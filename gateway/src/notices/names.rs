//! Names for people of departments, datasets, purposes and laws, as the directory has them; else their ids.

use std::{collections::BTreeMap, sync::Arc};

use schemas::{
    id::{DatasetId, EntityId, LawId, PurposeCode},
    time::Timestamp,
};
use service_kit::words::Language;

use crate::{app::App, directory::DirectorySnapshot};

/// Names as of one moment.
pub(super) struct Names<'a> {
    us: &'a EntityId,
    own: &'a BTreeMap<String, String>,
    directory: Arc<DirectorySnapshot>,
    now: Timestamp,
}

/// A text in a language, else in English, else any.
fn of(texts: &BTreeMap<String, String>, language: Language) -> Option<&String> {
    texts.get(language.tag()).or_else(|| texts.get(Language::English.tag())).or_else(|| texts.values().next())
}

impl<'a> Names<'a> {
    pub(super) fn now(app: &'a App) -> Self {
        Self { us: app.entity(), own: &app.config().name, directory: app.directory(), now: app.now() }
    }

    /// This department.
    pub(super) const fn us(&self) -> &EntityId {
        self.us
    }

    /// Its own name.
    pub(super) fn own(&self, language: Language) -> String {
        of(self.own, language).cloned().unwrap_or_else(|| host(self.us))
    }

    /// A member's name; suspended ones have theirs as well.
    pub(super) fn member(&self, entity: &EntityId, language: Language) -> String {
        if entity == self.us {
            return self.own(language);
        }
        let member = self.directory.members().member(entity);
        let name = member.and_then(|member| of(&member.gateway().organization_name, language).cloned());
        name.unwrap_or_else(|| host(entity))
    }

    /// A provider's name for a dataset.
    pub(super) fn dataset(&self, provider: &EntityId, dataset: &DatasetId, language: Language) -> String {
        let member = self.directory.members().member(provider);
        let title = member.and_then(|member| of(&member.dataset(dataset)?.title, language).cloned());
        title.unwrap_or_else(|| dataset.to_string())
    }

    /// The text of a purpose.
    pub(super) fn purpose(&self, code: &PurposeCode, language: Language) -> String {
        let purpose = self.directory.purpose_newest(code, self.now).ok().flatten();
        purpose.and_then(|purpose| of(&purpose.text, language).cloned()).unwrap_or_else(|| code.to_string())
    }

    /// The name of a law.
    pub(super) fn law(&self, id: &LawId, language: Language) -> String {
        let law = self.directory.laws().and_then(|laws| laws.iter().find(|law| law.id == *id));
        law.and_then(|law| of(&law.title, language).cloned()).unwrap_or_else(|| id.to_string())
    }
}

/// What people recognise of an entity id.
fn host(entity: &EntityId) -> String {
    entity.as_str().trim_start_matches("https://").to_owned()
}
