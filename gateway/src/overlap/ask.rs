//! The side that asks: `vinimay gateway overlap compare`.
//!
//! Guarantees: we refuse ourselves what the law does not allow, before anything is sent; our signed request, and then the other side's
//! signed acceptance, are durable before a point of ours leaves; our own result with its marks is durable before the other side hears
//! it. What breaks off is signed as broken. Deliberately absent: going on with a comparison of another process; it begins anew.

use protocol::{
    consent::Refusal,
    exchange::Attested,
    overlap::{Asking, Context, Party, accept_result},
    seal::random,
};
use schemas::{
    digest::Digest,
    federation::Law,
    id::{CaseId, DatasetId, EntityId, FieldName, LawId, MessageId, SystemName},
    overlap::{Overlap, OverlapCounts, OverlapResult, OverlapSays, OverlapStep, OverlapTerms},
    problem::{Code, Problem},
};
use serde::Serialize;
use service_kit::http_client::{HttpError, Reply};

use super::{
    OverlapError, close, ours,
    roll::{self, OwnRoll},
};
use crate::{
    app::App,
    audit,
    clients::peer::peers_address,
    configuration::path,
    store::overlap::{
        End, NewOverlap, OverlapKey, OverlapRecord, Side, State, marks::MarkError, overlap_confirm, overlap_end,
        overlap_insert, overlap_peer_people,
    },
};

/// The media type of a message.
pub const OVERLAP: &str = "application/dx-overlap+jwt";
/// The media type of what is said to it.
pub const OVERLAP_RESULT: &str = "application/dx-overlap-result+jwt";
/// What the audit trail calls it.
const BEGIN: &str = "overlap.ask";
/// How often one message of a comparison under way is sent, where no answer came.
const TRIES: u32 = 4;
/// The longest wait between two tries, seconds: a message lives for a minute.
const LONGEST_PAUSE: u32 = 10;

/// What an officer wants compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// With whom.
    pub with: EntityId,
    /// Under which registered law.
    pub law: LawId,
    /// Our roll.
    pub roll: DatasetId,
    /// By which identifier; that of the law, if it names one alone.
    pub identifier: Option<FieldName>,
    /// Who answers for it.
    pub officer: SystemName,
    /// The case.
    pub case: CaseId,
}

/// How a comparison ended, as an officer reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Its id.
    pub comparison: MessageId,
    /// Different identifiers on our roll.
    pub ours: u32,
    /// On the other's.
    pub theirs: u32,
    /// How many both have.
    pub common: u32,
    /// Rows of ours without an identifier, which were left out.
    pub without: u64,
    /// Whether the other side signed the same result.
    pub confirmed: bool,
}

/// A comparison whose request is durable.
struct Begun {
    key: OverlapKey,
    terms: OverlapTerms,
    request: Attested<Overlap>,
}

