//! Documents that rules change, drop or fail for.

use std::sync::Arc;

use switchover_documents::{Origin, Placed};
use switchover_snapshot::lucene::Document;
use tokio::time::Instant;

use super::LoadError;
use super::sending::Sending;
use crate::batch::{Address, Batch, Operation};
use crate::destination::Destination;
use crate::failed::Line;

impl Sending<'_> {
    /// Adds what rules make of a document. `destination`: where it would go without.
    pub(super) async fn rewritten(
        &mut self,
        destination: &Destination,
        document: &Document<'_>,
        origin: &Origin<'_>,
        source: &[u8],
    ) -> Result<(), LoadError> {
        if Instant::now() >= self.renew_at {
            // Rules may be slow, and where they drop everything no batch is ever full.
            self.send().await?;
        }
        let loading = Arc::clone(&self.loading);
        let placed = match loading.destinations.placement().place(origin, source) {
            Ok(placed) => placed,
            Err(stop) => return self.keep(destination, document, origin, source, &stop.to_string()).await,
        };
        self.after.dropped += u64::from(placed.is_empty());
        for mut placed in placed {
            self.settle_destination(&mut placed).await?;
            let target = &placed.destination;
            let operation = match loading.destinations.operation_of(target.data_stream, document.version) {
                Operation::Index => (false, None),
                Operation::Create => (true, None),
                Operation::External(version) => (false, Some(version)),
            };
            let action = placed.action(operation.0, operation.1);
            // If what was gathered is sent now, the cursor is still before this document: all of it or none counts.
            self.make_room(placed.document.source.len()).await?;
            self.batch.push_line(&action, &placed.document.source);
            self.after.documents += 1;
            self.after.source_bytes += placed.document.source.len() as u64;
        }
        self.passed(document.number);
        Ok(())
    }

    /// A document that can't be sent at all: it is kept with those that the target refuses.
    pub(super) async fn keep(
        &mut self,
        destination: &Destination,
        document: &Document<'_>,
        origin: &Origin<'_>,
        source: &[u8],
        problem: &str,
    ) -> Result<(), LoadError> {
        let operation = self.loading.destinations.operation(destination, document.version);
        let (id, routing) = (origin.id.as_ref(), origin.routing.as_deref());
        let mut batch = Batch::default();
        batch.push(Address { index_json: &destination.index_json, id, routing, operation }, b"");
        let batch = batch.seal();
        let (action, _) = batch.item(0).unwrap_or_default();
        let error = serde_json::Value::from(problem).to_string();
        let from = self.segment.to_string();
        let has_rules = self.loading.destinations.placement().has_rules();
        let origin = Some(origin).filter(|_| has_rules);
        let mut line = Vec::new();
        Line { status: 0, error: error.as_bytes(), action, source, from: &from, origin }.append_to(&mut line);
        tracing::debug!(id, from, problem, "a document can't be sent");
        self.make_room(line.len()).await?;
        self.after.unsent_lines.append(&mut line);
        self.after.unsent += 1;
        self.passed(document.number);
        Ok(())
    }

    /// Asks the target what it knows the name as that a rule gave.
    async fn settle_destination(&mut self, placed: &mut Placed<'_>) -> Result<(), LoadError> {
        if !placed.by_rule {
            return Ok(());
        }
        let loading = Arc::clone(&self.loading);
        let index = placed.destination.index.as_str();
        placed.destination.data_stream = match loading.named.known(index) {
            Some(known) => known,
            None => self.meanwhile(loading.named.ask(index)).await??,
        };
        Ok(())
    }
}
