//! Transformers and predicates as the existing tool (opensearch-migrations) configures them:
//! `[{"ProviderName": config}, ...]`, or a bare provider's name.

mod files;
mod providers;

use serde_json::Value;

use crate::outcome::Stop;
use crate::predicate::JmesPath;
use crate::request::Request;
use crate::script::Script;
use crate::version::Version;
use crate::versions::Versions;

pub use files::Files;

/// A chain of transformers.
#[derive(Debug, Default)]
pub struct Transformers {
    pub(crate) chain: Vec<(String, Transformer)>,
}

/// What transformers are for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    /// Requests to a target of this version, as far as known.
    Requests(Option<Version>),
    /// Documents out of a snapshot.
    Documents,
}

/// A predicate on requests.
#[derive(Debug)]
pub struct Predicate {
    expression: JmesPath,
}

#[derive(Debug)]
pub(crate) enum Transformer {
    Script(Script),
    Versions(Versions),
    JmesPath(JmesPath),
    Conditional(Predicate, Transformers),
    /// Of documents alone.
    TypeRemoval,
    Noop,
}

/// A configuration that can't be used: where in it, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ConfigError {
    place: String,
    reason: String,
}

impl ConfigError {
    fn new(place: &str, reason: impl Into<String>) -> Self {
        Self { place: place.to_owned(), reason: reason.into() }
    }
}

/// One provider with its configuration.
struct Provider<'a> {
    place: String,
    name: &'a str,
    config: &'a Value,
}

impl Transformers {
    /// Reads a configuration and compiles what it names. `target` is the version that types are removed for.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn parse(text: &str, files: &dyn Files, target: Option<Version>) -> Result<Self, ConfigError> {
        Self::new(&parsed(text)?, "", files, Purpose::Requests(target))
    }

    /// The same for documents out of a snapshot ([`Transformers::apply_to_document`]).
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn parse_for_documents(text: &str, files: &dyn Files) -> Result<Self, ConfigError> {
        Self::new(&parsed(text)?, "", files, Purpose::Documents)
    }

    fn new(config: &Value, place: &str, files: &dyn Files, purpose: Purpose) -> Result<Self, ConfigError> {
        let single = std::slice::from_ref(config);
        let all = config.as_array().map_or(single, Vec::as_slice);
        let mut chain = Vec::with_capacity(all.len());
        for (at, entry) in all.iter().enumerate() {
            let place = if config.is_array() { format!("{place}[{at}]") } else { place.to_owned() };
            let provider = Provider::new(entry, &place)?;
            let transformer = providers::transformer(&provider, files, purpose)?;
            chain.push((format!("{}{}", provider.name, provider.place), transformer));
        }
        Ok(Self { chain })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chain.is_empty()
    }

    /// Lets all of them change a request, in order.
    ///
    /// # Errors
    /// Of the first that fails.
    pub fn apply(&self, request: &mut Request<'_>) -> Result<(), Stop> {
        self.chain.iter().try_for_each(|(name, transformer)| {
            match transformer {
                Transformer::Script(script) => script.apply(request),
                Transformer::Versions(versions) => versions.rewrite(request),
                Transformer::JmesPath(expression) => expression.apply(request),
                Transformer::Conditional(predicate, chain) => match predicate.test(request) {
                    Ok(true) => chain.apply(request),
                    Ok(false) => Ok(()),
                    Err(stop) => Err(stop),
                },
                Transformer::TypeRemoval | Transformer::Noop => Ok(()),
            }
            .map_err(|stop| stop.by(name))
        })
    }
}

impl Predicate {
    /// Reads a configuration such as `{"JsonJMESPathPredicateProvider": {"script": "method == 'GET'"}}`.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config = parsed(text)?;
        let config = match config.as_array().map(Vec::as_slice) {
            Some([only]) => only,
            Some(_) => return Err(ConfigError::new("", "expected one predicate")),
            None => &config,
        };
        providers::predicate(&Provider::new(config, "")?)
    }

    /// Whether the expression is true for a JSON text.
    pub(crate) fn is_true(&self, text: &str) -> Result<bool, Stop> {
        self.expression.is_true(text)
    }

    /// Whether a request may pass.
    ///
    /// # Errors
    /// When the expression fails, or says something else than true or false.
    pub fn test(&self, request: &mut Request<'_>) -> Result<bool, Stop> {
        self.expression.test(request)
    }
}

/// A bare word stands for a provider without configuration.
fn parsed(text: &str) -> Result<Value, ConfigError> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(serde_json::json!({ text: null }));
    }
    serde_json::from_str(text).map_err(|error| ConfigError::new("", format!("not JSON: {error}")))
}

impl<'a> Provider<'a> {
    fn new(entry: &'a Value, place: &str) -> Result<Self, ConfigError> {
        let wrong = || ConfigError::new(place, "expected {\"ProviderName\": config}");
        let object = entry.as_object().filter(|object| object.len() == 1).ok_or_else(wrong)?;
        let (name, config) = object.iter().next().ok_or_else(wrong)?;
        Ok(Self { place: place.to_owned(), name, config })
    }

    fn error(&self, reason: impl Into<String>) -> ConfigError {
        ConfigError::new(&format!("{}{}", self.name, self.place), reason)
    }

    /// A member of the configuration that is a string.
    fn string(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        match self.config.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(format!("'{key}' must be a string"))),
        }
    }

    /// Refuses what is not known, so that a slip is not taken for a default.
    fn only(&self, known: &[&str]) -> Result<(), ConfigError> {
        let unknown = self
            .config
            .as_object()
            .and_then(|object| object.keys().find(|key| !known.contains(&key.as_str())));
        match unknown {
            Some(key) => Err(self.error(format!("unknown '{key}'; expected {}", known.join(", ")))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
