//! What a sealed part is for: issuer, audience and id of the message that carries it.

use schemas::id::{ConsentId, Did, EntityId, MessageId};

/// The content type of a named person.
pub(super) const SUBJECT: &str = "dx-subject+json";

/// The message to which a sealed part belongs. Sealing writes it inside, opening compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    issuer: Box<str>,
    audience: EntityId,
    to: To,
    content: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum To {
    Id(Box<str>),
    Asker(EntityId),
}

impl Binding {
    /// The data of an answer: its `iss`, `aud` and `jti`.
    pub fn answer(iss: &EntityId, aud: &EntityId, jti: &MessageId) -> Self {
        Self::new(iss.as_str(), aud, To::Id(jti.as_str().into()), "dx-answer-data+json")
    }

    /// The data of an event: its `iss`, `aud` and `jti`.
    pub fn event(iss: &EntityId, aud: &EntityId, jti: &MessageId) -> Self {
        Self::new(iss.as_str(), aud, To::Id(jti.as_str().into()), "dx-event-data+json")
    }

    /// A binding presentation, which the wallet seals once: the consent's issuer, provider and id.
    pub fn presentation(issuer: &Did, provider: &EntityId, consent: &ConsentId) -> Self {
        Self::new(issuer.as_str(), provider, To::Id(consent.as_str().into()), "dx-binding+json")
    }

    /// A person named by the identity registry to a receiver, for messages that the asker signs.
    pub fn subject(registry: &EntityId, receiver: &EntityId, asker: &EntityId) -> Self {
        Self::new(registry.as_str(), receiver, To::Asker(asker.clone()), SUBJECT)
    }

    /// People whom the asker wants the identity registry to name: for messages that the asker signs.
    pub fn naming(asker: &EntityId, registry: &EntityId) -> Self {
        Self::new(asker.as_str(), registry, To::Asker(asker.clone()), "dx-naming+json")
    }

    /// Residents whom the identity registry names for linking: the page's `iss`, `aud` and `jti`.
    pub fn subjects(iss: &EntityId, aud: &EntityId, jti: &MessageId) -> Self {
        Self::new(iss.as_str(), aud, To::Id(jti.as_str().into()), "dx-subjects+json")
    }

    fn new(issuer: &str, audience: &EntityId, to: To, content: &'static str) -> Self {
        Self { issuer: issuer.into(), audience: audience.clone(), to, content }
    }

    pub(super) fn iss(&self) -> &str {
        &self.issuer
    }

    pub(super) fn aud(&self) -> &str {
        self.audience.as_str()
    }

    pub(super) fn jti(&self) -> Option<&str> {
        match &self.to {
            To::Id(id) => Some(id),
            To::Asker(_) => None,
        }
    }

    pub(super) fn asker(&self) -> Option<&str> {
        match &self.to {
            To::Id(_) => None,
            To::Asker(asker) => Some(asker.as_str()),
        }
    }

    /// The header's `cty`, so that a sealed part of one kind is never opened as another.
    pub(super) fn content_type(&self) -> &'static str {
        self.content
    }
}
