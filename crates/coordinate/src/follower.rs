//! A process as a member of the fleet: it registers, gives signs of life, and turns what the operator wants into orders.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::desired::Desired;
use crate::error::CoordinationError;
use crate::fleet::{Fleet, rank};
use crate::member::{Identity, Member, Membership, Said};
use crate::orders::{End, Order, Orders};

/// What a member has to say.
pub trait Account: Send + Sync {
    /// The operator wants this; what else is of interest on the board may be looked at.
    fn look(
        &self,
        board: &Board,
        desired: Option<Desired>,
    ) -> impl Future<Output = Result<(), CoordinationError>> + Send;

    /// The board could not be read: what was seen last stands.
    fn note_error(&self, error: &CoordinationError);

    /// What the process says of itself under an order.
    fn said(&self, order: Order) -> Said;

    /// What it says when it ends.
    fn last_words(&self) -> Said;
}

/// How a member follows.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// It is there for as long as the operator wants it, and follows the scale.
    pub stays: bool,
    /// At most so many members work, whatever the scale.
    pub limit: Option<u32>,
    /// How often it gives a sign of life, and looks at what is wanted.
    pub beat: Duration,
    /// A member that is silent for this long counts as dead.
    pub silence: Duration,
}

/// A member.
#[derive(Debug)]
pub struct Follower {
    board: Board,
    membership: Membership,
    manner: Manner,
    fleet: Fleet,
    orders: watch::Sender<Orders>,
    stop: CancellationToken,
}

impl Manner {
    fn order(&self, desired: Option<Desired>, living: &[Member], registered: i64) -> Order {
        let limited = |desired: Desired| Desired {
            scale: desired.scale.into_iter().chain(self.limit).min(),
            ..desired
        };
        Order::of(self.stays, desired.map(limited), rank(living, registered))
    }
}

impl Follower {
    /// Registers, and gives the first order. `stop`: the process is to end.
    ///
    /// # Errors
    /// When the coordination index can't be asked.
    pub async fn join(
        board: Board,
        identity: Identity,
        manner: Manner,
        stop: CancellationToken,
    ) -> Result<(Self, watch::Receiver<Orders>), CoordinationError> {
        let membership = board.register(identity).await?;
        board.refresh().await?;
        let mut fleet = Fleet::new(manner.silence);
        let (living, _) = fleet.look(board.members().await?);
        let order = manner.order(board.desired().await?, &living, membership.registered());
        let (orders, received) = watch::channel(Orders { order, leave: stop.child_token() });
        Ok((Self { board, membership, manner, fleet, orders, stop }, received))
    }

    /// Follows until `over`, and then says that this member ended.
    pub async fn run(mut self, account: Arc<impl Account>, over: CancellationToken) {
        let mut ticks = tokio::time::interval(self.manner.beat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = over.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let looked = tokio::select! {
                looked = self.look(&*account) => looked,
                () = over.cancelled() => break,
            };
            match looked {
                Ok(()) => {}
                Err(CoordinationError::Gone(index)) => {
                    tracing::warn!(index, "the coordination index is gone: this process ends");
                    self.order(Order::End(End::Gone));
                }
                Err(error) => {
                    account.note_error(&error);
                    // What others said meanwhile was not seen: nobody is judged by that.
                    self.fleet = Fleet::new(self.manner.silence);
                }
            }
            let order = self.orders.borrow().order;
            if let Err(error) = self.membership.say(account.said(order)).await {
                tracing::debug!(%error, "no sign of life could be given");
            }
        }
        if let Err(error) = self.membership.say(account.last_words()).await {
            tracing::debug!(%error, "the end could not be told");
        }
    }

    async fn look(&mut self, account: &impl Account) -> Result<(), CoordinationError> {
        let desired = self.board.desired().await?;
        let (living, silent) = self.fleet.look(self.board.members().await?);
        self.order(self.manner.order(desired, &living, self.membership.registered()));
        for member in silent {
            if self.board.note_lost(&member).await? {
                tracing::warn!(member = member.identity.name, "it is silent: taken for dead");
            }
        }
        account.look(&self.board, desired).await
    }

    fn order(&self, order: Order) {
        self.orders.send_if_modified(|orders| {
            if orders.order == order {
                return false;
            }
            tracing::info!(?order, "new order");
            orders.leave.cancel();
            *orders = Orders { order, leave: self.stop.child_token() };
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::DesiredState;
    use crate::orders::Rest;

    #[test]
    fn what_only_one_may_do_has_one_whatever_the_scale() {
        let identity = Identity { follows: true, ..Identity::default() };
        let living = [Member { identity, registered: 3, ..Member::default() }];
        let desired = Some(Desired { state: DesiredState::Run, scale: Some(5) });
        let order = |limit| {
            Manner { stays: true, limit, beat: Duration::from_secs(1), silence: Duration::from_secs(9) }
                .order(desired, &living, 7)
        };
        assert_eq!(order(None), Order::Work);
        assert_eq!(order(Some(1)), Order::Rest(Rest::TooMany { scale: 1 }));
    }
}
