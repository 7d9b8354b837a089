//! What is told to the active controller until the metadata says it too: where a controller is, and in which log
//! directories a broker's replicas are.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::Broker;
use broker_core::broker::partition::Partition;
use broker_core::cx::Now;
use broker_core::image::MetadataImage;
use broker_core::lifecycle::{AnnouncementStep, ControllerLifecycle, DirectoryAssignments};
use protocol::api::messages::assign_replicas_to_dirs_request::AssignReplicasToDirsRequest;
use protocol::api::messages::controller_registration_request::ControllerRegistrationRequest;
use protocol::api::{Decodable, HeaderVersion, Request};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::controller_channel::{ActiveController, ControllerChannel};
use crate::peers::Purpose;

/// How long the controller may take over a request.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Registers a controller, and keeps it registered, until shutdown. `image` is what the node knows.
pub(crate) async fn register_controller(
    machine: ControllerLifecycle,
    image: Arc<dyn Fn() -> Arc<MetadataImage> + Send + Sync>,
    published: watch::Receiver<i64>,
    channel: ControllerChannel,
    clock: Clock,
    shutdown: CancellationToken,
) {
    let what = Controller { machine, image };
    let channel = channel.with(Purpose::RegisterController, ANSWER_MAX);
    shutdown
        .run_until_cancelled(announce(what, published, channel, clock))
        .await;
}

/// Tells in which log directories the broker's replicas are, until shutdown.
pub(crate) async fn tell_directories(
    machine: DirectoryAssignments,
    broker: Arc<Broker>,
    published: watch::Receiver<i64>,
    channel: ControllerChannel,
    clock: Clock,
    shutdown: CancellationToken,
) {
    let what = Directories {
        machine,
        broker,
        looked_at: None,
    };
    let channel = channel.with(Purpose::AssignDirectories, ANSWER_MAX);
    shutdown
        .run_until_cancelled(announce(what, published, channel, clock))
        .await;
}

/// A machine that tells the controller something until the metadata has it.
trait Announcement {
    type Asked: Request;

    /// The node knows other metadata now.
    fn published(&mut self);
    /// Ends once what is told has changed.
    fn changed(&self) -> impl Future<Output = ()> + Send {
        pending()
    }
    /// It has.
    fn look_anew(&mut self) {}
    fn next(&mut self, now: Now) -> AnnouncementStep<Self::Asked>;
    /// The answer, if there is one.
    fn answered(&mut self, answer: Option<&<Self::Asked as Request>::Response>, now: Now);
    fn controller_changed(&mut self, now: Now);
}

async fn announce<A: Announcement>(
    mut what: A,
    mut published: watch::Receiver<i64>,
    channel: ControllerChannel,
    clock: Clock,
) where
    <A::Asked as Request>::Response: Decodable + HeaderVersion,
{
    let mut asked = ActiveController::default();
    what.published();
    loop {
        match what.next(clock.now()) {
            AnnouncementStep::Send(request) => {
                let answer = channel.send(&request, None).await;
                let answer =
                    answer.inspect_err(|error| tracing::debug!(%error, "the active controller gave no answer"));
                what.answered(answer.ok().as_ref(), clock.now());
            }
            AnnouncementStep::Wait(until) => {
                tokio::select! {
                    Ok(()) = published.changed() => what.published(),
                    () = what.changed() => what.look_anew(),
                    () = channel.another(&asked) => {
                        asked = channel.active();
                        what.controller_changed(clock.now());
                    }
                    () = clock.sleep_until(until) => {}
                }
            }
        }
    }
}

struct Controller {
    machine: ControllerLifecycle,
    image: Arc<dyn Fn() -> Arc<MetadataImage> + Send + Sync>,
}

impl Announcement for Controller {
    type Asked = ControllerRegistrationRequest;

    fn published(&mut self) {
        self.machine.published(&(self.image)());
    }

    fn next(&mut self, now: Now) -> AnnouncementStep<Self::Asked> {
        self.machine.next(now)
    }

    fn answered(&mut self, answer: Option<&<Self::Asked as Request>::Response>, now: Now) {
        match answer {
            Some(answer) => self.machine.on_response(answer, now),
            None => self.machine.on_failure(now),
        }
    }

    fn controller_changed(&mut self, now: Now) {
        self.machine.controller_changed(now);
    }
}

struct Directories {
    machine: DirectoryAssignments,
    broker: Arc<Broker>,
    /// The metadata that the replicas were compared with last.
    looked_at: Option<Arc<MetadataImage>>,
}

impl Directories {
    /// Where the metadata can have replicas elsewhere: those that it has changed, if all were right before.
    fn doubtful(&self, image: &MetadataImage) -> Vec<Arc<Partition>> {
        let before = self.looked_at.as_ref().filter(|_| self.machine.is_empty());
        let Some(before) = before.filter(|before| before.features() == image.features()) else {
            return self.broker.partitions();
        };
        let topics = image
            .topics()
            .iter()
            .map(|topic| (topic, before.topics().by_id(topic.id)));
        let changed = topics.filter(|(topic, before)| before.is_none_or(|before| !std::ptr::eq(before, *topic)));
        let partitions = changed.flat_map(|(topic, before)| {
            let known = move |index| before.and_then(|before| before.partition(index));
            topic.partitions().filter_map(move |(index, now)| {
                let same = known(index).is_some_and(|before| std::ptr::eq(before, now));
                (!same).then_some((topic.id, index))
            })
        });
        partitions
            .filter_map(|(id, index)| self.broker.partition_by_id(id, index).ok())
            .collect()
    }
}

impl Announcement for Directories {
    type Asked = AssignReplicasToDirsRequest;

    fn published(&mut self) {
        let image = self.broker.image();
        let partitions = self.doubtful(&image);
        let replicas = partitions
            .iter()
            .map(|partition| ((partition.topic_id(), partition.index()), partition.assigned_dir_id()));
        self.machine.published(&image, replicas);
        self.looked_at = Some(image);
    }

    fn look_anew(&mut self) {
        self.looked_at = None;
        self.published();
    }

    fn changed(&self) -> impl Future<Output = ()> + Send {
        let broker = Arc::clone(&self.broker);
        async move { poll_fn(|cx| broker.poll_assigned_dirs(cx.waker())).await }
    }

    fn next(&mut self, now: Now) -> AnnouncementStep<Self::Asked> {
        self.machine.next(now)
    }

    fn answered(&mut self, answer: Option<&<Self::Asked as Request>::Response>, now: Now) {
        match answer {
            Some(answer) => self.machine.on_response(answer, now),
            None => self.machine.on_failure(now),
        }
    }

    fn controller_changed(&mut self, now: Now) {
        self.machine.controller_changed(now);
    }
}
