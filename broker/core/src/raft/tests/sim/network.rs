//! What the network does to messages.

use super::faults::MOMENT;
use super::{Sim, What};
use crate::cx::Random as _;
use crate::raft::{Body, Response};

/// Ways to cut a network.
const CUTS: u64 = 6;

/// How a request ends that nobody answers.
#[derive(Debug, Clone, Copy)]
pub(super) enum NoAnswer {
    /// No process listens.
    Refusal,
    /// The connection ends.
    End,
}

impl Sim {
    /// Puts a message on the network, which does with it what it likes.
    pub(super) fn send(&mut self, from: i32, to: i32, what: impl Fn(()) -> What) {
        if self.cut.contains(&(from, to)) {
            self.totals.lost += 1;
            return;
        }
        let (is_calm, mishap) = (self.is_calm(), self.weather.mishap);
        if !is_calm && self.random.one_in(2 * mishap) {
            self.totals.lost += 1;
            return;
        }
        let mut delay = self.random.millis(0, 3);
        if !is_calm && self.random.one_in(mishap) {
            delay += self.random.millis(0, self.weather.late_max_ms);
            self.totals.delayed += 1;
        }
        if !is_calm && self.random.one_in(mishap) {
            self.totals.doubled += 1;
            let again = delay + self.random.millis(0, self.weather.late_max_ms);
            self.push(self.now + again, to, what(()));
        }
        self.push(self.now + delay, to, what(()));
    }

    /// Tells who asked, which was in that life, that no answer comes; a host that is not there is silent.
    pub(super) fn give_no_answer(&mut self, asked: i32, (from, from_life): (i32, u64), id: u64, end: NoAnswer) {
        let is_waiting = self.members[&from].life == from_life;
        if is_waiting && !self.cut.contains(&(asked, from)) && self.random.one_in(2) {
            let after = self.random.millis(0, 3);
            let what = match end {
                NoAnswer::Refusal => What::Refused { id },
                NoAnswer::End => What::Response { id, response: None },
            };
            self.push(self.now + after, from, what);
        }
    }

    /// A leader may send less than there is: here a batch, where there are several.
    pub(super) fn perhaps_shorten(&mut self, response: &mut Response) {
        let Body::Fetch(fetched) = &mut response.body else {
            return;
        };
        let Some(Ok((first, _))) = protocol::records::Batches::new(&fetched.records).next() else {
            return;
        };
        let is_calm = self.is_calm();
        if !is_calm && first.size_bytes() < fetched.records.len() && self.random.one_in(self.weather.short_answers) {
            fetched.records.truncate(first.size_bytes());
            self.totals.shortened += 1;
        }
    }

    /// Cuts a node off from all or some others, in one direction or both; or makes it the only one that reaches all.
    pub(super) fn cut_off(&mut self, id: i32) {
        self.totals.cuts += 1;
        let others: Vec<i32> = (1..=self.weather.nodes).filter(|other| *other != id).collect();
        match self.random.below(CUTS) {
            _ if self.weather.bridges => self.make_bridge(id, &others),
            4.. => self.make_bridge(id, &others),
            kind => self.isolate(id, &others, kind),
        }
        let cut = format!("{:?}", self.cut);
        self.tell(|| format!("the network is cut: {cut}"));
    }

    fn isolate(&mut self, id: i32, others: &[i32], kind: u64) {
        for other in others.iter().copied() {
            if kind == 3 && self.random.one_in(2) {
                continue;
            }
            if kind != 1 {
                self.cut.insert((id, other));
            }
            if kind != 2 {
                self.cut.insert((other, id));
            }
        }
    }

    /// Those on both sides ask the node between them, which may have just come back.
    fn make_bridge(&mut self, id: i32, others: &[i32]) {
        self.cut.clear();
        self.bridge = Some(id);
        let (one, two) = others.split_at(others.len() / 2);
        for (a, b) in one.iter().flat_map(|a| two.iter().map(|b| (*a, *b))) {
            self.cut.extend([(a, b), (b, a)]);
        }
        if self.random.one_in(2) {
            self.push(self.now, id, What::Crash { away_max: MOMENT });
        }
    }
}
