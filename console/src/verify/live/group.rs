//! Compares one group: all parts of its indices, a few at a time, and then what the target has beside.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use futures_util::{StreamExt, stream};
use switchover_coordinate::unix_ms;
use switchover_documents::{Destination, Placement};

use super::super::comparison::Compared;
use super::super::extra;
use super::super::matching::{Matching, Side};
use super::super::plan::Group;
use super::super::progress::Progress;
use super::super::record;
use super::super::tally::{Kind, Tally};
use super::super::writes::{self, ShardWrites, Writes};
use super::dialect::Dialect;
use super::inventory::{self, Index};
use super::kept::{Begun, Found, Kept, Part, PartsFile};
use super::newer::Newer;
use super::pace::Pace;
use super::part::{Place, Stopped};
use crate::target::Target;

/// Numbers of documents in one part: about ten seconds of work are done again after a crash.
const PART_NUMBERS: i64 = 200_000;

/// All that comparing a group needs.
pub(super) struct Comparing<'a> {
    pub(super) source: &'a Target,
    pub(super) target: &'a Target,
    pub(super) dialect: Dialect,
    pub(super) placement: &'a Placement,
    pub(super) indices: &'a BTreeMap<String, Index>,
    pub(super) pace: Pace,
    /// Parts that are compared at a time.
    pub(super) concurrency: usize,
    pub(super) progress: &'a Progress,
}

