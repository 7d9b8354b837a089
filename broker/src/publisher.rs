//! The thread that publishes metadata. A broker takes an image by opening, creating and changing partitions, for seconds
//! if there are thousands, and the thread of the metadata quorum has deadlines to keep meanwhile. Images that come faster
//! than they are taken are taken together.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use broker_core::broker::{Broker, RemovedDirs};
use broker_core::image::MetadataImage;
use broker_core::reply::Reply;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;

/// Who hears of images. Whoever watches sees the end of the thread as the end of the senders.
#[derive(Debug)]
pub(crate) struct Published {
    /// Offset of the image that the broker took last.
    pub(crate) offset: watch::Sender<i64>,
    /// The latest image that it took.
    pub(crate) image: watch::Sender<MetadataImage>,
    pub(crate) removed: UnboundedSender<RemovedDirs>,
}

enum Work {
    Take(Box<MetadataImage>),
    Answer(oneshot::Sender<Reply>, Reply),
}

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Publisher {
    sender: Sender<Work>,
    /// Images that were handed over and not taken yet.
    behind: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Publisher {
    /// Starts the thread; a node that is a controller only has no broker.
    pub(crate) fn start(broker: Option<Arc<Broker>>, told: Published, clock: Clock) -> io::Result<Self> {
        let (sender, work) = channel();
        let behind = Arc::new(AtomicUsize::new(0));
        let taker = Taker {
            broker,
            told,
            clock,
            behind: Arc::clone(&behind),
        };
        let thread = std::thread::Builder::new()
            .name("metadata-publisher".to_owned())
            .spawn(move || taker.run(&work))?;
        Ok(Self { sender, behind, thread })
    }

    /// Hands over an image.
    pub(crate) fn publish(&self, image: MetadataImage) {
        self.behind.fetch_add(1, Ordering::AcqRel);
        self.hand_over(Work::Take(Box::new(image)));
    }

    /// Answers once the images that were handed over before are taken: whoever changed something finds it changed here.
    pub(crate) fn answer(&self, sender: oneshot::Sender<Reply>, reply: Reply) {
        if self.behind.load(Ordering::Acquire) == 0 {
            // Whoever asked may be gone by now.
            let _gone = sender.send(reply);
        } else {
            self.hand_over(Work::Answer(sender, reply));
        }
    }

    fn hand_over(&self, work: Work) {
        // A thread that panicked has said so; the node sees its end, and whoever waits for an answer a dropped sender.
        let _gone = self.sender.send(work);
    }

    /// Ends the thread once it has taken everything; its panic is this thread's.
    pub(crate) fn finish(self) {
        drop(self.sender);
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

struct Taker {
    broker: Option<Arc<Broker>>,
    told: Published,
    clock: Clock,
    behind: Arc<AtomicUsize>,
}

impl Taker {
    fn run(self, work: &Receiver<Work>) {
        while let Ok(first) = work.recv() {
            let (mut images, mut latest, mut answers) = (0, None, Vec::new());
            for work in std::iter::once(first).chain(work.try_iter()) {
                match work {
                    Work::Take(image) => {
                        images += 1;
                        latest = Some(image);
                    }
                    Work::Answer(sender, reply) => answers.push((sender, reply)),
                }
            }
            if let Some(image) = latest {
                self.take(*image);
                self.behind.fetch_sub(images, Ordering::AcqRel);
            }
            for (sender, reply) in answers {
                let _gone = sender.send(reply);
            }
        }
    }

    fn take(&self, image: MetadataImage) {
        let offset = image.offset();
        let is_same = self.told.image.borrow().is_same_as(&image);
        if let Some(broker) = self.broker.as_ref().filter(|_| is_same) {
            // An idle controller writes records that change nothing.
            broker.advance(image.clone());
        } else if let Some(broker) = &self.broker {
            let removed = broker.publish(image.clone(), self.clock.now());
            if !removed.is_empty() {
                let _gone = self.told.removed.send(removed);
            }
        }
        self.told.image.send_replace(image);
        self.told.offset.send_replace(offset);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::test_broker::{Nobody, add_topic, broker, image_of};

    fn reply() -> Reply {
        Reply::from(Bytes::from_static(b"done"))
    }

    #[tokio::test]
    async fn an_answer_waits_for_the_images_before_it_and_the_end_for_everything() {
        let broker = broker(1, Box::new(Nobody), &[]);
        let (removed, _removed) = unbounded_channel();
        let (offset, mut offsets) = watch::channel(-1);
        let told = Published {
            offset,
            image: watch::Sender::new(MetadataImage::empty()),
            removed,
        };
        let publisher = Publisher::start(Some(Arc::clone(&broker)), told, Clock::start()).unwrap();
        let mut image = image_of(&[(1, 9092)]);
        for number in 0..100 {
            image.advance(number, 1, 0);
            let topic = add_topic(&mut image, number as u128, 1, &[1]);
            publisher.publish(image.clone());
            let (sender, answered) = oneshot::channel();
            publisher.answer(sender, reply());
            answered.await.unwrap();
            assert!(broker.partition_by_id(topic, 0).is_ok(), "topic {number}");
        }
        let (sender, answered) = oneshot::channel();
        publisher.answer(sender, reply());
        answered.await.unwrap();
        image.advance(100, 1, 0);
        publisher.publish(image);
        publisher.finish();
        assert_eq!(*offsets.borrow_and_update(), 100);
        assert!(offsets.changed().await.is_err(), "who watches sees the end");
    }
}
