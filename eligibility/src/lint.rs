//! What is wrong with a scheme file, with arrows into the file.
//!
//! Guarantees: each finding has a stable code, a place in bytes of the file, and a way to mend it; a scheme with an error among its
//! findings cannot be activated. Deliberately absent: files; the caller brings the text.

mod coverage;
mod rules;

use std::{fmt, ops::Range};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity};

use crate::scheme::Scheme;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LintDiagnostic {
    /// Stable, such as `unknown-key`.
    pub code: &'static str,
    /// Whether it forbids activation.
    pub level: Level,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub help: String,
    /// Bytes of the file.
    pub at: Range<usize>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The scheme cannot be activated.
    Error,
    /// Look at it.
    Warning,
}

impl LintDiagnostic {
    /// An error.
    pub fn error(code: &'static str, at: Range<usize>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, level: Level::Error, what: what.into(), help: help.into(), at }
    }

    /// A warning.
    pub fn warning(code: &'static str, at: Range<usize>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, at, what, help) }
    }

    /// The line of the file in which it begins, from 1, and the column in characters, from 1.
    pub fn line_and_column(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.at.start.min(text.len())).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl fmt::Display for LintDiagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for LintDiagnostic {}

impl Diagnostic for LintDiagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::underline(self.at.clone()))))
    }
}

/// What a whole lint found.
#[derive(Clone, Debug, Default)]
pub struct Lint {
    /// The scheme, if it could be read.
    pub scheme: Option<Scheme>,
    /// The findings, in the file's order.
    pub findings: Vec<LintDiagnostic>,
}

impl Lint {
    /// Whether nothing forbids activation.
    pub fn is_clean(&self) -> bool {
        self.scheme.is_some() && self.findings.iter().all(|f| f.level != Level::Error)
    }
}

/// Reads a file, checks its rules, and runs the examples inside.
pub fn lint(text: &str) -> Lint {
    let scheme = match Scheme::parse(text) {
        Ok(scheme) => scheme,
        Err(findings) => return Lint { scheme: None, findings },
    };
    let mut findings = rules::check(&scheme);
    findings.extend(crate::examples::failures(&scheme));
    findings.extend(coverage::check(&scheme));
    findings.sort_by_key(|f| (f.at.start, f.at.end));
    Lint { scheme: Some(scheme), findings }
}

/// The findings as people read them, with arrows into the file.
pub fn render(findings: &[LintDiagnostic], name: &str, text: &str, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut out = String::new();
    for finding in findings {
        let report = miette::Report::new(finding.clone()).with_source_code(NamedSource::new(name, text.to_owned()));
        // Writing into a String cannot fail; a place outside the file would show as no arrow.
        let _ = handler.render_report(&mut out, report.as_ref());
    }
    out
}

#[cfg(test)]
mod tests;
