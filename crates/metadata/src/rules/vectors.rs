//! Vectors: Elasticsearch's dense_vector, and the ways the k-NN plugin was told its method.

use serde_json::{Value, json};

use super::Severity::Lossy;
use super::Without::Plugin;
use super::{Act, Context, Found, Rule};
use crate::fields;
use crate::item::Item;
use crate::json::{self, Object};
use crate::span::Span;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "field-dense-vector",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "makes of dense_vector knn_vector with the same space, and sets index.knn",
        why: "it has another name there (plugin k-NN); quantization is left out, so searches are exact to more digits and take more memory",
        act: Act::Edit(dense_vector),
        without: Plugin,
        before: r#"{"mappings": {"properties": {"v": {"type": "dense_vector", "dims": 3, "index": true, "similarity": "cosine", "index_options": {"type": "int8_hnsw", "m": 24}}, "w": {"type": "dense_vector", "dims": 2, "index": false}}}}"#,
        after: r#"{"settings": {"index.knn": "true"}, "mappings": {"properties": {"v": {"type": "knn_vector", "dimension": 3, "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil", "parameters": {"m": 24}}}, "w": {"type": "knn_vector", "dimension": 2}}}}"#,
    },
    Rule {
        name: "knn-index-settings",
        source: Span::ANY,
        target: Span::ANY,
        severity: Lossy,
        does: "moves the k-NN method of an index into its fields",
        why: "the target refuses it in settings, or will",
        act: Act::Edit(index_method),
        without: Plugin,
        before: r#"{"settings": {"index.knn": "true", "index.knn.algo_param.m": "24", "index.knn.space_type": "cosinesimil"}, "mappings": {"properties": {"v": {"type": "knn_vector", "dimension": 4}}}}"#,
        after: r#"{"settings": {"index.knn": "true"}, "mappings": {"properties": {"v": {"type": "knn_vector", "dimension": 4, "method": {"name": "hnsw", "engine": "faiss", "space_type": "cosinesimil", "parameters": {"m": 24}}}}}}"#,
    },
    Rule {
        name: "knn-nmslib",
        source: Span::ANY,
        target: Span::os_from(3, 0),
        severity: Lossy,
        does: "makes of the engine nmslib faiss; spaces that faiss has not become l2",
        why: "OpenSearch 3 makes no indices with nmslib any more",
        act: Act::Edit(nmslib),
        without: Plugin,
        before: r#"{"mappings": {"properties": {"v": {"type": "knn_vector", "dimension": 4, "store": true, "method": {"name": "hnsw", "engine": "nmslib", "space_type": "l1", "parameters": {"m": 16}}}}}}"#,
        after: r#"{"mappings": {"properties": {"v": {"type": "knn_vector", "dimension": 4, "store": true, "method": {"name": "hnsw", "engine": "faiss", "space_type": "l2", "parameters": {"m": 16}}}}}}"#,
    },
];

/// Since 2.2 k-NN has the engine lucene.
const LUCENE_SINCE: (u32, u32) = (2, 2);
/// What the engine lucene takes at most.
const MAX_LUCENE_DIMENSIONS: u64 = 1024;
/// Since 2.17 faiss has cosine similarity of its own; before, nmslib has it.
const FAISS_SPACES: [&str; 5] = ["l2", "innerproduct", "cosinesimil", "hamming", "undefined"];

/// How similarities are called. An index with none compared by cosine since 8.11, when vectors are indexed by default.
fn space(similarity: Option<&str>) -> (&'static str, Option<&'static str>) {
    match similarity {
        Some("l2_norm") => ("l2", None),
        Some("dot_product" | "max_inner_product") => ("innerproduct", None),
        Some("cosine") => ("cosinesimil", None),
        None => ("cosinesimil", Some("no similarity was said; taken for cosine")),
        Some(_) => ("cosinesimil", Some("the similarity is not known; taken for cosine")),
    }
}

