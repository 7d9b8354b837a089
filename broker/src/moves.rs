//! Moving replicas between the log directories of a node.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::{Broker, MoveStep};
use broker_log::disk::Disk;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::dirs::delete;

/// How long nothing is moved after the copying panicked.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// Copies replicas that are to move, one piece after the other, until the node stops.
pub(crate) async fn run(broker: Arc<Broker>, disk: Arc<dyn Disk>, clock: Clock, shutdown: CancellationToken) {
    let mut step = MoveStep::Done;
    loop {
        let ready = async {
            match step {
                MoveStep::Again => {}
                MoveStep::At(at) => clock.sleep_until(Some(at)).await,
                MoveStep::Done => poll_fn(|cx| broker.poll_moves(cx.waker())).await,
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = ready => {}
        }
        let (broker, disk) = (Arc::clone(&broker), Arc::clone(&disk));
        let copied = tokio::task::spawn_blocking(move || {
            let step = broker.copy_moving(clock.now());
            delete(disk.as_ref(), broker.take_discarded());
            step
        });
        step = copied.await.unwrap_or_else(|_| {
            tracing::error!("moving a replica to another log directory panicked");
            MoveStep::At(clock.now().mono + AFTER_PANIC)
        });
    }
}
