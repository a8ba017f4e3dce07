use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

#[tokio::test]
async fn what_passes_is_asked_again_and_what_does_not_is_told() {
    let asked = AtomicU32::new(0);
    let uri = scripted::start(move |_, _| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => (503, "starting".to_owned()),
        1 => (429, "{}".to_owned()),
        2 => (200, "{}".to_owned()),
        _ => (404, "{}".to_owned()),
    });
    let target = Target::impatient(&uri);
    let status = async || target.ask(Method::GET, "/", None).await.unwrap().status.as_u16();
    assert_eq!(status().await, 200);
    assert_eq!(status().await, 404);
    let never = Target::impatient(&scripted::start(|_, _| (503, "no".to_owned())));
    let error = never.ask(Method::GET, "/", None).await.unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
}
