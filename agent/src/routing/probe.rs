//! Asks whether the target takes connections while clients are routed to it: those that are open already would not show
//! for long that it is gone.

use super::Control;
use crate::node::Node;
use std::sync::Arc;
use std::time::Duration;

/// How often.
const INTERVAL: Duration = Duration::from_millis(300);
/// A connection that takes longer counts as refused. Two in a row count ([`super::health`]), so that a target that is
/// silent is left within two seconds.
const TIMEOUT: Duration = Duration::from_millis(700);

/// Asks for as long as the process lives.
pub async fn probe(control: Arc<Control>, target: Node) {
    let mut changes = control.watch();
    loop {
        if changes.wait_for(|epoch| !epoch.in_force().is_source_only()).await.is_err() {
            return;
        }
        let epoch = control.current();
        if !epoch.in_force().is_source_only() {
            control.target_connected(&epoch, target.reach(TIMEOUT).await.is_ok());
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
