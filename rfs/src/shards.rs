//! Shards of the snapshot, opened once for all who work on one at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use switchover_snapshot::lucene::{Error, ErrorKind, Options, Segment};
use switchover_snapshot::{ShardDocuments, Snapshot, SnapshotError};

use crate::unit::ShardUnit;

/// A shard that is open.
#[derive(Debug)]
pub struct OpenShard {
    /// Its files.
    pub documents: ShardDocuments,
    /// The type of all its documents, where they do not say it themselves.
    pub only_type: Option<String>,
    /// Its index holds documents of several types.
    pub several_types: bool,
}

/// All that are open now.
#[derive(Debug)]
pub struct Shards {
    snapshot: Snapshot,
    options: Options,
    open: Mutex<HashMap<ShardUnit, Weak<OpenShard>>>,
}

impl OpenShard {
    /// A segment by its name.
    ///
    /// # Errors
    /// When the shard has no such segment, or it is damaged.
    pub async fn segment(&self, name: &str) -> Result<Segment, SnapshotError> {
        let commit = self.documents.segments().iter().find(|segment| segment.name == name);
        let Some(commit) = commit else {
            let kind = ErrorKind::Missing;
            return Err(self.documents.at(Error { file: name.to_owned(), offset: 0, kind }));
        };
        self.documents.segment(commit).await
    }
}

impl Shards {
    /// None yet. `versions`: documents' versions are needed.
    #[must_use]
    pub fn new(snapshot: Snapshot, versions: bool) -> Self {
        Self { snapshot, options: Options { versions }, open: Mutex::default() }
    }

    /// The snapshot.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// A shard; it stays open as long as somebody has it.
    ///
    /// # Errors
    /// When it was not saved, is damaged or can't be read.
    pub async fn open(&self, unit: &ShardUnit) -> Result<Arc<OpenShard>, SnapshotError> {
        let known = self.lock().get(unit).and_then(Weak::upgrade);
        if let Some(shard) = known {
            return Ok(shard);
        }
        let index = self.snapshot.index(&unit.index).await?;
        let only_type = index.metadata().only_type().map(str::to_owned);
        let several_types = index.metadata().types().count() > 1;
        let documents = ShardDocuments::open(index.shard(unit.shard).await?, self.options).await?;
        let shard = Arc::new(OpenShard { documents, only_type, several_types });
        let mut open = self.lock();
        open.retain(|_, shard| shard.strong_count() > 0);
        open.insert(unit.clone(), Arc::downgrade(&shard));
        Ok(shard)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ShardUnit, Weak<OpenShard>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
