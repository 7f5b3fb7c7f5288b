//! The codec: statuses of one, two, four or eight bits, in ZLIB, in base64url (specification, §4).

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use schemas::consent::StatusListBits;

use super::StatusListError;
use crate::seal::{decode_base64url, encode_base64url};

/// Most bytes of an inflated list.
pub(super) const MAX_INFLATED: usize = 1024 * 1024;
/// Most bytes of a compressed list.
pub(super) const MAX_COMPRESSED: usize = 64 * 1024;

/// What a list says of one binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0: in force.
    Valid,
    /// 1: ended for good.
    Invalid,
    /// 2: stopped for now.
    Suspended,
    /// A value that this federation gives no meaning: never in force.
    Unknown(u8),
}

impl Status {
    pub(in crate::credential) const fn of(value: u8) -> Self {
        match value {
            0 => Self::Valid,
            1 => Self::Invalid,
            2 => Self::Suspended,
            other => Self::Unknown(other),
        }
    }

    pub(super) const fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
            Self::Unknown(value) => value,
        }
    }
}

/// A list of statuses, inflated.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    bits: u8,
    pub(super) bytes: Vec<u8>,
}

impl StatusList {
    /// A list for so many bindings, all in force, of two bits each.
    ///
    /// # Errors
    /// If it would be larger than the limit.
    pub fn new(entries: usize) -> Result<Self, StatusListError> {
        Self::of(2, vec![0; entries.div_ceil(4)])
    }

    fn of(bits: u8, bytes: Vec<u8>) -> Result<Self, StatusListError> {
        if !matches!(bits, 1 | 2 | 4 | 8) {
            return Err(StatusListError::Malformed("entries have 1, 2, 4 or 8 bits"));
        }
        if bytes.len() > MAX_INFLATED {
            return Err(StatusListError::Malformed("larger than allowed"));
        }
        Ok(Self { bits, bytes })
    }

    /// How many places it has.
    pub fn entries(&self) -> u64 {
        self.bytes.len() as u64 * u64::from(8 / self.bits)
    }

    /// What stands at a place.
    ///
    /// # Errors
    /// [`StatusListError::OutOfRange`] past the end.
    pub fn status(&self, index: u64) -> Result<Status, StatusListError> {
        let (at, shift) = self.place(index)?;
        let byte = self.bytes.get(at).ok_or(StatusListError::OutOfRange)?;
        Ok(Status::of((byte >> shift) & self.mask()))
    }

    /// Puts a status at a place.
    ///
    /// # Errors
    /// [`StatusListError::OutOfRange`] past the end, or if the value is too wide for the list.
    pub fn set(&mut self, index: u64, status: Status) -> Result<(), StatusListError> {
        let ((at, shift), mask) = (self.place(index)?, self.mask());
        if status.value() & !mask != 0 {
            return Err(StatusListError::OutOfRange);
        }
        let byte = self.bytes.get_mut(at).ok_or(StatusListError::OutOfRange)?;
        *byte = (*byte & !(mask << shift)) | (status.value() << shift);
        Ok(())
    }

    const fn mask(&self) -> u8 {
        u8::MAX >> (8 - self.bits)
    }

    /// Byte and shift of a place: from the least significant bit on (specification, §4.1).
    fn place(&self, index: u64) -> Result<(usize, u8), StatusListError> {
        let per_byte = u64::from(8 / self.bits);
        let at = usize::try_from(index / per_byte).map_err(|_| StatusListError::OutOfRange)?;
        let shift = u8::try_from(index % per_byte).map_err(|_| StatusListError::OutOfRange)? * self.bits;
        Ok((at, shift))
    }

    /// Compresses the list as it travels.
    ///
    /// # Errors
    /// If it does not fit the limit of what readers take.
    pub fn deflate(&self) -> Result<StatusListBits, StatusListError> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(&self.bytes).and_then(|()| encoder.finish());
        let compressed = written.map_err(|_| StatusListError::Malformed("it cannot be compressed"))?;
        let lst = encode_base64url(compressed);
        if lst.len() > MAX_COMPRESSED {
            return Err(StatusListError::Malformed("larger than allowed"));
        }
        Ok(StatusListBits { bits: self.bits, lst })
    }

    /// Reads a list as it travels, no further than the limit.
    ///
    /// # Errors
    /// [`StatusListError::Malformed`].
    pub fn inflate(list: &StatusListBits) -> Result<Self, StatusListError> {
        if list.lst.len() > MAX_COMPRESSED {
            return Err(StatusListError::Malformed("larger than allowed"));
        }
        let compressed = decode_base64url(&list.lst).map_err(|_| StatusListError::Malformed("not base64url"))?;
        let mut decoder = ZlibDecoder::new(compressed.as_slice());
        let mut bytes = Vec::new();
        let limit = MAX_INFLATED as u64 + 1;
        decoder.by_ref().take(limit).read_to_end(&mut bytes).map_err(|_| StatusListError::Malformed("not ZLIB"))?;
        if bytes.len() <= MAX_INFLATED && decoder.total_in() != compressed.len() as u64 {
            return Err(StatusListError::Malformed("something follows the list"));
        }
        Self::of(list.bits, bytes)
    }
}

impl std::fmt::Debug for StatusList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatusList({} entries)", self.entries())
    }
}
