//! How much a run has tested.

#[derive(Debug, Default)]
pub(in super::super) struct Tally {
    pub(in super::super) lost: usize,
    pub(in super::super) repeated: usize,
    pub(in super::super) late: usize,
    pub(in super::super) controller_crashes: usize,
    pub(in super::super) swallowed: usize,
    pub(in super::super) kills: usize,
    pub(in super::super) lost_connections: usize,
    pub(in super::super) stalls: usize,
    pub(in super::super) doubles: usize,
    pub(in super::super) stops: usize,
    pub(in super::super) unregistered: usize,
    pub(in super::super) failed_dirs: usize,
    pub(in super::super) registered: usize,
    pub(in super::super) re_registered: usize,
    pub(in super::super) fenced: usize,
    pub(in super::super) clean_stops: usize,
    pub(in super::super) unclean_stops: usize,
    pub(in super::super) duplicates: usize,
    pub(in super::super) gave_up: usize,
}

impl Tally {
    pub(in super::super) fn each(&self) -> [usize; 19] {
        [
            self.lost,
            self.repeated,
            self.late,
            self.controller_crashes,
            self.swallowed,
            self.kills,
            self.lost_connections,
            self.stalls,
            self.doubles,
            self.stops,
            self.unregistered,
            self.failed_dirs,
            self.registered,
            self.re_registered,
            self.fenced,
            self.clean_stops,
            self.unclean_stops,
            self.duplicates,
            self.gave_up,
        ]
    }

    pub(in super::super) fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.late += other.late;
        self.controller_crashes += other.controller_crashes;
        self.swallowed += other.swallowed;
        self.kills += other.kills;
        self.lost_connections += other.lost_connections;
        self.stalls += other.stalls;
        self.doubles += other.doubles;
        self.stops += other.stops;
        self.unregistered += other.unregistered;
        self.failed_dirs += other.failed_dirs;
        self.registered += other.registered;
        self.re_registered += other.re_registered;
        self.fenced += other.fenced;
        self.clean_stops += other.clean_stops;
        self.unclean_stops += other.unclean_stops;
        self.duplicates += other.duplicates;
        self.gave_up += other.gave_up;
    }
}
