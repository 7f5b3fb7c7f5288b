//! A scheme's file line by line, with what lint says under the very place.
//!
//! Guarantees: every byte of the file is shown once and in order; each finding has a number, stands under its first line, and is
//! named by the marked place. Deliberately absent: finding anything (`eligibility::lint`).

use std::ops::Range;

use eligibility::lint::{Level, LintDiagnostic, lint};

use crate::console::Page;

/// A file with its findings.
pub struct File {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Every finding, in the file's order.
    pub findings: Vec<Finding>,
    /// How many examples were run.
    pub examples: usize,
}

/// One line.
pub struct Line {
    /// From 1.
    pub number: usize,
    /// Its text, in pieces.
    pub parts: Vec<Part>,
    /// What begins in it.
    pub findings: Vec<usize>,
}

/// A piece of a line.
pub struct Part {
    /// The text.
    pub text: String,
    /// The finding that it is about: a place in the list of all.
    pub finding: Option<usize>,
}

/// One finding.
pub struct Finding {
    /// From 1, in the page's order.
    pub number: usize,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// Whether it forbids activation.
    pub is_error: bool,
    /// Its stable code.
    pub code: &'static str,
    /// What kind of mistake that is, in the page's language.
    pub kind: String,
    /// What is wrong here, as lint says it, in English.
    pub what: String,
    /// How to mend it, in English.
    pub help: String,
}

impl File {
    /// Reads and lints a text.
    pub fn linted(page: &Page, text: &str) -> Self {
        let found = lint(text);
        let examples = found.scheme.as_ref().map_or(0, |scheme| scheme.examples.len());
        let numbered = (1..).zip(&found.findings);
        let findings = numbered.map(|(number, finding)| Finding::of(page, number, finding, text)).collect();
        Self { lines: lines(text, &found.findings), findings, examples }
    }

    /// How many findings forbid activation.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_error).count()
    }
}

impl Finding {
    fn of(page: &Page, number: usize, found: &LintDiagnostic, text: &str) -> Self {
        let (line, column) = found.line_and_column(text);
        Self {
            number,
            line,
            column,
            is_error: found.level == Level::Error,
            code: found.code,
            kind: kind(page, found.code),
            what: found.what.clone(),
            help: found.help.clone(),
        }
    }
}

/// What a code means, in the page's language.
fn kind(page: &Page, code: &str) -> String {
    page.words.find(page.locale(), &format!("lint-{code}"), &[]).unwrap_or_else(|| page.say("lint-other"))
}

fn lines(text: &str, findings: &[LintDiagnostic]) -> Vec<Line> {
    let mut start = 0_usize;
    let mut all = Vec::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let range = start..start.saturating_add(line.len());
        start = range.end;
        let within: Vec<usize> = findings
            .iter()
            .enumerate()
            .filter(|(_, found)| begins(&found.at, &range, text.len()))
            .map(|(place, _)| place)
            .collect();
        let parts = parts(line.trim_end_matches(['\n', '\r']), range.start, &within, findings);
        all.push(Line { number, parts, findings: within });
    }
    all
}

/// Whether a place begins in a line; one at the very end of the file does in the last.
fn begins(at: &Range<usize>, line: &Range<usize>, end: usize) -> bool {
    line.contains(&at.start) || (at.start >= end && line.end == end)
}

/// The line in pieces: what no finding is about, and what one is. Of findings that overlap the narrowest has the place.
fn parts(line: &str, start: usize, within: &[usize], findings: &[LintDiagnostic]) -> Vec<Part> {
    let place = |number: &usize| {
        let found = findings.get(*number)?;
        let from = boundary(line, found.at.start.saturating_sub(start));
        let to = boundary(line, found.at.end.saturating_sub(start).max(from.saturating_add(1)));
        (from < to).then_some((from..to, *number))
    };
    let mut wanted: Vec<(Range<usize>, usize)> = within.iter().filter_map(place).collect();
    wanted.sort_by_key(|(at, number)| (at.len(), *number));
    let mut marked: Vec<(Range<usize>, usize)> = Vec::new();
    for (at, number) in wanted {
        if marked.iter().all(|(other, _)| at.end <= other.start || other.end <= at.start) {
            marked.push((at, number));
        }
    }
    marked.sort_by_key(|(at, _)| at.start);
    let (mut parts, mut done) = (Vec::new(), 0_usize);
    let piece = |at: Range<usize>, finding: Option<usize>| {
        let text = line.get(at).filter(|text| !text.is_empty())?;
        Some(Part { text: text.to_owned(), finding })
    };
    for (at, number) in marked {
        parts.extend(piece(done..at.start, None));
        done = at.end;
        parts.extend(piece(at, Some(number)));
    }
    parts.extend(piece(done..line.len(), None));
    parts
}

/// The nearest boundary between characters at or after a place.
fn boundary(line: &str, at: usize) -> usize {
    (at..line.len()).find(|place| line.is_char_boundary(*place)).unwrap_or(line.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(at: Range<usize>) -> LintDiagnostic {
        LintDiagnostic::error("bad-value", at, "what", "help")
    }

    fn shown(text: &str, at: &[Range<usize>]) -> Vec<Vec<(String, bool)>> {
        let findings: Vec<LintDiagnostic> = at.iter().cloned().map(finding).collect();
        let pieces = |line: Line| line.parts.into_iter().map(|part| (part.text, part.finding.is_some())).collect();
        lines(text, &findings).into_iter().map(pieces).collect()
    }

    fn line(parts: &[(&str, bool)]) -> Vec<(String, bool)> {
        parts.iter().map(|(text, marked)| ((*text).to_owned(), *marked)).collect()
    }

    #[test]
    fn a_place_is_marked_in_its_line_and_the_text_stays_whole() {
        let text = "a = 1\nआयु = { x }\n";
        let hindi = text.find('x').unwrap();
        assert_eq!(
            shown(text, std::slice::from_ref(&(hindi..hindi + 1))),
            [line(&[("a = 1", false)]), line(&[("आयु = { ", false), ("x", true), (" }", false)])]
        );
    }

    #[test]
    fn a_place_over_several_lines_is_marked_in_the_first_and_overlapping_ones_once() {
        assert_eq!(shown("ab\ncd\n", &[1..5, 1..2]), [line(&[("a", false), ("b", true)]), line(&[("cd", false)])]);
        let narrow = [("a = { ", false), ("b", true), (" = 1 }", false)];
        assert_eq!(shown("a = { b = 1 }", &[4..13, 6..7]), [line(&narrow)], "the narrowest has the arrow");
        let both = [finding(1..5), finding(1..2)];
        assert_eq!(lines("ab\ncd\n", &both)[0].findings, [0, 1], "each still stands under the line");
    }

    #[test]
    fn what_is_wrong_at_the_end_of_a_file_stands_under_its_last_line() {
        assert_eq!(lines("a\nb", &[finding(3..3)])[1].findings, [0]);
        assert_eq!(lines("a\n", &[finding(2..2)])[0].findings, [0]);
        assert!(lines("", &[finding(0..0)]).is_empty(), "a file without a line has none to stand under");
    }
}
