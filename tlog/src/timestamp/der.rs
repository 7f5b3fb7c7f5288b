//! The little of DER (X.690) that time stamps need: a strict reader and a writer of whole values.
//!
//! Guarantees: lengths are definite and minimal, nothing is read past its parent, nothing is
//! copied or recursed into. Callers bound the input.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Constructed context tag `[n]`, n below 31.
pub(super) const fn context(n: u8) -> u8 {
    0xa0 | n
}

/// Primitive context tag `[n]`, n below 31.
pub(super) const fn context_primitive(n: u8) -> u8 {
    0x80 | n
}

/// The bytes are not the DER that was expected at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed DER")]
pub struct DerError;

/// One value: its tag, its contents, and both with the length between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub tag: u8,
    pub value: &'a [u8],
    pub whole: &'a [u8],
}

/// Reads values one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The contents of `bytes`, which must be exactly one value of this tag.
    pub fn only(bytes: &'a [u8], tag: u8) -> Result<Self, DerError> {
        let mut outer = Self::new(bytes);
        let inner = outer.nested(tag)?;
        outer.finish()?;
        Ok(inner)
    }

    pub fn next(&mut self) -> Result<Element<'a>, DerError> {
        let [tag, first, ..] = *self.rest else { return Err(DerError) };
        // Tags above 30 take more bytes and occur in nothing we read.
        if tag & 0x1f == 0x1f {
            return Err(DerError);
        }
        let (header, length) = match first {
            0..=0x7f => (2, usize::from(first)),
            0x81..=0x83 => long_length(self.rest, usize::from(first & 0x7f))?,
            _ => return Err(DerError),
        };
        let (whole, rest) = self.rest.split_at_checked(header + length).ok_or(DerError)?;
        self.rest = rest;
        Ok(Element { tag, value: &whole[header..], whole })
    }

    pub fn element(&mut self, tag: u8) -> Result<Element<'a>, DerError> {
        self.next().and_then(|element| if element.tag == tag { Ok(element) } else { Err(DerError) })
    }

    pub fn value(&mut self, tag: u8) -> Result<&'a [u8], DerError> {
        self.element(tag).map(|element| element.value)
    }

    pub fn nested(&mut self, tag: u8) -> Result<Self, DerError> {
        self.value(tag).map(Self::new)
    }

    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, DerError> {
        if self.rest.first() == Some(&tag) { self.next().map(Some) } else { Ok(None) }
    }

    /// Contents of an INTEGER in its one encoding.
    pub fn integer(&mut self) -> Result<&'a [u8], DerError> {
        self.value(INTEGER).and_then(check_integer)
    }

    /// A small INTEGER that is not negative.
    pub fn number(&mut self) -> Result<u32, DerError> {
        small(self.integer()?)
    }

    /// A BOOLEAN of DEFAULT FALSE: absent or TRUE, never FALSE spelt out.
    pub fn default_false(&mut self) -> Result<bool, DerError> {
        match self.optional(BOOLEAN)?.map(|element| element.value) {
            None => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(DerError),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn finish(self) -> Result<(), DerError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DerError) }
    }
}

fn long_length(bytes: &[u8], count: usize) -> Result<(usize, usize), DerError> {
    let digits = bytes.get(2..2 + count).ok_or(DerError)?;
    let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
    let minimal = length >= 0x80 && digits.first() != Some(&0);
    if minimal { Ok((2 + count, length)) } else { Err(DerError) }
}

pub(super) fn check_integer(value: &[u8]) -> Result<&[u8], DerError> {
    match value {
        [] | [0, 0..0x80, ..] | [0xff, 0x80..=0xff, ..] => Err(DerError),
        minimal => Ok(minimal),
    }
}

pub(super) fn small(value: &[u8]) -> Result<u32, DerError> {
    let negative = value.first().is_some_and(|first| *first >= 0x80);
    if negative || value.len() > 4 {
        return Err(DerError);
    }
    Ok(value.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// One value of this tag around the given parts.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let digits = length.to_be_bytes();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        bytes.push(0x80 | (digits.len() - zeros) as u8);
        bytes.extend_from_slice(&digits[zeros..]);
    }
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, parts)
}

/// INTEGER from big-endian bytes that are not negative.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[zeros..];
    let sign: &[u8] = if digits.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    tlv(INTEGER, &[sign, digits])
}

/// SET OF, sorted as DER wants it.
pub(super) fn set_of(tag: u8, mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    let parts: Vec<_> = members.iter().map(Vec::as_slice).collect();
    tlv(tag, &parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_one_encoding() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![7; length];
            let encoded = tlv(OCTET_STRING, &[&content]);
            let mut reader = Reader::new(&encoded);
            assert_eq!(reader.value(OCTET_STRING), Ok(&content[..]));
            assert_eq!(reader.finish(), Ok(()));
        }
        for bad in
            ["", "04", "0401", "048101aa", "04820080", "0480aa0000", "0484000000800000", "04ff", "1f0100", "0402aa"]
        {
            let bytes = hex::decode(bad).unwrap();
            assert!(Reader::new(&bytes).next().is_err(), "{bad}");
        }
    }

    #[test]
    fn integers_and_booleans_have_one_encoding() {
        for (bytes, number) in [("020100", 0), ("02017f", 127), ("02020080", 128), ("0204 7fffffff", 0x7fff_ffff)] {
            let bytes = hex::decode(bytes.replace(' ', "")).unwrap();
            assert_eq!(Reader::new(&bytes).number(), Ok(number));
            assert_eq!(unsigned(&number.to_be_bytes()), bytes);
        }
        for bad in ["0200", "02020001", "0202ff80", "0201ff", "02050100000000", "030100"] {
            assert_eq!(Reader::new(&hex::decode(bad).unwrap()).number(), Err(DerError), "{bad}");
        }
        let flag = |bytes: &[u8]| Reader::new(bytes).default_false();
        assert_eq!((flag(&[]), flag(&[1, 1, 0xff])), (Ok(false), Ok(true)));
        assert_eq!((flag(&[1, 1, 0]), flag(&[1, 1, 1]), flag(&[1, 0])), (Err(DerError), Err(DerError), Err(DerError)));
    }

    #[test]
    fn one_value_is_one_value() {
        assert!(Reader::only(&[0x30, 0], SEQUENCE).unwrap().is_empty());
        assert!(Reader::only(&[0x30, 0, 0], SEQUENCE).is_err());
        assert!(Reader::only(&[0x31, 0], SEQUENCE).is_err());
        assert_eq!(set_of(SET, vec![vec![2, 1, 5], vec![2, 1, 3]]), [0x31, 6, 2, 1, 3, 2, 1, 5]);
    }
}
