//! The citizen at her wallet: the command line that an assisted centre uses, run as a program.

use std::path::PathBuf;

use anyhow::Context;
use schemas::{bundle::TrustRoot, local::BindingOffer};
use serde_json::Value;

use crate::world::Binary;

/// A citizen with a wallet of her own.
#[derive(Debug)]
pub struct Citizen {
    binary: Binary,
    home: PathBuf,
}

impl Citizen {
    /// A new wallet that pins the federation.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn with_wallet(binary: &Binary, home: PathBuf, root: &TrustRoot) -> anyhow::Result<Self> {
        let citizen = Self { binary: binary.clone(), home };
        citizen.wallet(&[
            "init",
            "--anchor",
            root.entity.as_str(),
            "--fingerprint",
            root.fingerprint.as_str(),
            "--allow-network",
            "127.0.0.0/8",
        ])?;
        Ok(citizen)
    }

    /// Redeems what the registry's officer handed out.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn bind(&self, offer: &BindingOffer) -> anyhow::Result<Value> {
        let code = self.home.join("tx-code.txt");
        std::fs::write(&code, &offer.tx_code)?;
        self.wallet(&["bind", &offer.offer, "--tx-code-file", &code.display().to_string()])
    }

    /// What a request would have her sign.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn show(&self, link: &str) -> anyhow::Result<Value> {
        self.wallet(&["show", link])
    }

    /// Consents.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn grant(&self, link: &str) -> anyhow::Result<Value> {
        self.wallet(&["grant", link])
    }

    /// Ends a consent.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn revoke(&self, consent: &str) -> anyhow::Result<Value> {
        self.wallet(&["revoke", consent])
    }

    /// Who used her data.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn history(&self) -> anyhow::Result<Value> {
        self.wallet(&["history"])
    }

    /// What departments decided about her.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn benefits(&self) -> anyhow::Result<Value> {
        self.wallet(&["benefits"])
    }

    /// Takes an offer.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn accept(&self, decision: &str) -> anyhow::Result<Value> {
        self.wallet(&["accept", decision])
    }

    /// Objects to a removal, in the words of this file.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn object(&self, decision: &str, words_file: &std::path::Path) -> anyhow::Result<Value> {
        self.wallet(&["object", decision, "--words-file", &words_file.display().to_string()])
    }

    fn wallet(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let home = self.home.display().to_string();
        let mut all = vec!["wallet", "--home", &home, "--json"];
        all.extend(arguments);
        let printed = self.binary.run(&all)?;
        serde_json::from_str(&printed)
            .with_context(|| format!("wallet {} printed no JSON", arguments.first().unwrap_or(&"")))
    }
}