impl Comparing<'_> {
    /// What a group had when it was compared the last time, if it was equal and neither side was written since.
    pub(super) async fn not_written(
        &self,
        group: &Group,
        past: &record::Group,
    ) -> Result<Option<BTreeMap<String, u64>>> {
        let Some(equal) = past.equal.as_ref().filter(|equal| equal.keys().eq(group.destinations.keys()))
        else {
            return Ok(None);
        };
        let numbered = |writes: &Writes| writes.values().all(writes::IndexWrites::is_numbered);
        if !numbered(&past.source) || !numbered(&past.target) {
            return Ok(None);
        }
        let target: Vec<String> = equal.keys().cloned().collect();
        let now = tokio::join!(writes::read(self.source, &group.sources), writes::read(self.target, &target));
        let (Ok(source), Ok(target)) = now else { return Ok(None) };
        let same = |now: &Writes, past: &Writes| {
            now.keys().eq(past.keys())
                && now.values().zip(past.values()).all(|(now, past)| matches!(now.since(past), Ok(0)))
        };
        Ok((same(&source, &past.source) && same(&target, &past.target)).then(|| equal.clone()))
    }

    /// # Errors
    /// When a cluster can't be asked. What can't be read is in the result.
    pub(super) async fn group(
        &self,
        key: &str,
        group: Group,
        kept: &Kept,
    ) -> Result<(record::Group, Compared)> {
        let mut matching = Matching::new(self.target, Some(self.source), self.placement, self.progress);
        matching.prepare(group.destinations).await?;
        let there = matching.sides.iter().filter(|(_, side)| side.exists);
        let there: Vec<String> = there.map(|(name, _)| name.clone()).collect();
        let source = writes::read(self.source, &group.sources).await?;
        // None at all would be those of all.
        let target = match there.is_empty() {
            true => Writes::new(),
            false => writes::read(self.target, &there).await?,
        };
        let known = |now: &Writes, before: &Writes| {
            now.keys().eq(before.keys())
                && now.values().zip(before.values()).all(|(now, before)| now.since(before).is_ok())
        };
        let fits = |begun: &Begun| known(&source, &begun.source) && known(&target, &begun.target);
        let (begun, done) = match kept.parts(key, fits)? {
            Some((begun, done)) => (begun, done),
            None => (Begun { key: key.to_owned(), source, target, at_unix_ms: unix_ms() }, Vec::new()),
        };
        inventory::refresh(self.source, &group.sources).await?;
        let count = inventory::count(self.source, &group.sources).await?;
        let places = self.places(&group.sources, &begun.source);
        let places: Vec<Place> = places.collect::<Result<_>>()?;
        let mut file = kept.begin(&begun, &done)?;
        if !done.is_empty() {
            eprintln!("{key}: going on, {} parts were compared before", done.len());
        }
        let (mut unread, mut read, mut left) = (Vec::new(), 0, places);
        for part in done {
            left.retain(|place| place.key() != part.key);
            self.progress.left_out(part.read);
            read += part.read;
            take(&mut matching, part);
        }
        let compared = {
            let beside = || matching.beside();
            self.parts(&left, beside, &mut file, &mut unread).await?
        };
        for part in compared {
            read += part.read;
            take(&mut matching, part);
        }
        let now = writes::read(self.source, &group.sources).await?;
        let written = self.written(&now, &begun.source);
        if unread.is_empty() && written == Some(0) && read < count {
            unread.push(format!("{key}: only {read} of {count} documents of the source were read"));
        }
        let compared = self.finish(&group.sources, matching, unread, written).await?;
        let record = record::Group {
            source: begun.source,
            target: begun.target,
            equal: compared.equal(),
            at_unix_ms: begun.at_unix_ms,
        };
        Ok((record, compared))
    }

    /// Compares what is left, a few parts at a time. What can't be read is told in `unread`.
    async fn parts<'m>(
        &self,
        left: &[Place],
        beside: impl Fn() -> Matching<'m>,
        file: &mut PartsFile,
        unread: &mut Vec<String>,
    ) -> Result<Vec<Part>> {
        let one = |place| {
            let matching = beside();
            async move { (place, self.part(place, matching).await) }
        };
        let mut parts = stream::iter(left).map(one).buffer_unordered(self.concurrency);
        let mut compared = Vec::new();
        while let Some((place, part)) = parts.next().await {
            match part {
                Ok(part) => {
                    file.add(&part)?;
                    self.progress.part(part.read);
                    compared.push(part);
                }
                Err(Stopped::Unread(error)) => unread.push(format!("{}: {error:#}", place.name())),
                Err(Stopped::Away(error)) => return Err(error),
            }
        }
        Ok(compared)
    }

    /// How many writes the source saw since; `None`: not known.
    fn written(&self, now: &Writes, before: &Writes) -> Option<u64> {
        before.iter().map(|(name, before)| now.get(name)?.since(before).ok()).sum()
    }

    /// What is read one after the other.
    fn places<'p>(
        &'p self,
        sources: &'p [String],
        writes: &'p Writes,
    ) -> impl Iterator<Item = Result<Place>> + 'p {
        sources.iter().flat_map(move |source| {
            let index = self.indices.get(source);
            let shards = 0..index.map_or(0, |index| index.shards);
            let several_types = index.is_some_and(|index| index.types.len() > 1);
            shards.flat_map(move |shard| {
                let place = |range| Place { index: Arc::from(&**source), shard, range, several_types };
                let known = writes.get(source).and_then(|writes| writes.shards.get(&shard));
                match known {
                    None => vec![Err(anyhow!(
                        "{source}: the source says nothing of its shard {shard}; check its health"
                    ))],
                    Some(ShardWrites::Numbered { checkpoint, .. }) if self.dialect.numbered => {
                        let firsts = (0..=*checkpoint).step_by(PART_NUMBERS as usize);
                        let range =
                            |first: i64| (first, checkpoint.min(&(first + PART_NUMBERS - 1)).to_owned());
                        firsts.map(|first| Ok(place(Some(range(first))))).collect()
                    }
                    Some(_) => vec![Ok(place(None))],
                }
            })
        })
    }

    async fn finish(
        &self,
        sources: &[String],
        matching: Matching<'_>,
        unread: Vec<String>,
        written: Option<u64>,
    ) -> Result<Compared> {
        let mut compared = Compared { unread, dropped: matching.dropped, ..Compared::default() };
        for (name, Side { destination, exists, mut tally, .. }) in matching.sides {
            // Without the whole source, what it holds would seem to be extra.
            if compared.unread.is_empty() && tally.not_comparable == 0 {
                tally.extra = match exists {
                    false => Some(Kind::default()),
                    true => self.extra(sources, &destination, &mut tally, written).await?,
                };
            }
            tally.answered = Vec::new();
            compared.tallies.insert(name, tally);
        }
        Ok(compared)
    }

    /// What only the target has. `None`: that is not known.
    async fn extra(
        &self,
        sources: &[String],
        destination: &Destination,
        tally: &mut Tally,
        written: Option<u64>,
    ) -> Result<Option<Kind>> {
        let newer = Newer { source: self.source, placement: self.placement, sources, destination };
        let found = extra::find_beside(self.target, &destination.index, tally, &newer).await;
        match found {
            Ok(kind) if kind.count > 0 && self.placement.has_rules() && written != Some(0) => {
                let why = "what is extra is not known: the source was written meanwhile, and rules decide by document; compare again when nobody writes";
                tally.problems.insert(format!("{}: {why}", destination.index), 0);
                Ok(None)
            }
            Ok(kind) => Ok(Some(kind)),
            Err(error) => {
                tally.problems.insert(format!("{error:#}"), 0);
                Ok(None)
            }
        }
    }
}

fn take(matching: &mut Matching<'_>, part: Part) {
    let sides = part.sides.into_iter().map(|(index, found)| {
        let Found { data_stream, exists, tally } = found;
        (index.clone(), (Arc::new(Destination { index, data_stream }), exists, tally))
    });
    matching.absorb(sides.collect(), part.dropped);
}
