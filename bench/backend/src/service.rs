//! What a connection does with the requests it gets.

use anyhow::{Result, bail};
use std::rc::Rc;
use switchover_http1::RequestHead;

/// Gets each request of a connection in pieces, in order.
pub(crate) trait Service {
    /// A request begins.
    ///
    /// # Errors
    /// When it can't be served; the connection ends.
    fn begin(&mut self, head: &RequestHead<'_>) -> Result<()>;

    /// Bytes of its body, as they come.
    fn body(&mut self, bytes: &[u8]);

    /// It is complete; the whole response.
    fn end(&mut self) -> &[u8];
}

/// The same response to everything.
#[derive(Debug, Clone)]
pub(crate) struct Fixed(pub(crate) Rc<[u8]>);

impl Service for Fixed {
    fn begin(&mut self, head: &RequestHead<'_>) -> Result<()> {
        if head.upgrade {
            bail!("no upgrades here");
        }
        Ok(())
    }

    fn body(&mut self, _: &[u8]) {}

    fn end(&mut self) -> &[u8] {
        &self.0
    }
}
