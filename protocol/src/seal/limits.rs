//! How large a token and its JSON may be. Source: security, "Limits and time-outs".

/// Bounds for one token or one JSON text; everything beyond is refused before it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole token as it travels; also the longest nested token.
    pub bytes: usize,
    /// Deepest nesting of objects and arrays.
    pub depth: usize,
    /// Members of one object, elements of one array.
    pub members: usize,
    /// Bytes of one string (escapes not resolved). A nested compact token, which consists of base64url, `.` and
    /// `~` alone, is bounded by `bytes` instead: it gets its own limit when it is parsed.
    pub string: usize,
}

impl Limits {
    /// A query: 64 kB.
    pub const QUERY: Self = Self::of(64 * 1024);
    /// A citizen's order, and any other request with a consent inside: 32 kB.
    pub const ORDER: Self = Self::of(32 * 1024);
    /// An OpenID4VP response: 256 kB.
    pub const PRESENTATION: Self = Self::of(256 * 1024);
    /// A consent credential: 16 kB.
    pub const CONSENT: Self = Self::of(16 * 1024);
    /// A binding, as a whole SD-JWT or its issuer-signed part: 16 kB.
    pub const BINDING: Self = Self::of(16 * 1024);
    /// Any other request: 4 kB.
    pub const OTHER: Self = Self::of(4 * 1024);
    /// An answer or another response of a peer: 1 MB.
    pub const ANSWER: Self = Self::of(1024 * 1024);
    /// A receipt, an acknowledgement or another record: 16 kB.
    pub const RECORD: Self = Self::of(16 * 1024);
    /// A message of a comparison of two rolls: 160 kB with two pages of 1,000 points.
    pub const OVERLAP: Self = Self::of(160 * 1024);
    /// An event: 16 kB.
    pub const EVENT: Self = Self::of(16 * 1024);
    /// Entity statements and registers of the federation: 1 MB, up to 10,000 members.
    pub const STATEMENT: Self = Self::of(1024 * 1024).members(10_000);
    /// An anchor submission: 160 kB with 1,024 entries.
    pub const SUBMISSION: Self = Self::of(160 * 1024).members(1_024);
    /// A status list: 64 kB.
    pub const STATUS_LIST: Self = Self::of(64 * 1024).string(64 * 1024);

    /// The usual bounds on JSON (depth 32, 1,000 members, strings of 16 kB) for a token of so many bytes.
    pub const fn of(bytes: usize) -> Self {
        Self { bytes, depth: 32, members: 1_000, string: 16 * 1024 }
    }

    /// The same with another bound on members and elements.
    #[must_use]
    pub const fn members(self, members: usize) -> Self {
        Self { members, ..self }
    }

    /// The same with another bound on strings.
    #[must_use]
    pub const fn string(self, string: usize) -> Self {
        Self { string, ..self }
    }
}