fn dense_vector(item: &mut Item, context: Context) -> Vec<Found> {
    let mut found = Vec::new();
    let mut is_searched = false;
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        if fields::kind(field) != "dense_vector" {
            return;
        }
        let dimensions = field.get("dims").and_then(Value::as_u64);
        // Until 8.11 vectors were indexed only where that was said.
        let indexed = field.get("index").and_then(json::flag).unwrap_or(field.contains_key("similarity"));
        let mut notes = Vec::new();
        let mut new = Object::new();
        let element = field.get("element_type").and_then(Value::as_str);
        match dimensions {
            Some(dimensions) => drop(new.insert("dimension".to_owned(), dimensions.into())),
            None => {
                // Elasticsearch takes the first document's; the plugin must be told.
                *field = super::apply::unsearched_field();
                found.push((path.to_owned(), "dense_vector without dims is kept in _source only".to_owned()));
                return;
            }
        }
        if let Some(kind @ ("byte" | "bit")) = element {
            new.insert("data_type".to_owned(), if kind == "bit" { "binary" } else { kind }.into());
        }
        if indexed {
            let (space, note) = space(field.get("similarity").and_then(Value::as_str));
            notes.extend(note);
            let lucene = (context.target.major, context.target.minor) >= LUCENE_SINCE
                && dimensions <= Some(MAX_LUCENE_DIMENSIONS)
                && element != Some("bit");
            let space = if element == Some("bit") { "hamming" } else { space };
            let engine = match (lucene, context.target.major) {
                (true, _) => "lucene",
                (false, 1) => "nmslib",
                (false, _) => "faiss",
            };
            let options = field.get("index_options");
            let option =
                |name: &str| options.and_then(|options| options.get(name)).filter(|value| value.is_u64());
            let parameters: Object = ["m", "ef_construction"]
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), option(name)?.clone())))
                .collect();
            let mut method = json!({"name": "hnsw", "engine": engine, "space_type": space});
            if let Some(method) = method.as_object_mut().filter(|_| !parameters.is_empty()) {
                method.insert("parameters".to_owned(), Value::Object(parameters));
            }
            new.insert("method".to_owned(), method);
        }
        new.insert("type".to_owned(), "knn_vector".into());
        is_searched = true;
        *field = new;
        notes.insert(0, "dense_vector is now knn_vector");
        found.push((path.to_owned(), notes.join("; ")));
    });
    if is_searched {
        item.definition.settings.insert("index.knn".to_owned(), "true".into());
    }
    found
}

fn index_method(item: &mut Item, _: Context) -> Vec<Found> {
    let settings = &mut item.definition.settings;
    let taken =
        |settings: &mut Object, name: &str| json::take(settings, name).and_then(|value| json::text(&value));
    let space = taken(settings, "index.knn.space_type");
    let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
    let m = number(taken(settings, "index.knn.algo_param.m"));
    let construction = number(taken(settings, "index.knn.algo_param.ef_construction"));
    if space.is_none() && m.is_none() && construction.is_none() {
        return Vec::new();
    }
    let mut found =
        vec![("index.knn".to_owned(), "space_type and algo_param are now in the fields".to_owned())];
    let wanted = space.as_deref().unwrap_or("l2");
    let space = if FAISS_SPACES.contains(&wanted) { wanted } else { "l2" };
    let parameters: Object = [("m", m), ("ef_construction", construction)]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        let own =
            ["method", "model_id", "mode", "compression_level"].into_iter().any(|it| field.contains_key(it));
        if fields::kind(field) != "knn_vector" || own {
            return;
        }
        let method =
            json!({"name": "hnsw", "engine": "faiss", "space_type": space, "parameters": parameters});
        field.insert("method".to_owned(), method);
        let note = if space == wanted { String::new() } else { format!(", {wanted} is now {space}") };
        found.push((path.to_owned(), format!("has the method of its index{note}")));
    });
    found
}

fn nmslib(item: &mut Item, _: Context) -> Vec<Found> {
    let mut found = Vec::new();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        let Some(method) = field.get_mut("method").and_then(Value::as_object_mut) else { return };
        if method.get("engine").is_none_or(|engine| engine != "nmslib") {
            return;
        }
        method.insert("engine".to_owned(), "faiss".into());
        let mut told = "nmslib is now faiss".to_owned();
        if let Some(space) =
            method.get("space_type").and_then(Value::as_str).filter(|it| !FAISS_SPACES.contains(it))
        {
            told.push_str(&format!(", {space} is now l2"));
            method.insert("space_type".to_owned(), "l2".into());
        }
        found.push((path.to_owned(), told));
    });
    found
}
