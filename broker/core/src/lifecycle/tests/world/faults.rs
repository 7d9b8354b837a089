//! What goes wrong.

use protocol::api::BrokerId;
use protocol::api::messages::UnregisterBrokerRequest;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreateTopicsRequest};

use super::process::directory;
use super::*;

impl World {
    pub(in super::super) fn crash_controller(&mut self) {
        let Some(server) = self.server.take() else { return };
        self.tally.controller_crashes += 1;
        self.disk = server.crash();
        for process in self.processes.values_mut() {
            process.heard = None;
        }
        let wait = self.chance.up_to_ms(3000);
        self.push(self.now + wait, 0, Event::ControllerUp);
    }

    pub(super) fn controller_up(&mut self) {
        let disk = std::mem::take(&mut self.disk);
        self.server = Some(Server::start(disk, self.now));
        self.observe();
        let lives: Vec<Life> = self.processes.keys().copied().collect();
        for life in lives {
            let at = self.now + self.delay();
            self.push(at, life, Event::ControllerChanged);
        }
    }

    fn any_process(&mut self) -> Option<Life> {
        let here = self.processes.iter().filter(|(_, process)| process.over.is_none());
        let lives: Vec<Life> = here.map(|(life, _)| *life).collect();
        let index = self.chance.below(lives.len() as u64) as usize;
        lives.get(index).copied()
    }

    pub(super) fn chaos(&mut self) {
        if self.is_calm {
            return;
        }
        let wait = self.chance.up_to_ms(2500);
        self.push(self.now + wait, 0, Event::Chaos);
        self.create_topic();
        let Some(life) = self.any_process() else { return };
        let id = self.processes[&life].id;
        let now = self.mono();
        match self.chance.below(13) {
            0..=2 => self.crash_controller(),
            3..=4 => {
                self.tally.kills += 1;
                self.kill(life);
                let within_ms = [100, 6000][self.chance.below(2) as usize];
                self.launch_if_alone(id, -1, within_ms);
            }
            5..=6 => {
                self.tally.stalls += 1;
                self.stall(life);
                let wait = self.chance.up_to_ms(14_000);
                self.push(self.now + wait, life, Event::Resume);
            }
            // Somebody starts another process under its id, which thinks that this one is gone.
            7 if self.processes.len() < 5 => {
                self.tally.doubles += 1;
                self.stall(life);
                let wait = Duration::from_secs(9) + self.chance.up_to_ms(20_000);
                self.push(self.now + wait, life, Event::Resume);
                self.launch_in(Duration::ZERO, id, -1);
            }
            8..=9 => self.stop(life),
            11 => {
                self.tally.lost_connections += 1;
                self.lose_connection(life);
            }
            10 => {
                let request = UnregisterBrokerRequest::default().with_broker_id(BrokerId(id));
                if let Some(server) = &mut self.server
                    && server.call(0, 0, &request, self.now).error_code == 0
                {
                    self.tally.unregistered += 1;
                    self.observe();
                }
            }
            _ => {
                self.tally.failed_dirs += 1;
                let process = self.processes.get_mut(&life).unwrap();
                process.lifecycle.directory_failed(directory(id, 1), now);
                if process.stalled.is_none() {
                    self.drive(life);
                }
            }
        }
    }

    /// A controlled shutdown.
    pub(in super::super) fn stop(&mut self, life: Life) {
        let now = self.mono();
        let process = self.processes.get_mut(&life).unwrap();
        if process.stalled.is_some() || process.over.is_some() {
            return;
        }
        self.tally.stops += 1;
        process.leaving = true;
        process.lifecycle.begin_shutdown(now);
        self.drive(life);
    }

    fn stall(&mut self, life: Life) {
        let process = self.processes.get_mut(&life).unwrap();
        process.stalled.get_or_insert_default();
    }

    pub(super) fn resume(&mut self, life: Life) {
        let Some(process) = self.processes.get_mut(&life) else {
            return;
        };
        for event in process.stalled.take().unwrap_or_default() {
            self.reach(life, event);
        }
        self.drive(life);
    }

    fn create_topic(&mut self) {
        let alive = |server: &Server| IDS.iter().all(|id| server.image().brokers().is_active(*id));
        let Some(server) = self.server.as_mut().filter(|server| !self.has_topic && alive(server)) else {
            return;
        };
        let topic = CreatableTopic::default()
            .with_name(protocol::api::TopicName("t".into()))
            .with_num_partitions(6)
            .with_replication_factor(3);
        let request = CreateTopicsRequest::default().with_topics(vec![topic]);
        assert_eq!(server.call(0, 7, &request, self.now).topics[0].error_code, 0);
        self.has_topic = true;
        self.observe();
    }

    /// Nothing fails from here on; whoever is stopped goes on.
    pub(in super::super) fn heal(&mut self) {
        self.is_calm = true;
        let stalled: Vec<Life> = self.processes.keys().copied().collect();
        for life in stalled {
            self.resume(life);
        }
    }
}
