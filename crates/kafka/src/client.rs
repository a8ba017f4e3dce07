//! What every client of the library has in common: the token it is asked for, and the last thing that kept it from
//! its brokers. The library tells the second only here; what its calls return is "timed out" or "transport failure".

use crate::msk::Tokens;
use crate::options::{Auth, KafkaOptions};
use crate::{KafkaError, error};
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

/// Needed by the protocol; the broker takes the name from the token.
const PRINCIPAL: &str = "kafka-cluster";

/// State of one client.
pub(crate) struct ClientState {
    brokers: String,
    tokens: Option<Arc<Tokens>>,
    password: bool,
    tls: bool,
    identity: bool,
    problem: Mutex<Option<Problem>>,
}

/// Why the brokers are not reached.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) reason: String,
    /// Whether they answered and said no: waiting does not mend it.
    pub(crate) refused: bool,
}

impl ClientState {
    /// Before a client is made: with IAM, waits for the first token.
    pub(crate) fn prepare(options: &KafkaOptions) -> Result<Self, KafkaError> {
        let fail = |reason| KafkaError::Credentials { brokers: options.brokers.clone(), reason };
        let tokens = match &options.auth {
            Auth::MskIam(msk) => {
                let tokens = msk.tokens().map_err(|error| fail(error.to_string()))?;
                tokens.wait().map_err(fail)?;
                Some(tokens)
            }
            Auth::None | Auth::Password { .. } => None,
        };
        Ok(Self {
            brokers: options.brokers.clone(),
            tokens,
            password: matches!(options.auth, Auth::Password { .. }),
            tls: options.tls.is_some(),
            identity: options.tls.as_ref().is_some_and(|tls| tls.identity.is_some()),
            problem: Mutex::default(),
        })
    }

    /// The answer to the library's wish for a token.
    pub(crate) fn oauth_token(&self) -> Result<OAuthToken, Box<dyn Error>> {
        let token = self.tokens.as_ref().ok_or("this client does not log in with tokens")?.current()?;
        Ok(OAuthToken {
            token: token.text,
            principal_name: PRINCIPAL.to_owned(),
            lifetime_ms: token.expires_ms,
        })
    }

    /// Takes note of what the library reports; the problem, if it keeps us from the brokers.
    pub(crate) fn note(&self, error: &Library, reason: &str) -> Option<Problem> {
        let code = error.rdkafka_error_code()?;
        let mut last = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        match code {
            // The cause was told before.
            RDKafkaErrorCode::AllBrokersDown if last.is_some() => {}
            RDKafkaErrorCode::Authentication => {
                if let Some(tokens) = &self.tokens {
                    tokens.refused();
                }
                *last = Some(Problem { reason: self.explain(reason, true), refused: true });
            }
            RDKafkaErrorCode::SSL => {
                *last = Some(Problem { reason: self.explain(reason, false), refused: true });
            }
            _ if error::is_outage(error) => {
                *last = Some(Problem {
                    refused: asks_for_certificate(reason),
                    reason: self.explain(reason, false),
                });
            }
            _ => return None,
        }
        last.clone()
    }

    /// The error of a client that could not reach its brokers in time, or was refused.
    pub(crate) fn unreachable(&self, waited_s: u64, library: &str) -> KafkaError {
        let brokers = self.brokers.clone();
        match self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(Problem { reason, refused: true }) => KafkaError::Refused { brokers, reason },
            Some(Problem { reason, .. }) => KafkaError::Unreachable { brokers, waited_s, reason },
            None => KafkaError::Unreachable { brokers, waited_s, reason: library.to_owned() },
        }
    }

    /// The refusal, if there was one.
    pub(crate) fn refusal(&self) -> Option<KafkaError> {
        let problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        problem.as_ref().filter(|problem| problem.refused).map(|problem| KafkaError::Refused {
            brokers: self.brokers.clone(),
            reason: problem.reason.clone(),
        })
    }

    fn explain(&self, reason: &str, authentication: bool) -> String {
        let hint = if authentication && self.tokens.is_some() {
            "check that the IAM policy allows kafka-cluster:Connect, the region, and this host's clock"
        } else if authentication && self.password {
            "check --kafkaUserName, the password, and that the brokers' listener takes this --kafkaAuthType"
        } else if reason.contains("certificate verify failed")
            || reason.contains("unable to get local issuer")
        {
            "give the authority that signed the brokers' certificates with --kafkaCaFile; the certificate must be for the name in --kafkaConnection"
        } else if asks_for_certificate(reason) && self.identity {
            "the brokers do not accept the client certificate of --kafkaCertFile"
        } else if asks_for_certificate(reason) {
            "the brokers ask for a client certificate: give --kafkaCertFile and --kafkaKeyFile"
        } else if reason.contains("APIVERSION_QUERY") || reason.contains("ApiVersion") {
            if self.tls {
                "the brokers may not expect TLS on this port"
            } else {
                "the brokers may expect TLS on this port, or a login: see --kafkaAuthType"
            }
        } else if reason.contains("wrong version number") || reason.contains("packet length too long") {
            "the brokers do not speak TLS on this port"
        } else {
            return reason.to_owned();
        };
        format!("{reason}; {hint}")
    }
}

/// TLS alerts of a broker that wants a certificate, or another one.
fn asks_for_certificate(reason: &str) -> bool {
    ["alert bad certificate", "certificate required", "alert certificate unknown", "alert unknown ca"]
        .iter()
        .any(|alert| reason.to_ascii_lowercase().contains(alert))
}

/// The library's own log lines, at most at warning: it calls a lost connection an error, which for us is an outage
/// that the owner of the client reports once.
pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::warn!(facility, message, "kafka client");
        }
        _ => tracing::debug!(facility, message, "kafka client"),
    }
}
