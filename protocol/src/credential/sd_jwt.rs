//! The general part of SD-JWT (RFC 9901) that `ssi` leaves to its caller.
//!
//! Guarantees: before `ssi` reveals anything, sizes, counts and depths are bounded, each disclosure is strict base64url
//! of strict JSON with a fresh name, and no digest stands twice anywhere (RFC 9901 §7.1). Afterwards each disclosure was
//! used exactly once. Deliberately absent: signatures (the caller verified them) and what the claims mean.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use ssi::claims::sd_jwt::{DecodedDisclosure, Disclosure, DisclosureDescription, RevealedSdJwt, SdAlg, SdHash, SdJwt};

use crate::seal::{Limits, check_strict_json, decode_base64url, random};

/// Most disclosures in one token.
pub(super) const MAX_DISCLOSURES: usize = 64;
/// Deepest nesting of a disclosed value.
const MAX_NESTING: usize = 8;
/// Names that a disclosure may never introduce (RFC 9901 §7.1 step 3.c.ii).
const RESERVED: [&str; 2] = ["_sd", "..."];

/// A text is not an SD-JWT, or breaks a rule of RFC 9901. The reason never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SdJwtError(pub &'static str);

/// An SD-JWT, taken apart and within its limits; nothing is verified or revealed yet.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a>(&'a SdJwt);

/// Top-level claims that disclosures revealed, by name.
pub(super) type Revealed = BTreeMap<String, Value>;

impl<'a> Parts<'a> {
    pub(super) fn parse(text: &'a str, limits: Limits) -> Result<Self, SdJwtError> {
        if text.len() > limits.bytes {
            return Err(SdJwtError("longer than allowed"));
        }
        let parts = Self(SdJwt::new(text).map_err(|_| SdJwtError("not an SD-JWT"))?);
        let encoded: Vec<&str> = parts.disclosures().collect();
        if encoded.len() > MAX_DISCLOSURES {
            return Err(SdJwtError("too many disclosures"));
        }
        if encoded.iter().collect::<BTreeSet<_>>().len() != encoded.len() {
            return Err(SdJwtError("a disclosure stands twice"));
        }
        encoded.into_iter().try_for_each(check_disclosure)?;
        Ok(parts)
    }

    /// The issuer-signed part.
    pub(super) fn jwt(self) -> &'a str {
        self.0.jwt().as_str()
    }

    /// The key binding, if there is one.
    pub(super) fn key_binding(self) -> Option<&'a str> {
        self.0.kb().map(|kb| kb.as_str())
    }

    /// What a key binding must hash (RFC 9901 §4.3.1).
    pub(super) fn sd_hash(self) -> String {
        SdHash::new(SdAlg::Sha256, self.0).0
    }

    /// The whole without its key binding.
    pub(super) fn unbound(self) -> &'a str {
        self.0.trim_kb().as_str()
    }

    fn disclosures(self) -> impl Iterator<Item = &'a str> {
        self.0.disclosures().map(Disclosure::as_str)
    }

    /// Reveals through `ssi` and keeps what became top-level claims. Call it once the signature was verified.
    pub(super) fn reveal(self) -> Result<Revealed, SdJwtError> {
        self.revealed()?.disclosures.into_iter().map(|(at, disclosure)| top_level(at.as_str(), disclosure)).collect()
    }

    /// The whole with every disclosure put in its place, each used exactly once.
    pub(super) fn revealed(self) -> Result<RevealedSdJwt<'a>, SdJwtError> {
        let decoded = self.0.decode().map_err(|_| SdJwtError("a part cannot be read"))?;
        let mut digests = BTreeSet::new();
        for (name, value) in &decoded.jwt.signing_bytes.payload.claims {
            collect_digests(name, value, &mut digests)?;
        }
        for disclosure in &decoded.disclosures {
            let (DisclosureDescription::ObjectEntry { value, .. } | DisclosureDescription::ArrayItem(value)) =
                &disclosure.desc;
            collect_digests("", value, &mut digests)?;
        }
        decoded.reveal_any().map_err(|_| SdJwtError("a disclosure belongs to no digest"))
    }

    /// The same with only the disclosures of those top-level claims, in their order, ready for a key binding.
    pub(super) fn retaining(self, names: &BTreeSet<&str>) -> Result<String, SdJwtError> {
        let mut kept = format!("{}~", self.jwt());
        let mut left = names.clone();
        for encoded in self.disclosures() {
            let decoded = DecodedDisclosure::new(encoded).map_err(|_| SdJwtError("a part cannot be read"))?;
            if let DisclosureDescription::ObjectEntry { key, .. } = &decoded.desc
                && left.remove(key.as_str())
            {
                kept.push_str(encoded);
                kept.push('~');
            }
        }
        if left.is_empty() { Ok(kept) } else { Err(SdJwtError("a claim to disclose is not there")) }
    }
}

