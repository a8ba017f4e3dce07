use super::*;

use clap::Parser;

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    placement: PlacementArgs,
}

const SPLIT: &str = r#"{"TypeMappingSanitizationTransformerProvider":{"staticMappings":{"shop":{"user":"users","post":"shop"},"one":{"user":"users"}}}}"#;
const SCRIPT: &str = r#"{"JsonJSTransformerProvider":{"initializationScript":"(() => () => all => { if (all[0].operation._id === 'bad') throw 1; all[0].operation._index += '-x'; return all; })()"}}"#;

fn placement(several_types: SeveralTypes, arguments: &[&str]) -> Placement {
    let flags = Flags::try_parse_from(["x"].iter().chain(arguments)).unwrap();
    PlacementArgs { several_types, ..flags.placement }.placement().unwrap()
}

fn origin<'a>(index: &'a str, doc_type: Option<&'a str>, id: &'a str) -> Origin<'a> {
    let (index, doc_type, id) = (index.into(), doc_type.map(Into::into), id.into());
    Origin { index, doc_type, id, routing: Some("r".into()), several_types: true }
}

fn placed(placement: &Placement, index: &str, doc_type: Option<&str>, id: &str) -> Result<String, String> {
    let origin = origin(index, doc_type, id);
    let placed = placement.place(&origin, b"{}").map_err(|stop| stop.to_string())?;
    let told = placed.iter().map(|Placed { destination, by_rule, document }| {
        assert!(document.source.as_ref() == b"{}" && document.id == id);
        let stream = if destination.data_stream { " stream" } else { "" };
        format!("{}{stream}{}", destination.index, if *by_rule { " by rule" } else { "" })
    });
    Ok(told.collect::<Vec<_>>().join(","))
}

#[test]
fn rules_say_what_becomes_of_types_and_flags_of_the_rest() {
    let split = placement(SeveralTypes::Split, &["--transformerConfig", SPLIT]);
    for (index, doc_type, wanted) in [
        ("shop", Some("user"), "users by rule"),
        // Told by a rule to stay: not split.
        ("shop", Some("post"), "shop"),
        ("shop", Some("other"), ""),
        (".ds-logs-2026.11.21-000001", Some("_doc"), "logs stream"),
    ] {
        assert_eq!(placed(&split, index, doc_type, "1").unwrap(), wanted, "{index}/{doc_type:?}");
    }
    let script = placement(SeveralTypes::Split, &["--transformerConfig", SCRIPT]);
    assert_eq!(placed(&script, "shop", Some("user"), "1").unwrap(), "shop-x by rule");
    let error = placed(&script, "shop", Some("user"), "bad").unwrap_err();
    assert!(error.starts_with("JsonJSTransformerProvider: "), "{error}");
    let send = placement(SeveralTypes::Split, &["--transformerConfig", SCRIPT, "--onTransformError", "send"]);
    assert_eq!(placed(&send, "shop", Some("user"), "bad").unwrap(), "shop_user");
    let none = placement(SeveralTypes::Union, &[]);
    assert_eq!(placed(&none, "shop", Some("user"), "1").unwrap(), "shop");
    assert!(!none.has_rules() && split.has_rules());
}

#[test]
fn what_is_known_beforehand() {
    let told = |placement: &Placement, index: &str, types: &[&str]| {
        let Foresight { destinations, open, ambiguous } = placement.foresee(index, types.iter().copied());
        let names: Vec<String> = destinations.into_iter().map(|destination| destination.index).collect();
        format!(
            "{}{}{}",
            names.join(","),
            if open { " open" } else { "" },
            if ambiguous { " ambiguous" } else { "" }
        )
    };
    let rules = ["--transformerConfig", SPLIT];
    let (fail, split) = (placement(SeveralTypes::Fail, &rules), placement(SeveralTypes::Split, &[]));
    let (script, plain) =
        (placement(SeveralTypes::Fail, &["--transformerConfig", SCRIPT]), placement(SeveralTypes::Fail, &[]));
    for (placement, index, types, wanted) in [
        (&fail, "shop", &["user", "post", "other"][..], "shop,users"),
        (&fail, "one", &["gone"], ""),
        (&fail, "else", &["a", "b"], "else"),
        (&split, "shop", &["a", "b"], "shop_a,shop_b"),
        (&split, "shop", &["a"], "shop"),
        (&split, "shop", &[], "shop"),
        (&script, "shop", &["a", "b"], "shop open ambiguous"),
        (&script, "shop", &["a"], "shop open"),
        (&plain, "shop", &["a", "b"], "shop ambiguous"),
        (&plain, ".ds-logs-000001", &["_doc"], "logs"),
    ] {
        assert_eq!(told(placement, index, types), wanted, "{index} {types:?}");
    }
}

#[test]
fn what_differs_has_another_fingerprint() {
    let of = |several, arguments: &[&str]| placement(several, arguments).fingerprint();
    assert_eq!(of(SeveralTypes::Fail, &[]), "");
    assert_eq!(of(SeveralTypes::Split, &[]), ", types Split");
    let (split, script) = (["--transformerConfig", SPLIT], ["--transformerConfig", SCRIPT]);
    assert_ne!(of(SeveralTypes::Fail, &split), of(SeveralTypes::Fail, &script));
    assert_eq!(of(SeveralTypes::Fail, &split), of(SeveralTypes::Fail, &split));
}

#[test]
fn actions_of_changed_documents() {
    let action = |script: &str, create, version| {
        let script =
            format!("(() => () => all => {{ const o = all[0].operation; {script}; return all; }})()");
        let config =
            serde_json::json!({"JsonJSTransformerProvider": {"initializationScript": script}}).to_string();
        let origin = origin(".ds-a-000001", None, "1\"");
        placement(SeveralTypes::Fail, &["--transformerConfig", &config]).place(&origin, b"{}").unwrap()[0]
            .action(create, version)
    };
    let (address, moved) =
        (r#""_index":"a","_id":"1\"","routing":"r""#, r#""_index":"b","_id":"1\"","routing":"r""#);
    for (script, create, version, wanted) in [
        ("", false, Some(3), format!(r#"{{"create":{{{address}}}}}"#)),
        (
            "o._index = 'b'",
            false,
            Some(3),
            format!(r#"{{"index":{{{moved},"version_type":"external","version":3}}}}"#),
        ),
        ("o._index = 'b'", true, None, format!(r#"{{"create":{{{moved}}}}}"#)),
        ("o._index = 'b'; o.op_type = 'index'", true, None, format!(r#"{{"index":{{{moved}}}}}"#)),
        (
            "o._index = 'b'; o.version = 7; o.version_type = 'external_gte'",
            false,
            Some(3),
            format!(r#"{{"index":{{{moved},"version":7,"version_type":"external_gte"}}}}"#),
        ),
        (
            "o._index = 'b'; o.pipeline = 'p'",
            false,
            None,
            format!(r#"{{"index":{{{moved},"pipeline":"p"}}}}"#),
        ),
    ] {
        assert_eq!(action(script, create, version), wanted, "{script}");
    }
}

#[test]
fn an_origin_can_be_read_back() {
    let origin = origin("a", Some("t\u{1}"), "1");
    let text = serde_json::to_string(&origin).unwrap();
    assert_eq!(serde_json::from_str::<Origin<'_>>(&text).unwrap(), origin);
    assert!(!serde_json::from_str::<Origin<'_>>(r#"{"_index":"a","_id":"1"}"#).unwrap().several_types);
}
