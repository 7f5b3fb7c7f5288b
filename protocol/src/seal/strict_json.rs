//! A scan over JSON text before any parser sees it (RFC 8259, RFC 7493).
//!
//! Guarantees: the text is one JSON value, valid UTF-8, within its limits; no object names a member twice (names
//! compared after resolving escapes); no number has a fraction or an exponent or leaves the range of 64 bits, so
//! that no library's reading of floats matters. Deliberately absent: building a value; serde does that afterwards.

use std::borrow::Cow;

use super::Limits;

/// Why a JSON text was refused. Carries no part of the text, which may be about a person.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum StrictJsonError {
    /// Longer than the limit.
    #[error("longer than allowed")]
    TooLong,
    /// Not JSON.
    #[error("not JSON at byte {0}")]
    Syntax(usize),
    /// Objects and arrays nested too deeply.
    #[error("nested too deeply")]
    TooDeep,
    /// Too many members or elements in one object or array.
    #[error("too many members")]
    TooManyMembers,
    /// A string beyond the limit.
    #[error("a string is too long")]
    StringTooLong,
    /// A member name stands twice in one object.
    #[error("a member name stands twice")]
    DuplicateMember,
    /// A number with fraction or exponent, or beyond 64 bits.
    #[error("a number is not a 64-bit integer")]
    NotAnInteger,
}

use StrictJsonError as E;

/// Names by which `serde_json` smuggles numbers and raw values through maps; nobody else may use them.
const RESERVED: &str = "$serde_json::private::";

/// Scans one whole JSON text.
///
/// # Errors
/// The first violation found, in the order of the text.
pub fn check(text: &[u8], limits: Limits) -> Result<(), StrictJsonError> {
    if text.len() > limits.bytes {
        return Err(E::TooLong);
    }
    let text = std::str::from_utf8(text).map_err(|e| E::Syntax(e.valid_up_to()))?;
    let mut scan = Scan { text, at: 0, limits, names: Vec::new() };
    scan.space();
    scan.value(limits.depth)?;
    scan.space();
    if scan.at == text.len() { Ok(()) } else { Err(E::Syntax(scan.at)) }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    limits: Limits,
    /// Names of all objects that are open, innermost last.
    names: Vec<Cow<'a, str>>,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), E> {
        if self.peek() != Some(byte) {
            return Err(E::Syntax(self.at));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<(), E> {
        match self.peek() {
            Some(b'{') => self.object(depth.checked_sub(1).ok_or(E::TooDeep)?),
            Some(b'[') => self.array(depth.checked_sub(1).ok_or(E::TooDeep)?),
            Some(b'"') => self.string().map(drop),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(E::Syntax(self.at)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), E> {
        let outer = self.names.len();
        self.sequence(b'{', b'}', |scan| {
            let name = scan.name()?;
            scan.names.push(name);
            scan.space();
            scan.take(b':')?;
            scan.space();
            scan.value(depth)
        })?;
        let ours = &mut self.names[outer..];
        ours.sort_unstable();
        if ours.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(E::DuplicateMember);
        }
        self.names.truncate(outer);
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), E> {
        self.sequence(b'[', b']', |scan| scan.value(depth))
    }

    /// The items between brackets, separated by commas, counted.
    fn sequence(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        self.take(open)?;
        self.space();
        if self.peek() == Some(close) {
            return self.take(close);
        }
        for _ in 0..self.limits.members {
            item(self)?;
            self.space();
            if self.peek() == Some(close) {
                return self.take(close);
            }
            self.take(b',')?;
            self.space();
        }
        Err(E::TooManyMembers)
    }

    fn name(&mut self) -> Result<Cow<'a, str>, E> {
        let start = self.at;
        let inner = self.string()?;
        let name = if inner.contains('\\') {
            // serde_json resolves the escapes exactly as it will when it builds the value.
            Cow::Owned(serde_json::from_str(&self.text[start..self.at]).map_err(|_| E::Syntax(start))?)
        } else {
            Cow::Borrowed(inner)
        };
        if name.starts_with(RESERVED) { Err(E::Syntax(start)) } else { Ok(name) }
    }

    /// The inside of a string, escapes unresolved.
    fn string(&mut self) -> Result<&'a str, E> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0x20..) => self.at += 1,
                _ => return Err(E::Syntax(self.at)),
            }
        }
        let inner = &self.text[start..self.at];
        self.at += 1;
        if inner.len() > self.limits.string && !is_token(inner) {
            return Err(E::StringTooLong);
        }
        Ok(inner)
    }

    fn escape(&mut self) -> Result<(), E> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let length = match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if rest.len() > 4 && rest[1..5].iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return Err(E::Syntax(self.at)),
        };
        self.at += length;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), E> {
        if !self.text[self.at..].starts_with(word) {
            return Err(E::Syntax(self.at));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), E> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.len() > 1 && digits.starts_with('0') || text == "-0" {
            return Err(E::NotAnInteger);
        }
        if digits.bytes().all(|b| b.is_ascii_digit()) && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()) {
            return Ok(());
        }
        Err(E::NotAnInteger)
    }
}

fn is_token(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
}

#[cfg(test)]
mod tests;
