use super::*;
use crate::options::Secret;

fn fixed() -> AwsCredentials {
    AwsCredentials::Fixed {
        access_key_id: "AKIDLAB".to_owned(),
        secret_access_key: Secret::new("lab-secret-key"),
        session_token: None,
    }
}

#[test]
fn a_token_is_there_at_once_and_renewed() {
    let tokens = Tokens::start("us-east-1".to_owned(), fixed(), Duration::from_millis(600)).unwrap();
    let first = tokens.wait().unwrap();
    assert!(first.expires_ms <= unix_ms() + 1200);
    let deadline = Instant::now() + Duration::from_secs(20);
    // The signature holds the second of signing.
    while tokens.shared.slot().token.as_ref().unwrap().text == first.text {
        assert!(Instant::now() < deadline, "no second token");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn without_credentials_the_chain_is_named() {
    let profile = AwsCredentials::Profile("no-such-profile".to_owned());
    let tokens = Tokens::start("us-east-1".to_owned(), profile, Duration::from_secs(1)).unwrap();
    let said = tokens.wait().unwrap_err();
    assert!(said.contains("no-such-profile") && said.contains("~/.aws/credentials"), "{said}");
}

#[test]
fn the_thread_ends_with_its_last_user() {
    let tokens = Tokens::start("us-east-1".to_owned(), fixed(), Duration::from_secs(100)).unwrap();
    tokens.wait().unwrap();
    let shared = Arc::clone(&tokens.shared);
    drop(tokens);
    let deadline = Instant::now() + Duration::from_secs(20);
    // Ours is the last one: the thread has let go.
    while Arc::strong_count(&shared) > 1 {
        assert!(Instant::now() < deadline, "the thread goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_refused_token_is_made_anew_before_its_time_and_an_expired_one_is_not_handed_out() {
    let tokens = Tokens::start("us-east-1".to_owned(), fixed(), Duration::from_secs(450)).unwrap();
    let first = tokens.wait().unwrap();
    assert!(first.expires_ms <= unix_ms() + HANDED_OUT_FOR.as_millis() as i64);
    let deadline = Instant::now() + Duration::from_secs(20);
    while tokens.shared.slot().token.as_ref().unwrap().text == first.text {
        tokens.refused();
        assert!(Instant::now() < deadline, "no second token");
        std::thread::sleep(Duration::from_millis(20));
    }
    tokens.shared.slot().token.as_mut().unwrap().expires_ms = unix_ms() - 1;
    assert!(tokens.current().is_err());
}
