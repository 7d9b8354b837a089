//! Requests of brokers on their way to the controller, and its answers.

use super::*;

impl World {
    /// How long a message takes.
    pub(super) fn delay(&mut self) -> Duration {
        if !self.is_calm && self.chance.one_in(20) {
            self.tally.late += 1;
            return self.chance.up_to_ms(3000);
        }
        self.chance.up_to_ms(20)
    }

    fn loses(&mut self) -> bool {
        let lost = !self.is_calm && self.chance.one_in(8);
        self.tally.lost += usize::from(lost);
        lost
    }

    pub(super) fn send(&mut self, life: Life, asked: Asked) {
        let token = self.next_key;
        let process = self.processes.get_mut(&life).unwrap();
        process.requests += 1;
        if let Asked::Beat(beat) = &asked
            && !beat.want_fence
        {
            process.asked_to_lead = Some(beat.broker_epoch);
        }
        assert_eq!(process.token.replace(token), None, "one request at a time");
        let over = process.connection;
        self.push(
            self.now + REQUEST_TIMEOUT,
            life,
            Event::Answer {
                token,
                answer: Answer::Nothing,
            },
        );
        if !self.is_calm && self.chance.one_in(12) {
            let at = self.now + self.chance.up_to_ms(3000);
            let asked = asked.clone();
            // Its answer comes too late for anybody.
            self.push(
                at,
                0,
                Event::Request {
                    life,
                    token: 0,
                    over,
                    asked,
                },
            );
        }
        if !self.loses() {
            let at = self.now + self.delay();
            self.push(
                at,
                0,
                Event::Request {
                    life,
                    token,
                    over,
                    asked,
                },
            );
        }
    }

    pub(super) fn serve(&mut self, life: Life, (token, over): (u64, u64), asked: &Asked) {
        // Nothing comes after the end.
        if self.ended.contains(&over) {
            return;
        }
        let Some(server) = &mut self.server else {
            let answer = match asked {
                _ if self.chance.one_in(2) => Answer::Nothing,
                Asked::Register(_) => Answer::Registered(refused(ErrorCode::NotController)),
                Asked::Beat(_) => Answer::Beaten(beaten(false, false).with_error_code(ErrorCode::NotController.code())),
            };
            let at = self.now + self.delay();
            return self.push(at, life, Event::Answer { token, answer });
        };
        if !self.is_calm && self.chance.one_in(60) {
            self.tally.swallowed += 1;
            match asked {
                Asked::Register(request) => server.swallow(over, 4, request, self.now),
                Asked::Beat(request) => server.swallow(over, 1, request, self.now),
            }
            return self.crash_controller();
        }
        server.tick(self.now);
        let answer = match asked {
            Asked::Register(request) => {
                let before = server.image().brokers().get(request.broker_id.0);
                let before = before.map(|broker| broker.epoch);
                let response = server.call(over, 4, request, self.now);
                let duplicate = response.error_code == ErrorCode::DuplicateBrokerRegistration.code();
                self.tally.duplicates += usize::from(duplicate);
                if response.error_code == 0 {
                    self.check_nobody_is_replaced(life, before);
                }
                Answer::Registered(response)
            }
            Asked::Beat(request) => {
                let response = server.call(over, 1, request, self.now);
                let process = self.processes.get_mut(&life).filter(|_| response.error_code == 0);
                if let Some(process) = process {
                    let stays = !response.should_shut_down;
                    process.heard = stays.then_some((request.broker_epoch, self.now, over));
                }
                if response.error_code == 0 && response.should_shut_down {
                    let released = &mut self.histories.entry(request.broker_id.0).or_default().released;
                    released.insert(request.broker_epoch);
                }
                Answer::Beaten(response)
            }
        };
        if self.tells_story {
            println!("{:?} process {life}: {asked:?} -> {answer:?}", self.now);
        }
        self.observe();
        if !self.loses() {
            let at = self.now + self.delay();
            self.push(at, life, Event::Answer { token, answer });
        }
    }

    /// A connection of a process ends, and the controller hears of it, after what came over it before.
    pub(super) fn disconnect(&mut self, connection: u64) {
        let at = self.now + self.delay();
        self.push(at, 0, Event::Ended { connection });
    }

    pub(super) fn connection_ended(&mut self, connection: u64) {
        self.ended.insert(connection);
        if let Some(server) = &mut self.server {
            server.connection_ended(connection, self.now);
        }
        self.observe();
    }

    /// A process that the controller hears of over a connection keeps its place.
    fn check_nobody_is_replaced(&self, by: Life, epoch: Option<i64>) {
        for (life, process) in self.processes.iter().filter(|(life, _)| **life != by) {
            if let Some((heard_of, at, over)) = process.heard
                && Some(heard_of) == epoch
                && process.over.is_none()
            {
                let is_connected = self.now < at + timeouts().session && !self.ended.contains(&over);
                assert!(
                    !is_connected,
                    "process {life} is replaced by {by} although it is connected"
                );
            }
        }
    }

    /// Tries brokers' endpoints for the controller: those of a process refuse connections only when it is gone.
    pub(super) fn try_endpoints(&mut self) {
        let Some(server) = &mut self.server else { return };
        for probe in server.take_probes() {
            let mut there = self.processes.values().filter(|process| process.over.is_none());
            let mut is_there = |port: u16| there.any(|process| port_of(process.id) == port);
            let all_refused = !probe.endpoints.iter().any(|endpoint| is_there(endpoint.port));
            let at = self.now + self.delay();
            self.push(
                at,
                0,
                Event::Probed {
                    id: probe.id,
                    all_refused,
                },
            );
        }
    }
}

/// Where the processes of an id listen.
pub(super) fn port_of(id: i32) -> u16 {
    9000 + id as u16
}
