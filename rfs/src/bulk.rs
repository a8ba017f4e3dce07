//! Sends a batch until each of its documents is on the target or refused for good.
//!
//! Only what failed is sent again. A target that has no room is given time, and fewer requests at once; a body that it
//! finds too long is halved. How long all that may take is the caller's to say, who holds the lease.

mod answer;
mod spares;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use switchover_cluster::{Body, Cluster, ClusterError, Concurrency, Method, Response, StatusCode};
use tokio::time::{Instant, sleep};

use crate::batch::{Batch, Sealed};
use crate::standstill::Standstill;
use answer::{Answer, Verdict};
use spares::Spares;

/// What is asked of the answer: positions are kept, so each item needs a status.
const PATH: &str = "/_bulk?filter_path=items.*.status,items.*.error";
/// Between two repetitions: the first pause is doubled for each further one, up to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));

/// Sends batches; shared by all ranges of a worker.
#[derive(Debug)]
pub struct Sender {
    cluster: Cluster,
    concurrency: Concurrency,
    compression: crate::compression::Compression,
    standstill: Arc<Standstill>,
    pauses: (Duration, Duration),
    spares: Spares,
    /// Documents that were sent more than once because the target had no room.
    pub repeated: AtomicU64,
}

/// A document that the target will not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its place in the batch.
    pub item: usize,
    /// The status of the item, or of the whole request when it was alone in it.
    pub status: u16,
    /// The target's error as JSON.
    pub error: String,
}

/// Nothing can be sent any more. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The target does not let us write.
    #[error("{0}")]
    NotAllowed(ClusterError),
    /// The same for one index.
    #[error(
        "{endpoint}: not allowed to write {document}: {error}; give the user the permission to index into it"
    )]
    IndexNotAllowed {
        /// The target.
        endpoint: String,
        /// The action, which names the index.
        document: String,
        /// The target's error as JSON.
        error: String,
    },
    /// Something answers that is not a cluster.
    #[error(
        "{endpoint}: the answer to a bulk of {documents} documents is not one ({shown}); check that nothing stands between this host and the cluster"
    )]
    NotAnAnswer {
        /// The target.
        endpoint: String,
        /// How many documents were sent.
        documents: usize,
        /// What came.
        shown: String,
    },
}

/// What came of one request.
enum Attempt {
    /// Every document is on the target.
    AllThere,
    Answered(Vec<Verdict>),
    /// The whole request has to wait.
    Later(String),
    TooLarge(String),
    /// The request as a whole is refused.
    Refused(u16, String),
}

impl Sender {
    /// `max_requests`: in flight at once.
    #[must_use]
    pub fn new(
        cluster: Cluster,
        max_requests: usize,
        gzip: crate::compression::Gzip,
        standstill: Arc<Standstill>,
    ) -> Self {
        Self {
            cluster,
            concurrency: Concurrency::new(max_requests),
            compression: crate::compression::Compression::new(gzip),
            standstill,
            pauses: PAUSES,
            spares: Spares::default(),
            repeated: AtomicU64::new(0),
        }
    }

    /// An empty batch, perhaps with the memory of one that was sent.
    #[must_use]
    pub fn batch(&self) -> Batch {
        self.spares.take()
    }

    /// A batch that is no longer needed.
    pub fn done(&self, sent: Sealed) {
        self.spares.give(sent);
    }