fn top_level(pointer: &str, disclosure: DecodedDisclosure<'_>) -> Result<(String, Value), SdJwtError> {
    match disclosure.desc {
        DisclosureDescription::ObjectEntry { key, value } if pointer.strip_prefix('/') == Some(key.as_str()) => {
            Ok((key, value))
        }
        _ => Err(SdJwtError("a disclosure is not of a top-level claim")),
    }
}

fn check_disclosure(encoded: &str) -> Result<(), SdJwtError> {
    let json = decode_base64url(encoded).map_err(|_| SdJwtError("a disclosure is not base64url"))?;
    let limits = Limits { depth: MAX_NESTING, ..Limits::BINDING };
    check_strict_json(&json, limits).map_err(|_| SdJwtError("a disclosure is not strict JSON"))?;
    let decoded =
        DecodedDisclosure::new(encoded).map_err(|_| SdJwtError("a disclosure is not salt, name and value"))?;
    // 128 bits of salt are 22 characters: less could be guessed.
    if decoded.salt.len() < 22 {
        return Err(SdJwtError("a salt is too short"));
    }
    match &decoded.desc {
        DisclosureDescription::ObjectEntry { key, .. } if RESERVED.contains(&key.as_str()) => {
            Err(SdJwtError("a disclosure has a reserved name"))
        }
        _ => Ok(()),
    }
}

/// Gathers each embedded digest; a second sight of one ends the matter (RFC 9901 §7.1 step 4).
fn collect_digests<'v>(name: &str, value: &'v Value, seen: &mut BTreeSet<&'v str>) -> Result<(), SdJwtError> {
    match value {
        Value::Array(items) if name == "_sd" => items.iter().try_for_each(|item| note_digest(item, seen)),
        Value::String(_) if name == "..." => note_digest(value, seen),
        Value::Array(items) => items.iter().try_for_each(|item| collect_digests("", item, seen)),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| collect_digests(name, value, seen)),
        _ => Ok(()),
    }
}

fn note_digest<'v>(value: &'v Value, seen: &mut BTreeSet<&'v str>) -> Result<(), SdJwtError> {
    let text = value.as_str().ok_or(SdJwtError("a digest is not a text"))?;
    if decode_base64url(text).is_ok_and(|bytes| bytes.len() == 32) && seen.insert(text) {
        Ok(())
    } else {
        Err(SdJwtError("a digest is malformed or stands twice"))
    }
}

/// Conceals one claim: its disclosure and the digest to put under `_sd`, over a fresh salt of 128 bits.
pub(super) fn conceal(name: &str, value: &str) -> (String, String) {
    let entry = DisclosureDescription::ObjectEntry { key: name.to_owned(), value: Value::String(value.to_owned()) };
    let disclosure = DecodedDisclosure::from_parts(random::nonce(), entry);
    let digest = SdAlg::Sha256.hash(&*disclosure.encoded);
    (disclosure.encoded.as_str().to_owned(), digest)
}

/// A digest of nothing, so that their number tells nothing (RFC 9901 §4.2.7).
pub(super) fn decoy() -> String {
    SdAlg::Sha256.hash(random::bytes::<32>())
}

#[cfg(test)]
mod tests;
