//! A process as a member of the fleet: it registers, gives signs of life, and turns what the operator wants into orders.

use std::sync::Arc;
use std::time::{Duration, Instant};

use switchover_coordinate::{Board, CoordinationError, Desired, Fleet, Identity, Membership, Overview, rank};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::cli::Until;
use crate::orders::{End, Order, Orders};
use crate::progress::Progress;

/// How often the board is looked at and a sign of life is given, at most.
const MAX_BEAT_INTERVAL: Duration = Duration::from_secs(5);
/// So many signs of life are missing before a member counts as dead, at least.
const BEATS_A_LEASE: u32 = 4;

/// A member.
#[derive(Debug)]
pub struct Follower {
    board: Board,
    membership: Membership,
    until: Until,
    interval: Duration,
    /// A member that is silent for this long loses its items, and counts as dead.
    silence: Duration,
    fleet: Fleet,
    orders: watch::Sender<Orders>,
    stop: CancellationToken,
}

/// How often a member with leases of this length gives a sign of life.
#[must_use]
pub fn beat_interval(lease: Duration) -> Duration {
    MAX_BEAT_INTERVAL.min(lease / BEATS_A_LEASE)
}

impl Follower {
    /// Registers, and gives the first order. `stop`: the process is to end.
    ///
    /// # Errors
    /// When the coordination index can't be asked.
    pub async fn join(
        board: Board,
        identity: Identity,
        until: Until,
        lease: Duration,
        stop: CancellationToken,
    ) -> Result<(Self, watch::Receiver<Orders>), CoordinationError> {
        let membership = board.register(identity).await?;
        board.refresh().await?;
        let mut fleet = Fleet::new(lease);
        let (living, _) = fleet.look(board.members().await?);
        let order = Order::of(until, board.desired().await?, rank(&living, membership.registered()));
        let (orders, received) = watch::channel(Orders { order, leave: stop.child_token() });
        let interval = beat_interval(lease);
        Ok((Self { board, membership, until, interval, silence: lease, fleet, orders, stop }, received))
    }

    /// Follows until `over`, and then says that this member ended.
    pub async fn run(mut self, progress: Arc<Progress>, over: CancellationToken) {
        let mut ticks = tokio::time::interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = over.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = over.cancelled() => break,
            };
            match looked {
                Ok((desired, overview)) => progress.note(desired, overview),
                Err(CoordinationError::Gone(index)) => {
                    tracing::warn!(index, "the coordination index is gone: this process ends");
                    self.order(Order::End(End::Gone));
                }
                Err(error) => {
                    progress.note_error(&error);
                    // What others said meanwhile was not seen: nobody is judged by that.
                    self.fleet = Fleet::new(self.silence);
                }
            }
            let order = self.orders.borrow().order;
            if let Err(error) = self.membership.say(progress.said(order)).await {
                tracing::debug!(%error, "no sign of life could be given");
            }
        }
        if let Err(error) = self.membership.say(progress.last_words()).await {
            tracing::debug!(%error, "the end could not be told");
        }
    }

    async fn look(&mut self) -> Result<(Option<Desired>, Overview), CoordinationError> {
        let desired = self.board.desired().await?;
        let (living, silent) = self.fleet.look(self.board.members().await?);
        self.order(Order::of(self.until, desired, rank(&living, self.membership.registered())));
        for member in silent {
            if self.board.note_lost(&member).await? {
                tracing::warn!(member = member.identity.name, "it is silent: taken for dead");
            }
        }
        Ok((desired, self.board.overview().await?))
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

/// The age of something that may never have been.
#[must_use]
pub fn age_seconds(since: Option<Instant>) -> Option<u64> {
    since.map(|since| since.elapsed().as_secs())
}
