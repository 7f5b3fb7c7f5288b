//! What officers of a department do about people: they sign with keys of their own, or fill in forms of the console.

use anyhow::Context;
use serde_json::Value;
use vinimay::demo::Officer;

use super::office::Office;

impl Office {
    /// One of its two officers signs what is done about decisions, by `vinimay gateway review …`; what it printed. A key signs one
    /// thing: for this each has a second one.
    pub fn reviews(&mut self, officer: usize, arguments: &[&str]) -> anyhow::Result<Value> {
        self.become_reviewers();
        let officer = &self.officers.as_ref().unwrap()[officer];
        self.signs(officer, arguments)
    }

    /// Somebody at the counter signs what a person came to say: who hears it did not write it down.
    pub fn takes_down(&mut self, arguments: &[&str]) -> anyhow::Result<Value> {
        self.become_reviewers();
        let clerk = Officer::hired(&self.department, "chitra", &["reviewer"])?;
        let key = clerk.registers(&self.department, self.review_key(&clerk).as_ref())?;
        let asha = &self.officers.as_ref().context("nobody reviews here")?[0];
        asha.signs_in()?;
        asha.confirms(&key)?;
        self.signs(&clerk, arguments)
    }

    fn signs(&self, officer: &Officer, arguments: &[&str]) -> anyhow::Result<Value> {
        let (name, key) = (officer.name.clone(), self.review_key(officer));
        let mut all = vec!["review"];
        all.extend(arguments);
        all.extend(["--account", &name, "--key", &key, "--json"]);
        Ok(serde_json::from_str(&self.department.command(&all)?)?)
    }

    fn review_key(&self, officer: &Officer) -> String {
        self.department.folder().join(format!("review-{}.pem", officer.name)).display().to_string()
    }

    fn become_reviewers(&mut self) {
        if std::mem::replace(&mut self.reviewers, true) {
            return;
        }
        self.officers();
        let [asha, binod] = self.officers.as_ref().unwrap();
        let keys = [asha, binod].map(|officer| {
            // Days may have passed since she did.
            officer.signs_in().unwrap();
            let file = self.review_key(officer);
            officer.registers(&self.department, file.as_ref()).unwrap()
        });
        asha.confirms(&keys[1]).unwrap();
        binod.confirms(&keys[0]).unwrap();
    }

    /// A file with an officer's words.
    pub fn words(&self, name: &str, words: &str) -> String {
        let file = self.department.folder().join(name);
        std::fs::write(&file, words).unwrap();
        file.display().to_string()
    }

    /// An operator says at the console who is meant by the only record that waits for that.
    pub fn matches(&self, number: &str) -> anyhow::Result<()> {
        let waiting = "match_queue WHERE resolved_ms IS NULL";
        let one = |column: &str| self.kept().words(column, waiting).pop().context("nothing waits");
        let (source, event, role) = (one("source")?, one("message")?, one("role")?);
        let operator = Officer::hired(&self.department, "chitra", &["operator"])?;
        let meant = [("meant", "somebody"), ("number", number)];
        let which = [("source", source.as_str()), ("event", event.as_str()), ("role", role.as_str())];
        operator.posts("/console/matching", &[which.as_slice(), &meant].concat())
    }
}
