//! One comparison on one side, page by page: [`Asking`] and [`Answering`].
//!
//! Guarantees: a page is taken only in its turn, with as many points as were agreed, each a point of the curve and each once; nothing
//! comes out before every page has gone both ways. The secret lives as long as the comparison and is cleared with it.

use std::collections::{BTreeMap, HashSet};

use schemas::{digest::Digest, id::BlindedPoint, overlap::OverlapTurn};
use sha2::{Digest as _, Sha256};

use super::{Common, Context, MOST, OverlapError, PAGE, People};
use crate::seal::{
    blinding::{Blinded, Blinding},
    random,
};

/// This side: its secret, and its people in the order in which their points go out.
struct Side<T> {
    context: Context,
    secret: Blinding,
    people: People<T>,
}

impl<T> Side<T> {
    /// Draws a secret, and an order by chance, so that a point's place says nothing.
    fn new(context: Context, people: People<T>) -> Result<Self, OverlapError> {
        within(people.len())?;
        let distinct: HashSet<&[u8]> = people.iter().map(|(_, identifier)| identifier.as_slice()).collect();
        if distinct.len() != people.len() {
            return Err(OverlapError::NotDistinct);
        }
        // 128 random bits a person: no two are equal, and no order shows through.
        let placed: BTreeMap<[u8; 16], _> = people.into_iter().map(|person| (random::bytes(), person)).collect();
        Ok(Self { context, secret: Blinding::generate()?, people: placed.into_values().collect() })
    }

    fn page(&self, n: u32) -> Result<Vec<Blinded>, OverlapError> {
        let from = start(n).min(self.people.len());
        let page = &self.people[from..from + page_length(self.people.len(), n)];
        Ok(self.secret.of(&self.context.0, page.iter().map(|(_, identifier)| identifier.as_slice()))?)
    }
}

fn within(people: usize) -> Result<(), OverlapError> {
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    if people <= most { Ok(()) } else { Err(OverlapError::TooMany) }
}

fn start(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX).saturating_mul(PAGE)
}

fn page_length(people: usize, n: u32) -> usize {
    people.saturating_sub(start(n)).min(PAGE)
}

/// Turns of a comparison: the answerer's last page is given back one turn after it came.
fn turns(asker: usize, answerer: usize) -> u32 {
    let turns = asker.div_ceil(PAGE).max(answerer.div_ceil(PAGE) + 1);
    u32::try_from(turns).unwrap_or(u32::MAX)
}

/// What both kinds of comparison keep.
struct Progress<T> {
    side: Side<T>,
    /// How many the other side has.
    theirs: usize,
    /// Our points as the other side blinded them again, in our order.
    returned: Vec<Blinded>,
    /// Theirs as we blinded them again, in their order; and the same for looking up.
    again: Vec<Blinded>,
    known: HashSet<Blinded>,
    next: u32,
    transcript: Sha256,
}

/// A comparison that came to its end.
#[derive(Debug)]
pub struct Ended<T> {
    /// Whom both have.
    pub common: Common<T>,
    /// How many this side has, and the other.
    pub sizes: (u32, u32),
    /// Over every point that crossed, in order.
    pub transcript: Digest,
}

impl<T> Progress<T> {
    fn new(context: Context, people: People<T>, theirs: u32) -> Result<Self, OverlapError> {
        let theirs = usize::try_from(theirs).map_err(|_| OverlapError::TooMany)?;
        within(theirs)?;
        let side = Side::new(context, people)?;
        let (again, known) = (Vec::with_capacity(theirs), HashSet::with_capacity(theirs));
        Ok(Self { side, theirs, returned: Vec::new(), again, known, next: 0, transcript: Sha256::new() })
    }

    fn ours(&self) -> usize {
        self.side.people.len()
    }

    /// Takes a page of the other side's points; returns them blinded again.
    fn take_points(&mut self, points: &[BlindedPoint]) -> Result<Vec<Blinded>, OverlapError> {
        if points.len() != page_length(self.theirs, self.next) {
            return Err(OverlapError::NotEachOnce);
        }
        let again = self.side.secret.again(&Blinded::read(points)?)?;
        // Blinding is one to one: a point that came twice stands here twice.
        if !again.iter().all(|point| self.known.insert(*point)) {
            return Err(OverlapError::NotEachOnce);
        }
        self.again.extend(&again);
        Ok(again)
    }

    /// Takes a page of our own points that comes back.
    fn take_returned(&mut self, points: &[BlindedPoint], expected: usize) -> Result<(), OverlapError> {
        if points.len() != expected {
            return Err(OverlapError::NotEachOnce);
        }
        self.returned.extend(Blinded::read(points)?);
        Ok(())
    }

    fn absorb(&mut self, turns: [&OverlapTurn; 2]) {
        for turn in turns {
            self.transcript.update(turn.n.to_be_bytes());
            for points in [&turn.points, &turn.again] {
                self.transcript.update(u64::try_from(points.len()).unwrap_or(u64::MAX).to_be_bytes());
                points.iter().for_each(|point| self.transcript.update(point.as_str()));
            }
        }
        self.next += 1;
    }

