//! A producer with sequences: it sends a batch until it is acknowledged, to whoever takes it, and each is there once.

use protocol::records::ProducerStamp;

use super::*;

/// One batch at a time.
#[derive(Default)]
pub(super) struct Producer {
    sequence: i32,
    /// Where the batch was taken last, unless it is known to be of no use.
    sent: Option<Write>,
}

fn stamped(value: &str, base_sequence: i32) -> Bytes {
    let stamp = ProducerStamp {
        id: 7,
        epoch: 0,
        base_sequence,
    };
    let mut builder = BatchBuilder::new(0, Compression::None).producer(stamp);
    builder.push(&NewRecord {
        timestamp: 1000,
        value: Some(value.as_bytes()),
        ..NewRecord::default()
    });
    builder.build().unwrap().into()
}

impl World {
    pub(super) fn send_sequence(&mut self) {
        let id = self.any();
        let slot = &self.slots[id as usize - 1];
        let Some(node) = &slot.node else { return };
        let value = format!("sequence {}", self.producer.sequence);
        let batch = stamped(&value, self.producer.sequence);
        match node.partition.append_as_leader(&batch, -1, self.now()) {
            Ok(appended) => {
                self.tally.repeated += usize::from(appended.duplicate);
                self.producer.sent = Some(Write {
                    slot: id as usize - 1,
                    life: slot.life,
                    value,
                    appended,
                });
            }
            Err(error) => {
                let is_current = node.partition.leading_epoch() == Some(self.controller.state.leader_epoch);
                let expected = match error.code {
                    ErrorCode::NotLeaderOrFollower | ErrorCode::NotEnoughReplicas => true,
                    // One that leads no more may lack what was acknowledged since.
                    ErrorCode::OutOfOrderSequenceNumber => !is_current,
                    _ => false,
                };
                assert!(expected, "{value}: {error}");
            }
        }
    }

    pub(super) fn acknowledge_sequence(&mut self) {
        let Some(write) = self.producer.sent.take() else { return };
        let slot = &self.slots[write.slot];
        let Some(node) = slot.node.as_ref().filter(|_| slot.life == write.life) else {
            return;
        };
        match replicated(node, &write.appended) {
            Replicated::Yes => {
                self.tally.acknowledged += 1;
                self.acknowledged.insert(write.appended.first_offset, write.value);
                self.producer.sequence += 1;
            }
            Replicated::NotYet => self.producer.sent = Some(write),
            Replicated::Failed(_) => {}
        }
    }
}