    /// How many requests are allowed at once now.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.concurrency.limit()
    }

    /// Sends a batch. Returns what was refused, in the order of the batch. Goes on for as long as it is polled.
    ///
    /// # Errors
    /// When no document can be sent at all.
    pub async fn send(&self, batch: &Sealed) -> Result<Vec<Refused>, SendError> {
        let mut refused = Vec::new();
        // Pieces of the batch that are still to be sent; a piece is halved when it is too long.
        let mut pieces = vec![(0..batch.len()).collect::<Vec<usize>>()];
        let (first_pause, max_pause) = self.pauses;
        let mut pause = first_pause;
        let waiting = self.standstill.guard();
        while let Some(piece) = pieces.pop() {
            let whole = piece.len() == batch.len();
            let body = if whole { batch.body().clone() } else { batch.lines(&piece).into() };
            let (later, reason) = match self.attempt(body, piece.len()).await? {
                Attempt::AllThere => (Vec::new(), String::new()),
                Attempt::Answered(verdicts) => {
                    let mut later = Vec::new();
                    let mut reason = String::new();
                    for (item, verdict) in piece.into_iter().zip(verdicts) {
                        match verdict {
                            Verdict::There | Verdict::Older => {}
                            Verdict::Later(error) => {
                                later.push(item);
                                reason = error;
                            }
                            Verdict::Refused(status, error) => refused.push(Refused { item, status, error }),
                            Verdict::NotAllowed(error) => {
                                return Err(self.index_not_allowed(batch, item, error));
                            }
                        }
                    }
                    (later, reason)
                }
                Attempt::TooLarge(error) | Attempt::Refused(_, error) if piece.len() > 1 => {
                    tracing::debug!(
                        documents = piece.len(),
                        error,
                        "the target does not take the bulk as a whole: halved"
                    );
                    let (first, second) = piece.split_at(piece.len() / 2);
                    pieces.push(second.to_vec());
                    pieces.push(first.to_vec());
                    continue;
                }
                Attempt::TooLarge(error) => {
                    let status = StatusCode::PAYLOAD_TOO_LARGE.as_u16();
                    refused.extend(piece.into_iter().map(|item| Refused {
                        item,
                        status,
                        error: error.clone(),
                    }));
                    continue;
                }
                Attempt::Refused(status, error) => {
                    refused.extend(piece.into_iter().map(|item| Refused {
                        item,
                        status,
                        error: error.clone(),
                    }));
                    continue;
                }
                Attempt::Later(reason) => (piece, reason),
            };
            if later.is_empty() {
                pause = first_pause;
                waiting.moves();
                continue;
            }
            self.repeated.fetch_add(later.len() as u64, Ordering::Relaxed);
            waiting.stands(&format!("the target has no room for documents: {reason}"));
            tracing::debug!(documents = later.len(), reason, ?pause, "to be sent again");
            pieces.push(later);
            sleep(pause).await;
            pause = (pause * 2).min(max_pause);
        }
        refused.sort_by_key(|refused| refused.item);
        Ok(refused)
    }

    async fn attempt(&self, body: Bytes, documents: usize) -> Result<Attempt, SendError> {
        let permit = self.concurrency.acquire().await;
        let raw_bytes = body.len();
        let body = self.compression.apply(Body::lines(body));
        let begun = Instant::now();
        let sent = self.cluster.send(Method::POST, PATH, Some(body.body.clone())).await;
        drop(permit);
        let attempt = match sent {
            Ok(response) if response.status.is_success() => {
                self.compression.took(&body, raw_bytes, begun.elapsed());
                if answer::all_there(&response.body, documents) {
                    Attempt::AllThere
                } else if let Some(verdicts) = Answer::verdicts(&response.body, documents) {
                    Attempt::Answered(verdicts)
                } else {
                    return Err(self.not_an_answer(&response, documents));
                }
            }
            Ok(response) => refusal(response)?,
            Err(error) if error.may_pass() => Attempt::Later(error.to_string()),
            Err(error) => return Err(SendError::NotAllowed(error)),
        };
        let overloaded = match &attempt {
            Attempt::Answered(verdicts) => {
                verdicts.iter().any(|verdict| matches!(verdict, Verdict::Later(_)))
            }
            Attempt::Later(_) => true,
            Attempt::AllThere | Attempt::TooLarge(_) | Attempt::Refused(..) => false,
        };
        self.concurrency.answered(overloaded);
        Ok(attempt)
    }

    fn index_not_allowed(&self, batch: &Sealed, item: usize, error: String) -> SendError {
        let action = batch.item(item).map(|(action, _)| String::from_utf8_lossy(action).into_owned());
        let endpoint = self.cluster.endpoint();
        SendError::IndexNotAllowed { endpoint, document: action.unwrap_or_default(), error }
    }

    fn not_an_answer(&self, response: &Response, documents: usize) -> SendError {
        let shown = String::from_utf8_lossy(response.body.get(..200).unwrap_or(&response.body)).into_owned();
        SendError::NotAnAnswer { endpoint: self.cluster.endpoint(), documents, shown }
    }
}

/// A status that is not a success.
fn refusal(response: Response) -> Result<Attempt, SendError> {
    let status = response.status;
    let Err(error) = response.success() else { return Ok(Attempt::Later("redirected".to_owned())) };
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(SendError::NotAllowed(error)),
        StatusCode::PAYLOAD_TOO_LARGE => Ok(Attempt::TooLarge(quoted(&error))),
        StatusCode::BAD_REQUEST => Ok(Attempt::Refused(status.as_u16(), quoted(&error))),
        // Overload, and what stands in front of the cluster while it is away.
        _ => Ok(Attempt::Later(error.to_string())),
    }
}

fn quoted(error: &ClusterError) -> String {
    serde_json::Value::from(error.to_string()).to_string()
}

#[cfg(test)]
mod tests;
