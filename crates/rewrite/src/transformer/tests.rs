use std::borrow::Cow;

use super::*;

struct TwoFiles;

impl Files for TwoFiles {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "/t/add.js" => Ok(ADD.to_owned()),
            "/t/value" => Ok("from a file".to_owned()),
            _ => Err(format!("cannot read {path}: no such file")),
        }
    }

    fn read_all(&self, directory: &str) -> Result<Vec<(String, String)>, String> {
        match directory {
            "/t/context" => Ok(vec![("a".to_owned(), "dir".to_owned()), ("b".to_owned(), "dir".to_owned())]),
            _ => Err(format!("cannot read {directory}: no such directory")),
        }
    }
}

/// As in the existing tool's examples.
const ADD: &str = "function main(context) {\n  return (document) => {\n    document.get('headers').set('X-Added', \
     [`${context.get('a')},${context.b},${context.c}`]);\n    return document;\n  };\n}\n(() => main)();\n";

fn parse(config: &str) -> Result<Transformers, ConfigError> {
    Transformers::parse(config, &TwoFiles, None)
}

fn applied(config: &str, line: &str, body: &str) -> Result<String, Stop> {
    let (method, target) = line.split_once(' ').unwrap();
    let headers = [b"Content-Type: application/json".as_slice()].into_iter().collect();
    let body = Cow::Borrowed(body.as_bytes());
    let mut request = Request::new(method, target, None, headers, body, |_, _| Err("coded".to_owned()));
    parse(config).unwrap().apply(&mut request)?;
    let headers: String =
        request.headers().lines().skip(1).map(|line| format!(" {}", String::from_utf8_lossy(line))).collect();
    let line = format!("{} {}", request.method(), request.target());
    Ok(format!("{line}{headers} {}", String::from_utf8_lossy(request.body().unwrap())))
}

#[test]
fn a_script_with_bindings_from_everywhere() {
    let config = r#"[{"JsonJSTransformerProvider":{"initializationScriptFile":"/t/add.js",
        "bindingsObjectDirs":["/t/context"],"bindingsObjectFiles":{"b":"/t/value"},"bindingsObject":"{\"c\":1.5}"}},
        {"NoopTransformerProvider":null}]"#;
    assert_eq!(applied(config, "GET /a", "").unwrap(), "GET /a X-Added: dir,from a file,1.5 ");
    let object = config.replace(r#""{\"c\":1.5}""#, r#"{"c":{"d":[1]},"a":"x"}"#);
    assert!(applied(&object, "GET /a", "").unwrap().contains("X-Added: x,from a file,[object Object]"));
}

#[test]
fn type_mappings_as_people_write_them() {
    let union = r#"{"TypeMappingSanitizationTransformerProvider":{"sourceProperties":{"version":{"major":6,"minor":8}}}}"#;
    assert_eq!(applied(union, "PUT /a/t/1", "{}").unwrap(), "PUT /a/_doc/1 {}");
    let split = r#"[{"TypeMappingSanitizationTransformerProvider":{
        "staticMappings":{"activity":{"user":"new_users","post":"new_posts"}},
        "regexMappings":[{"sourceIndexPattern":"(time.*)","sourceTypePattern":"(cpu)","targetIndexPattern":"$1-$2"}],
        "sourceProperties":{"version":{"major":5,"minor":6}}}}]"#;
    assert_eq!(applied(split, "PUT /activity/user/1", "{}").unwrap(), "PUT /new_users/_doc/1 {}");
    assert_eq!(applied(split, "PUT /time-1/cpu/1", "{}").unwrap(), "PUT /time-1-cpu/_doc/1 {}");
    assert!(matches!(applied(split, "PUT /other/t/1", "{}"), Err(Stop::Rejected { .. })));
    let bare = "TypeMappingSanitizationTransformerProvider";
    assert_eq!(applied(bare, "POST /a/t/1/_update", "{}").unwrap(), "POST /a/_update/1 {}");
}

