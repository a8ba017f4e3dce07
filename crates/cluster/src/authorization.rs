//! The headers that say who we are: the same for every request, or a signature over each.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use switchover_sigv4::{SignError, ToSign, payload_hash};

use crate::endpoint::Endpoint;
use crate::error::{ClusterError, ClusterErrorKind};
use crate::options::Auth;

/// The value of `Authorization`, where it is the same for every request.
pub(crate) fn constant(endpoint: &Endpoint, auth: &Auth) -> Result<Option<HeaderValue>, ClusterError> {
    let refuse = |problem: String, advice: &'static str| {
        Err(ClusterError::new(ClusterErrorKind::BadUri, endpoint, problem, advice))
    };
    let value = match auth {
        Auth::None | Auth::SigV4(_) => return Ok(None),
        Auth::Basic { username, .. } if username.contains(':') => {
            let problem = format!("the user name {username:?} holds a colon, which HTTP Basic cannot carry");
            return refuse(problem, "use another user");
        }
        Auth::Basic { username, password } => {
            format!("Basic {}", BASE64.encode(format!("{username}:{password}")))
        }
        Auth::ApiKey(key) => format!("ApiKey {key}"),
    };
    match HeaderValue::try_from(value) {
        Ok(mut value) => {
            value.set_sensitive(true);
            Ok(Some(value))
        }
        Err(error) => {
            refuse(format!("the credentials do not fit a header: {error}"), "use other credentials")
        }
    }
}

/// Signs a request whose body is `body`, if that is how we say who we are.
pub(crate) fn sign(
    endpoint: &Endpoint,
    auth: &Auth,
    request: &mut Request<Full<Bytes>>,
    body: &[u8],
) -> Result<(), ClusterError> {
    let Auth::SigV4(signer) = auth else { return Ok(()) };
    let failed = |error: SignError| {
        let advice = "check the AWS credentials of this host (environment, profile or role)";
        ClusterError::new(ClusterErrorKind::Unsigned, endpoint, error.to_string(), advice)
    };
    let unfit = |error: &dyn std::fmt::Display| failed(SignError::Request(error.to_string()));
    // Signed as it is sent, so it must not be left to the HTTP library.
    let host = HeaderValue::try_from(endpoint.host_header()).map_err(|error| unfit(&error))?;
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::to_str).transpose();
    let signed = signer.sign(
        ToSign {
            method: request.method().as_str(),
            target,
            host: host.to_str().map_err(|error| unfit(&error))?,
            content_type: content_type.map_err(|error| unfit(&error))?,
            payload_hash: &payload_hash(body),
        },
        SystemTime::now(),
    );
    let signed = signed.map_err(failed)?;
    request.headers_mut().insert(HOST, host);
    for (name, value) in signed {
        let name = HeaderName::try_from(name).map_err(|error| unfit(&error))?;
        let mut value = HeaderValue::try_from(value).map_err(|error| unfit(&error))?;
        value.set_sensitive(name == AUTHORIZATION);
        request.headers_mut().insert(name, value);
    }
    Ok(())
}
