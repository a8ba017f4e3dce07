//! An item that is ours for now.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::clock::unix_ms;
use crate::error::CoordinationError;
use crate::item::{Ended, Item, Progress, State, Stored};
use crate::store::{Change, Place, Store};

/// How long an item is ours without a renewal, and how long its document must not change before another worker takes it.
pub const LEASE: Duration = Duration::from_secs(60);
/// A holder takes its lease for over this much earlier than others do, for the way of what it has sent last.
const SAFETY: Duration = Duration::from_secs(15);
/// Between two attempts to write to a coordination index that is out of reach.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The right to work on an item.
#[derive(Debug)]
pub struct Lease<U> {
    /// The work.
    pub item: Item<U>,
    pub(crate) store: Store,
    pub(crate) place: Place,
    /// Of this lease alone.
    pub(crate) holder: String,
    /// When the request that renewed it last was begun.
    pub(crate) renewed: Instant,
    pub(crate) lease: Duration,
}

impl<U: serde::de::DeserializeOwned> Lease<U> {
    /// Until when this worker may act on the item.
    #[must_use]
    pub fn ends(&self) -> Instant {
        self.renewed + self.lease.saturating_sub(SAFETY.min(self.lease / 4))
    }

    /// Writes down how far the work is, and renews the lease by it. Waits for a cluster that is out of reach, as long as
    /// the lease lasts.
    ///
    /// # Errors
    /// [`CoordinationError::Lost`]: nothing more may be done for the item.
    pub async fn renew(&mut self, progress: &Progress) -> Result<(), CoordinationError> {
        let mut fields = json!(progress);
        if progress.cursor > self.item.progress.cursor {
            self.item.fruitless = 0;
            fields["fruitless"] = 0.into();
        }
        self.write(fields).await?;
        self.item.progress = progress.clone();
        Ok(())
    }

    /// Ends the item. Other workers will not see it again.
    ///
    /// # Errors
    /// As [`Lease::renew`].
    pub async fn end(mut self, how: Ended, progress: &Progress) -> Result<(), CoordinationError> {
        let (state, error) = match how {
            Ended::Done => (State::Done, None),
            Ended::Failed(reason) => (State::Failed, Some(reason)),
            Ended::Skipped(reason) => (State::Skipped, Some(reason)),
        };
        let ended = unix_ms();
        self.leave(progress, json!({"state": state, "error": error, "endedUnixMs": ended})).await
    }

    /// Gives the item back for others to go on with. `error`: why, if that is a failure.
    ///
    /// # Errors
    /// As [`Lease::renew`].
    pub async fn release(
        mut self,
        progress: &Progress,
        error: Option<&str>,
    ) -> Result<(), CoordinationError> {
        // Given back in order: what kills workers does not come here.
        self.leave(progress, json!({"error": error, "fruitless": self.item.fruitless})).await
    }

    async fn leave(&mut self, progress: &Progress, mut fields: Value) -> Result<(), CoordinationError> {
        let Value::Object(members) = json!(progress) else { return Ok(()) };
        if let Some(fields) = fields.as_object_mut() {
            fields.extend(members);
            fields.insert("held".to_owned(), false.into());
            fields.insert("holder".to_owned(), Value::Null);
        }
        self.write(fields).await
    }

    async fn write(&mut self, fields: Value) -> Result<(), CoordinationError> {
        let id = self.item.id.clone();
        let lost = || CoordinationError::Lost(id.clone());
        loop {
            let begun = Instant::now();
            if begun >= self.ends() {
                return Err(lost());
            }
            match self.store.change(&id, self.place, fields.clone()).await {
                Ok(Change::Made(place)) => {
                    self.place = place;
                    self.renewed = begun;
                    return Ok(());
                }
                // An earlier attempt may have been made although its answer never came.
                Ok(Change::Conflict) => match self.store.get::<Stored<U>>(&id).await {
                    Ok(Some(found)) if found.source.holder.as_deref() == Some(&self.holder) => {
                        self.place = found.place;
                    }
                    Ok(Some(found)) if is_written(&found.source, &fields) => return Ok(()),
                    Ok(_) => return Err(lost()),
                    Err(error) => self.pause(&error).await,
                },
                Err(error @ CoordinationError::Cluster(_)) => self.pause(&error).await,
                Err(error) => return Err(error),
            }
        }
    }

    async fn pause(&self, error: &CoordinationError) {
        tracing::warn!(%error, item = self.item.id, "the lease could not be renewed; trying again while it lasts");
        sleep(RETRY_PAUSE).await;
    }
}

/// Whether the item was ended just as it was to be: nobody else ends an item whose lease was not over.
fn is_written<U>(stored: &Stored<U>, fields: &Value) -> bool {
    stored.state != State::Open && fields.get("state") == Some(&json!(stored.state))
}
