//! Log directories while a node runs: those that fail, and those of partitions that are gone.

use std::sync::Arc;

use broker_core::broker::{Broker, RemovedDirs};
use broker_log::disk::Disk;
use protocol::Uuid;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A log directory that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Its id.
    pub(crate) id: Uuid,
    /// Why the node cannot go on without it, if so.
    pub(crate) stops_node: Option<String>,
}

/// Tells of log directories that go offline.
pub(crate) fn watch(
    broker: &Arc<Broker>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> UnboundedReceiver<Failed> {
    let (sender, receiver) = unbounded_channel();
    for at in 0..broker.log_dirs().len() {
        let (broker, shutdown, sender) = (Arc::clone(broker), shutdown.clone(), sender.clone());
        tasks.spawn(async move {
            let offline = std::future::poll_fn(|cx| match broker.log_dirs().get(at) {
                Some(home) => broker.poll_offline(home, cx.waker()),
                None => std::task::Poll::Pending,
            });
            let offline = tokio::select! {
                () = shutdown.cancelled() => return,
                offline = offline => offline,
            };
            let Some(id) = broker.log_dirs().get(at).map(|home| home.id) else {
                return;
            };
            if !offline.stops_node {
                tracing::error!("{}", offline.message);
            }
            // Who stops the node says why.
            let stops_node = offline.stops_node.then_some(offline.message);
            let _stopping = sender.send(Failed { id, stops_node });
        });
    }
    receiver
}

/// Deletes the directories of removed partitions. Readers keep what they have open.
pub(crate) async fn delete_removed(
    disk: Arc<dyn Disk>,
    mut removed: UnboundedReceiver<RemovedDirs>,
    shutdown: CancellationToken,
) {
    loop {
        let dirs = tokio::select! {
            () = shutdown.cancelled() => return,
            dirs = removed.recv() => dirs,
        };
        let Some(dirs) = dirs else { return };
        let disk = Arc::clone(&disk);
        let deletion = tokio::task::spawn_blocking(move || delete(disk.as_ref(), dirs));
        if deletion.await.is_err() {
            tracing::error!("deleting directories of removed partitions panicked");
        }
    }
}

/// Deletes directories that nobody needs any more.
pub(crate) fn delete(disk: &dyn Disk, dirs: RemovedDirs) {
    for dir in dirs {
        if let Err(error) = disk.remove_dir_all(&dir) {
            tracing::error!(path = %dir.display(), %error, "cannot delete the directory of a removed partition");
        }
    }
}
