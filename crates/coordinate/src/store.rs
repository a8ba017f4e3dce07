//! The documents of one index: read, created once, changed by compare-and-set.
//!
//! The index is reached through an alias, and every write insists on that (`require_alias`): a worker that wakes up after
//! the index was deleted must not make it again by writing into it.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use switchover_cluster::{Body, Cluster, Method, Response, StatusCode, path_part};

use crate::error::CoordinationError;

/// Items created with one request.
const ITEMS_A_BULK: usize = 1000;

/// Where a document stands among all changes of its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub(crate) struct Place {
    #[serde(rename = "_seq_no")]
    pub(crate) seq_no: i64,
    #[serde(rename = "_primary_term")]
    pub(crate) primary_term: i64,
}

/// A document and its place.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Found<T> {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) place: Place,
    #[serde(rename = "_source")]
    pub(crate) source: T,
}

/// What became of a change that depends on a document's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Made(Place),
    /// Somebody else changed the document before.
    Conflict,
}

/// Access to one index.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) cluster: Cluster,
    /// The alias, which is the name that people see.
    pub(crate) index: String,
}

/// Of the index behind the alias; no session's name has a dot.
pub const BEHIND_SUFFIX: &str = ".work";

impl Store {
    /// Makes the index unless it is there.
    pub(crate) async fn make(&self, mappings: Value) -> Result<(), CoordinationError> {
        let settings = json!({"index": {"hidden": true, "number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "1s"}});
        let mut aliases = Map::new();
        aliases.insert(self.index.clone(), json!({"is_hidden": true}));
        let body = json!({"settings": settings, "mappings": mappings, "aliases": aliases});
        let made = self.ask_at(Method::PUT, &self.behind(), Some(body)).await?;
        // 400 is the answer when another worker was faster; whatever else it means shows in the next request.
        if made.status == StatusCode::BAD_REQUEST && self.exists().await? {
            return Ok(());
        }
        made.success()?;
        Ok(())
    }

    /// Whether the index is there.
    pub(crate) async fn exists(&self) -> Result<bool, CoordinationError> {
        let answer = self.ask(Method::HEAD, "", None).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(false),
            _ => answer.success().map(|_| true).map_err(Into::into),
        }
    }

    /// Deletes the index, if it is there.
    pub(crate) async fn delete_index(&self) -> Result<(), CoordinationError> {
        let answer = self.ask_at(Method::DELETE, &self.behind(), None).await?;
        if answer.status != StatusCode::NOT_FOUND {
            answer.success()?;
        }
        Ok(())
    }

    fn behind(&self) -> String {
        format!("/{}{BEHIND_SUFFIX}", self.index)
    }

    /// The document, straight from the shard. `None` when there is none, not even an index.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        id: &str,
    ) -> Result<Option<Found<T>>, CoordinationError> {
        let answer = self.ask(Method::GET, &format!("/_doc/{}", path_part(id)), None).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = answer.success()?;
        serde_json::from_slice(&answer.body).map(Some).map_err(|error| self.foreign(id, &error))
    }

    /// Creates what is not there yet.
    pub(crate) async fn create<T: Serialize>(
        &self,
        documents: impl IntoIterator<Item = (String, T)>,
    ) -> Result<(), CoordinationError> {
        let mut documents = documents.into_iter().peekable();
        while documents.peek().is_some() {
            let mut body = Vec::new();
            for (id, document) in documents.by_ref().take(ITEMS_A_BULK) {
                for line in [json!({"create": {"_id": id}}), json!(document)] {
                    body.extend_from_slice(line.to_string().as_bytes());
                    body.push(b'\n');
                }
            }
            let path = format!("/{}/_bulk?require_alias=true", self.index);
            let sent = self.cluster.send(Method::POST, &path, Some(Body::lines(body))).await?;
            let answer = self.there(sent)?.success()?;
            let answer: Value = answer.json()?;
            let items = answer["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            let refused = |item: &&Value| {
                let status = item["create"]["status"].as_u64().unwrap_or_default();
                // 409: it is there.
                !(200..300).contains(&status) && status != 409
            };
            if let Some(item) = items.iter().find(refused) {
                let item = &item["create"];
                if item["status"] == 404 {
                    return Err(self.gone());
                }
                return Err(CoordinationError::Refused {
                    index: self.index.clone(),
                    id: item["_id"].as_str().unwrap_or_default().to_owned(),
                    reason: item["error"].to_string(),
                });
            }
        }
        Ok(())
    }

    /// Creates a document that is not there yet.
    pub(crate) async fn add(&self, id: &str, document: &impl Serialize) -> Result<Place, CoordinationError> {
        let path = format!("/_create/{}?require_alias=true", path_part(id));
        self.written(id, self.ask(Method::PUT, &path, Some(json!(document))).await?)
    }

    /// Writes a document, whatever was there.
    pub(crate) async fn put(&self, id: &str, document: &impl Serialize) -> Result<(), CoordinationError> {
        let path = format!("/_doc/{}?require_alias=true", path_part(id));
        self.written(id, self.ask(Method::PUT, &path, Some(json!(document))).await?)?;
        Ok(())
    }

    /// Changes some fields of the document if it is still where it was.
    pub(crate) async fn change(
        &self,
        id: &str,
        from: Place,
        fields: Value,
    ) -> Result<Change, CoordinationError> {
        let Place { seq_no, primary_term } = from;
        let id_part = path_part(id);
        let path = format!(
            "/_update/{id_part}?require_alias=true&if_seq_no={seq_no}&if_primary_term={primary_term}"
        );
        // A change to the same values is a sign of life, too.
        let body = json!({"doc": fields, "detect_noop": false});
        let answer = self.ask(Method::POST, &path, Some(body)).await?;
        if answer.status == StatusCode::CONFLICT {
            return Ok(Change::Conflict);
        }
        Ok(Change::Made(self.written(id, answer)?))
    }

    fn written(&self, id: &str, answer: Response) -> Result<Place, CoordinationError> {
        let answer = self.there(answer)?.success()?;
        serde_json::from_slice(&answer.body).map_err(|error| self.foreign(id, &error))
    }

    /// Deletes the document if it is still where it was. False: it is not.
    pub(crate) async fn delete(&self, id: &str, from: Place) -> Result<bool, CoordinationError> {
        let Place { seq_no, primary_term } = from;
        let path = format!("/_doc/{}?if_seq_no={seq_no}&if_primary_term={primary_term}", path_part(id));
        let answer = self.ask(Method::DELETE, &path, None).await?;
        if matches!(answer.status, StatusCode::CONFLICT | StatusCode::NOT_FOUND) {
            return Ok(false);
        }
        answer.success()?;
        Ok(true)
    }

    /// What a search finds, as of the last refresh.
    pub(crate) async fn search<T: DeserializeOwned>(
        &self,
        mut body: Value,
    ) -> Result<Vec<Found<T>>, CoordinationError> {
        if let Some(members) = body.as_object_mut() {
            members.insert("seq_no_primary_term".to_owned(), true.into());
        }
        let answer = self.query(body).await?;
        let hits = answer["hits"]["hits"].as_array().cloned().unwrap_or_default();
        let read = |hit: Value| {
            let id = hit["_id"].as_str().unwrap_or_default().to_owned();
            serde_json::from_value(hit).map_err(|error| self.foreign(&id, &error))
        };
        hits.into_iter().map(read).collect()
    }

    /// The whole answer to a search. A part of the shards is not enough.
    pub(crate) async fn query(&self, body: Value) -> Result<Value, CoordinationError> {
        let path = "/_search?allow_partial_search_results=false";
        let answer = self.ask(Method::POST, path, Some(body)).await?;
        Ok(self.there(answer)?.success()?.json()?)
    }

    /// Makes all changes visible to searches.
    pub(crate) async fn refresh(&self) -> Result<(), CoordinationError> {
        let answer = self.ask(Method::POST, "/_refresh", None).await?;
        self.there(answer)?.success()?;
        Ok(())
    }

    pub(crate) fn foreign(&self, id: &str, reason: &dyn std::fmt::Display) -> CoordinationError {
        CoordinationError::Foreign {
            index: self.index.clone(),
            id: id.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// Of a write to an alias that must be there: 404 says that it is not.
    fn there(&self, answer: Response) -> Result<Response, CoordinationError> {
        if answer.status == StatusCode::NOT_FOUND { Err(self.gone()) } else { Ok(answer) }
    }

    fn gone(&self) -> CoordinationError {
        CoordinationError::Gone(self.index.clone())
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response, CoordinationError> {
        self.ask_at(method, &format!("/{}{path}", self.index), body).await
    }

    async fn ask_at(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response, CoordinationError> {
        let body = body.map(|body| Bytes::from(body.to_string()));
        Ok(self.cluster.request(method, path, body).await?)
    }
}
