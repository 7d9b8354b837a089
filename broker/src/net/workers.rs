//! The threads that serve connections. A connection stays on the thread it was given to, so that no thread is woken
//! for work that another has at hand: with a runtime that moves tasks between its threads, waking them took about a
//! third of the CPU time of small requests.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Threads for connections.
#[derive(Debug, Clone)]
pub struct Workers {
    workers: Arc<[Worker]>,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    connections: Arc<AtomicUsize>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts `count` threads, one at least.
    pub fn start(count: usize) -> io::Result<Self> {
        let workers = (0..count.max(1)).map(|_| Worker::start());
        Ok(Self {
            workers: workers.collect::<io::Result<_>>()?,
        })
    }

    /// Serves a connection on the thread that has the fewest.
    pub fn spawn(&self, tasks: &TaskTracker, connection: impl Future<Output = ()> + Send + 'static) {
        let idlest = self
            .workers
            .iter()
            .min_by_key(|worker| worker.connections.load(Ordering::Relaxed));
        let Some(worker) = idlest else { return };
        let counted = Counted::new(&worker.connections);
        let served = async move {
            connection.await;
            drop(counted);
        };
        tasks.spawn_on(served, &worker.handle);
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (handle, stop) = (runtime.handle().clone(), CancellationToken::new());
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("data".to_owned())
            .spawn(move || runtime.block_on(stopped.cancelled()))?;
        Ok(Self {
            handle,
            connections: Arc::default(),
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.cancel();
        // A connection that panicked has told so; the thread itself does nothing else.
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

/// A connection of a worker, for as long as it lasts.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(connections: &Arc<AtomicUsize>) -> Self {
        connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connections))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use tokio::sync::{mpsc, oneshot};

    #[tokio::test]
    async fn connections_are_spread_and_one_that_ends_makes_room() {
        let workers = Workers::start(2).unwrap();
        let tasks = TaskTracker::new();
        let (told, mut threads) = mpsc::unbounded_channel();
        let open = |end: oneshot::Receiver<()>| {
            let told = told.clone();
            workers.spawn(&tasks, async move {
                told.send(std::thread::current().id()).unwrap();
                let _closed = end.await;
            });
        };
        let mut ends = Vec::new();
        let mut on = BTreeMap::new();
        for _ in 0..4 {
            let (end, ended) = oneshot::channel();
            open(ended);
            let thread = format!("{:?}", threads.recv().await.unwrap());
            on.entry(thread).or_insert_with(Vec::new).push(ends.len());
            ends.push(Some(end));
        }
        assert!(
            on.len() == 2 && on.values().all(|connections| connections.len() == 2),
            "{on:?}"
        );
        let (emptied, connections) = on.pop_first().unwrap();
        for connection in connections {
            ends[connection] = None;
        }
        while workers
            .workers
            .iter()
            .all(|worker| worker.connections.load(Ordering::Relaxed) > 0)
        {
            tokio::task::yield_now().await;
        }
        let (_end, ended) = oneshot::channel();
        open(ended);
        assert_eq!(format!("{:?}", threads.recv().await.unwrap()), emptied);
    }

    #[tokio::test]
    async fn a_connection_that_panics_takes_no_other_with_it() {
        let workers = Workers::start(1).unwrap();
        let tasks = TaskTracker::new();
        workers.spawn(&tasks, async { panic!("as a test") });
        let (done, is_done) = oneshot::channel();
        workers.spawn(&tasks, async move { done.send(()).unwrap() });
        is_done.await.unwrap();
    }
}