#[test]
fn conditions_and_jmespath() {
    let config = r#"[{"JsonConditionalTransformerProvider":[
        {"JsonJMESPathPredicateProvider":{"script":"starts_with(URI, '/a/')"}},
        [{"JsonJMESPathTransformerProvider":{"script":"{method: 'PUT', URI: '/b', headers: headers, payload: payload}"}}]]}]"#;
    assert_eq!(applied(config, "POST /a/1", "{\"n\" : 1.10}").unwrap(), "PUT /b {\"n\" : 1.10}");
    assert_eq!(applied(config, "POST /c", "{}").unwrap(), "POST /c {}");
}

#[test]
fn failures_name_the_transformer() {
    let config = r#"["x"]"#;
    assert_eq!(parse(config).unwrap_err().to_string(), "[0]: expected {\"ProviderName\": config}");
    let throws = r#"[{"NoopTransformerProvider":{}},{"JsonJSTransformerProvider":{"initializationScript":"(() => () => () => { throw new Error('mine') })()"}}]"#;
    let stop = applied(throws, "GET /", "").unwrap_err().to_string();
    assert!(stop.starts_with("JsonJSTransformerProvider[1]: initializationScript: mine"), "{stop}");
}

#[test]
fn what_can_not_be_used_is_told() {
    for (config, wanted) in [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("SomethingElse", "SomethingElse: unknown provider; expected JsonJS"),
        (
            r#"[{"JsonJoltTransformerProvider":{"canned":"ADD_GZIP"}}]"#,
            "JsonJoltTransformerProvider[0]: Jolt is not supported; write it",
        ),
        (r#"{"JsonPythonTransformerProvider":{}}"#, "Python is not supported"),
        (r#"{"JsonJSTransformerProvider":{}}"#, "give one of initializationScript"),
        (
            r#"{"JsonJSTransformerProvider":{"initializationScriptFile":"/t/none.js"}}"#,
            "cannot read /t/none.js",
        ),
        (
            r#"{"JsonJSTransformerProvider":{"initializationResourcePath":"js/typeMappingsSanitizer.js"}}"#,
            "--rewrite auto",
        ),
        (r#"{"JsonJSTransformerProvider":{"initializationScript":"(() => main)()"}}"#, "main is not defined"),
        (
            r#"{"JsonJSTransformerProvider":{"initializationScript":"x","bindingObject":{}}}"#,
            "unknown 'bindingObject'",
        ),
        (r#"{"JsonJMESPathTransformerProvider":{"script":"a ||"}}"#, "JsonJMESPathTransformerProvider: "),
        (r#"{"JsonConditionalTransformerProvider":[]}"#, "expected [predicate, [transformers]]"),
        (r#"{"JsonConditionalTransformerProvider":[{"X":{}},[]]}"#, "unknown predicate"),
        (
            r#"{"TypeMappingSanitizationTransformerProvider":{"regexMappings":[{"sourceIndexPattern":"("}]}}"#,
            "regexMappings: expected",
        ),
        (
            r#"{"TypeMappingSanitizationTransformerProvider":{"featureFlags":{"rewrite_bulk":false}}}"#,
            "featureFlags",
        ),
        (r#"{"JsonJMESPathPredicateProvider":{"script":"x"}}"#, "a predicate, not a transformer"),
    ] {
        let error = parse(config).unwrap_err().to_string();
        assert!(error.contains(wanted), "{config}: {error}");
    }
}

#[test]
fn filters() {
    let config = r#"{"JsonJMESPathPredicateProvider":{"script":"method != 'DELETE'"}}"#;
    let filter = Predicate::parse(config).unwrap();
    for (method, passes) in [("GET", true), ("DELETE", false)] {
        let mut request =
            Request::new(method, "/a", None, std::iter::empty().collect(), Cow::Borrowed(b""), |_, _| {
                Err(String::new())
            });
        assert_eq!(filter.test(&mut request).unwrap(), passes);
    }
    assert!(
        Predicate::parse("[]").is_err() && Predicate::parse(r#"{"JsonJSTransformerProvider":{}}"#).is_err()
    );
}