    fn end(self) -> Result<Ended<T>, OverlapError> {
        let Self { side, theirs, returned, known, transcript, .. } = self;
        let distinct: HashSet<&Blinded> = returned.iter().collect();
        if distinct.len() != side.people.len() || known.len() != theirs {
            return Err(OverlapError::NotEachOnce);
        }
        let size = |people: usize| u32::try_from(people).map_err(|_| OverlapError::TooMany);
        let sizes = (size(side.people.len())?, size(theirs)?);
        let named = side.people.into_iter().zip(&returned).filter(|(_, point)| known.contains(point));
        let common = Common(named.map(|((name, _), _)| name).collect());
        Ok(Ended { common, sizes, transcript: Digest::from_bytes(transcript.finalize().into()) })
    }
}

fn shown(points: &[Blinded]) -> Vec<BlindedPoint> {
    points.iter().map(|point| point.to_point()).collect()
}

/// The side that asks.
pub struct Asking<T>(Progress<T>);

impl<T> Asking<T> {
    /// `theirs`: how many the answerer said it has.
    ///
    /// # Errors
    /// Too many on a side, one identifier for two people, or OpenSSL.
    pub fn begin(context: Context, people: People<T>, theirs: u32) -> Result<Self, OverlapError> {
        Progress::new(context, people, theirs).map(Self)
    }

    /// What is to be sent next; `None` when everything has gone both ways.
    ///
    /// # Errors
    /// OpenSSL.
    pub fn turn(&self) -> Result<Option<OverlapTurn>, OverlapError> {
        let this = &self.0;
        if this.next >= turns(this.ours(), this.theirs) {
            return Ok(None);
        }
        let before = this.next.checked_sub(1).map_or(0, |before| page_length(this.theirs, before));
        let again = shown(&this.again[this.again.len() - before..]);
        Ok(Some(OverlapTurn { n: this.next, points: shown(&this.side.page(this.next)?), again }))
    }

    /// Takes the answer to what was sent.
    ///
    /// # Errors
    /// [`OverlapError`]; the comparison cannot go on then.
    pub fn take(&mut self, sent: &OverlapTurn, answer: &OverlapTurn) -> Result<(), OverlapError> {
        let this = &mut self.0;
        if sent.n != this.next || answer.n != this.next {
            return Err(OverlapError::OutOfTurn);
        }
        this.take_returned(&answer.again, sent.points.len())?;
        this.take_points(&answer.points)?;
        this.absorb([sent, answer]);
        Ok(())
    }

    /// Turns so far.
    pub const fn turns(&self) -> u32 {
        self.0.next
    }

    /// Whom both have.
    ///
    /// # Errors
    /// If a page is missing, or the other side gave a point twice.
    pub fn end(self) -> Result<Ended<T>, OverlapError> {
        self.0.end()
    }
}

/// The side that answers.
pub struct Answering<T>(Progress<T>);

impl<T> Answering<T> {
    /// `theirs`: how many the asker said it has.
    ///
    /// # Errors
    /// Too many on a side, one identifier for two people, or OpenSSL.
    pub fn begin(context: Context, people: People<T>, theirs: u32) -> Result<Self, OverlapError> {
        Progress::new(context, people, theirs).map(Self)
    }

    /// Answers a turn.
    ///
    /// # Errors
    /// [`OverlapError`]; the comparison cannot go on then.
    pub fn answer(&mut self, turn: &OverlapTurn) -> Result<OverlapTurn, OverlapError> {
        let this = &mut self.0;
        if turn.n != this.next || this.next >= turns(this.theirs, this.ours()) {
            return Err(OverlapError::OutOfTurn);
        }
        let before = this.next.checked_sub(1).map_or(0, |before| page_length(this.ours(), before));
        this.take_returned(&turn.again, before)?;
        let again = shown(&this.take_points(&turn.points)?);
        let answer = OverlapTurn { n: turn.n, points: shown(&this.side.page(turn.n)?), again };
        this.absorb([turn, &answer]);
        Ok(answer)
    }

    /// Turns so far.
    pub const fn turns(&self) -> u32 {
        self.0.next
    }

    /// Whether everything has gone both ways.
    pub fn is_complete(&self) -> bool {
        self.0.next >= turns(self.0.theirs, self.0.ours())
    }

    /// Whom both have.
    ///
    /// # Errors
    /// If a page is missing, or the other side gave a point twice.
    pub fn end(self) -> Result<Ended<T>, OverlapError> {
        self.0.end()
    }
}

// Points and identifiers do not print themselves.
impl<T> std::fmt::Debug for Asking<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asking({} people, turn {})", self.0.ours(), self.0.next)
    }
}

impl<T> std::fmt::Debug for Answering<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answering({} people, turn {})", self.0.ours(), self.0.next)
    }
}