impl App {
    /// Compares a roll of ours with another department's. What is refused is a row of the audit trail too.
    ///
    /// # Errors
    /// [`OverlapError`], with its mend.
    pub async fn compare_rolls(&self, order: Order) -> Result<Compared, OverlapError> {
        let prepared = self.prepare_overlap(&order).await;
        let (terms, own) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                let row = audit::done(order.officer.as_str(), BEGIN, order.with.as_str(), self.now());
                audit::record(self.db(), audit::refused(row, error.code())).await?;
                return Err(error);
            }
        };
        let begun = self.keep_request(&order, terms, &own).await?;
        let (mut turns, without) = (0, own.without);
        let done = self.drive(&begun, own, &mut turns).await;
        match done {
            Ok(compared) => Ok(Compared { without, ..compared }),
            Err(error) => {
                // One that was refused or came to its end has ended; this changes nothing then.
                close::broken(self, &begun.key, begun.request.digest(), Some(turns)).await?;
                Err(error)
            }
        }
    }

    /// Everything that can be known before anybody else hears of it.
    async fn prepare_overlap(&self, order: &Order) -> Result<(OverlapTerms, OwnRoll), OverlapError> {
        let (now, directory) = (self.now(), self.directory());
        let law = directory.law(&order.law, now)?;
        let law = law.ok_or(Refusal::new(Code::LawNotRegistered, "no such law in force"))?;
        directory.peer(&order.with, now)?;
        let mut terms = terms_of(order, law)?;
        let parties = [self.entity(), &order.with];
        self.authorize_overlap(&terms, parties, None, &directory, now)?;
        self.authorize_anchored().await?;
        let own = roll::read(self, &order.roll, &terms.identifier).await?;
        terms.people = own.size();
        self.authorize_overlap(&terms, parties, None, &directory, now)?;
        Ok((terms, own))
    }

    /// Signs the request and keeps it before anybody sees it.
    async fn keep_request(&self, order: &Order, terms: OverlapTerms, own: &OwnRoll) -> Result<Begun, OverlapError> {
        let now = self.now();
        let comparison = random::message_id(now);
        let party = Party { entity: self.entity(), signing: &self.keys().signing, peer: &order.with };
        let request = party.message(&comparison, OverlapStep::Begin(terms.clone()), now)?;
        let key = OverlapKey { side: Side::Asker, peer: order.with.clone(), comparison: comparison.clone() };
        let begin = OverlapRecord { ours: true, what: "begin", jti: comparison, jws: request.jws().clone() };
        let (stored, told, digest, people, now_ms) =
            (key.clone(), terms.clone(), request.digest(), own.size(), self.now_ms());
        self.db()
            .write(move |conn| {
                let (key, terms) = (&stored, &told);
                let new = NewOverlap { key, terms, request: digest, people: (people, None), refused: None, at: now };
                overlap_insert(conn, &new)?;
                ours::keep(conn, key, &[begin], (now, now_ms))?;
                audit::append(conn, &audit::done(terms.officer.as_str(), BEGIN, key.comparison.as_str(), now))?;
                Ok::<_, MarkError>(())
            })
            .await?;
        self.wake_anchor();
        Ok(Begun { key, terms, request })
    }

    /// From the request to both sides' results.
    async fn drive(&self, begun: &Begun, own: OwnRoll, turns: &mut u32) -> Result<Compared, OverlapError> {
        let theirs = self.accepted(begun).await?;
        let context = Context::new(&begun.terms.law, [self.entity(), &begun.key.peer], &begun.request.digest());
        let people = own.people;
        let begin = blocking(move || Asking::begin(context, people, theirs));
        let mut asking = begin.await??;
        loop {
            let made;
            (asking, made) = blocking(move || {
                let made = asking.turn();
                (asking, made)
            })
            .await?;
            let Some(turn) = made? else { break };
            let answer = self.say(begun, OverlapStep::Turn(turn.clone())).await?;
            let OverlapSays::Turn(answer) = answer.into_parts().0.says else {
                return Err(OverlapError::Says("no page of points"));
            };
            let taken;
            (asking, taken) = blocking(move || {
                let taken = asking.take(&turn, &answer);
                (asking, taken)
            })
            .await?;
            taken?;
            *turns = asking.turns();
        }
        let ended = blocking(move || asking.end()).await??;
        let counts = ours::counts(&ended, true);
        let result = self.overlap_statement(&begun.key, begun.request.digest(), OverlapSays::Compared(counts))?;
        close::compared(self, &begun.key, ended.common, vec![ours::record(&result, true)]).await?;
        let confirmed = self.confirm_overlap(begun, &result, counts).await;
        let OverlapCounts { asker, answerer, common, .. } = counts;
        let comparison = begun.key.comparison.clone();
        Ok(Compared { comparison, ours: asker, theirs: answerer, common, without: 0, confirmed })
    }

    /// Sends the request; how many people the other side has, once its signed word of that is durable here.
    async fn accepted(&self, begun: &Begun) -> Result<u32, OverlapError> {
        // Nothing is at stake yet: who is away is not waited for.
        let statement = self.sent(begun, begun.request.jws().as_str(), 1).await?;
        let (key, record) = (begun.key.clone(), ours::record(&statement, false));
        let (at, now_ms) = (self.now(), self.now_ms());
        let people = match &statement.claims().says {
            OverlapSays::Accepted { people } => *people,
            OverlapSays::Refused { code } => {
                let code = *code;
                let end = End { state: State::Refused, code: Some(code), common: None, at };
                self.db()
                    .write(move |conn| {
                        overlap_end(conn, &key, end)?;
                        Ok::<_, MarkError>(ours::keep(conn, &key, &[record], (at, now_ms))?)
                    })
                    .await?;
                return Err(OverlapError::Refused { code });
            }
            _ => return Err(OverlapError::Says("neither acceptance nor refusal")),
        };
        self.db()
            .write(move |conn| {
                overlap_peer_people(conn, &key, people)?;
                Ok::<_, MarkError>(ours::keep(conn, &key, &[record], (at, now_ms))?)
            })
            .await?;
        let parties = [self.entity(), &begun.key.peer];
        // A roll beyond the law's number could be a whole population that is tried out on ours.
        self.authorize_overlap(&begun.terms, parties, Some(people), &self.directory(), at)?;
        Ok(people)
    }

    /// Whether the other side signed the same result. Ours is durable; that it is alone is seen in the row and in the log.
    async fn confirm_overlap(&self, begun: &Begun, result: &Attested<OverlapResult>, counts: OverlapCounts) -> bool {
        let said = self.say(begun, OverlapStep::End(result.jws().clone())).await;
        let theirs = match said {
            Ok(theirs) if theirs.claims().says == OverlapSays::Compared(counts) => theirs,
            Ok(_) => {
                tracing::error!(peer = %begun.key.peer, alarm = "overlap-contradicted", "two sides of a comparison signed different results");
                return false;
            }
            Err(error) => {
                tracing::warn!(peer = %begun.key.peer, %error, "the other side did not sign the result of a comparison");
                return false;
            }
        };
        let (key, record, at, now_ms) = (begun.key.clone(), ours::record(&theirs, false), self.now(), self.now_ms());
        let kept = self.db().write(move |conn| {
            ours::keep(conn, &key, &[record], (at, now_ms))?;
            Ok::<_, MarkError>(overlap_confirm(conn, &key)?)
        });
        kept.await.inspect_err(|error| tracing::warn!(%error, "a result of a comparison was not kept")).is_ok()
    }

    async fn say(&self, begun: &Begun, step: OverlapStep) -> Result<Attested<OverlapResult>, OverlapError> {
        let party = Party { entity: self.entity(), signing: &self.keys().signing, peer: &begun.key.peer };
        let message = party.message(&begun.key.comparison, step, self.now())?;
        self.sent(begun, message.jws().as_str(), TRIES).await
    }

    /// Sends a message, byte for byte again where no answer came; the other side's statement about this comparison.
    async fn sent(&self, begun: &Begun, message: &str, most: u32) -> Result<Attested<OverlapResult>, OverlapError> {
        let mut tries = 1;
        let reply = loop {
            match self.post_overlap(&begun.key.peer, message).await {
                Ok(reply) if reply.status == 503 && tries < most => {
                    self.pause(reply.retry_after.unwrap_or(1)).await;
                }
                Ok(reply) => break reply,
                Err(OverlapError::Away(HttpError::NotSent(_) | HttpError::Unanswered(_))) if tries < most => {
                    self.pause(tries).await;
                }
                Err(error) => return Err(error),
            }
            tries += 1;
        };
        if reply.status != 200 {
            let problem: Option<Problem> = serde_json::from_slice(&reply.body).ok();
            return Err(problem.map_or(OverlapError::Status(reply.status), |p| OverlapError::Refused { code: p.code }));
        }
        let (directory, now) = (self.directory(), self.now());
        let peer = directory.peer(&begun.key.peer, now)?;
        let about: (&MessageId, Digest) = (&begun.key.comparison, begun.request.digest());
        Ok(accept_result(&reply.body, peer, self.entity(), about)?)
    }

    async fn pause(&self, seconds: u32) {
        self.clock().sleep(std::time::Duration::from_secs(seconds.min(LONGEST_PAUSE).into())).await;
    }

    async fn post_overlap(&self, peer: &EntityId, message: &str) -> Result<Reply, OverlapError> {
        let client = self.peer_client(peer)?;
        let directory = self.directory();
        let address = peers_address(directory.peer(peer, self.now())?, path::OVERLAPS);
        let address = address.ok_or(Refusal::new(Code::DirectoryOutdated, "the directory lists no usable address"))?;
        Ok(client.post(&address, OVERLAP, message.as_bytes().to_vec()).await?)
    }
}

/// What the order says in the words of the law.
fn terms_of(order: &Order, law: &Law) -> Result<OverlapTerms, Refusal> {
    let not_for_this = Refusal::new(Code::OverlapNotAllowed, "the law is not for comparing rolls");
    let of = law.allowed.dataset.as_str().strip_suffix(".overlap").and_then(|roll| roll.parse().ok());
    let identifier = match (&order.identifier, law.allowed.fields.as_slice()) {
        (Some(identifier), _) | (None, [identifier]) => identifier.clone(),
        (None, _) => return Err(Refusal::new(Code::LawScopeExceeded, "the law names several identifiers; say which")),
    };
    Ok(OverlapTerms {
        law: law.id.clone(),
        purpose: law.purpose.clone(),
        identifier,
        roll: order.roll.clone(),
        of: of.ok_or(not_for_this)?,
        people: 0,
        officer: order.officer.clone(),
        case: order.case.clone(),
    })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, OverlapError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| OverlapError::Stopping)
}
