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
            self.push(at, 0, Event::Request { life, token: 0, asked });
        }
        if !self.loses() {
            let at = self.now + self.delay();
            self.push(at, 0, Event::Request { life, token, asked });
        }
    }

    pub(super) fn serve(&mut self, life: Life, token: u64, asked: &Asked) {
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
                Asked::Register(request) => server.swallow(4, request, self.now),
                Asked::Beat(request) => server.swallow(1, request, self.now),
            }
            return self.crash_controller();
        }
        server.tick(self.now);
        let answer = match asked {
            Asked::Register(request) => {
                let response = server.call(4, request, self.now);
                let duplicate = response.error_code == ErrorCode::DuplicateBrokerRegistration.code();
                self.tally.duplicates += usize::from(duplicate);
                Answer::Registered(response)
            }
            Asked::Beat(request) => {
                let response = server.call(1, request, self.now);
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
}
