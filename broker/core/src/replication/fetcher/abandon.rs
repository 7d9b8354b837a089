//! Giving up a request that is on its way although nothing failed.

use super::Fetcher;

impl Fetcher {
    /// The request on its way gets no answer, for the sake of partitions that came since: they are asked for at once.
    /// What the leader makes of the request is not known, so the session starts anew.
    pub fn abandon(&mut self) {
        self.in_flight = false;
        self.session.renew();
    }
}
