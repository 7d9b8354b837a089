//! A simulated file: its bytes now, its bytes at the last sync, and how it came from one to the other.

/// What a disk writes whole, as a rule; a write that was under way may be torn inside it.
const SECTOR_BYTES: usize = 512;
/// One sector in so many is torn where a crash could tear it.
const TORN: usize = 4;

/// A change since the last sync.
#[derive(Debug, Clone)]
enum Change {
    Write { position: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    /// The bytes it changes in a file of `len` bytes.
    fn range(&self, len: usize) -> std::ops::Range<usize> {
        match self {
            Self::Write { position, bytes } => *position..position + bytes.len(),
            Self::Length(new) => *new..len.max(*new),
        }
    }

    fn len_after(&self, len: usize) -> usize {
        match self {
            Self::Write { position, bytes } => len.max(position + bytes.len()),
            Self::Length(new) => *new,
        }
    }

    /// Carries out the part of it that lies in `sector`, which starts at byte `at`.
    fn apply(&self, sector: &mut [u8], at: usize) {
        let (position, bytes) = match self {
            Self::Write { position, bytes } => (*position, Some(bytes)),
            Self::Length(new) => (*new, None),
        };
        for (place, byte) in sector.iter_mut().zip(at..) {
            let Some(offset) = byte.checked_sub(position) else {
                continue;
            };
            match bytes {
                Some(bytes) => *place = bytes.get(offset).copied().unwrap_or(*place),
                None => *place = 0,
            }
        }
    }
}

/// A file's bytes now, and what a crash could leave of them.
#[derive(Debug, Default, Clone)]
pub(super) struct Data {
    now: Vec<u8>,
    synced: Vec<u8>,
    changes: Vec<Change>,
}

impl Data {
    /// A file that is on disk as it is.
    pub(super) fn durable(bytes: Vec<u8>) -> Self {
        Self {
            synced: bytes.clone(),
            now: bytes,
            changes: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> &[u8] {
        &self.now
    }

    pub(super) fn write(&mut self, bytes: Vec<u8>, position: usize) {
        put(&mut self.now, &bytes, position);
        self.changes.push(Change::Write { position, bytes });
    }

    pub(super) fn set_len(&mut self, len: usize) {
        if len != self.now.len() {
            self.now.resize(len, 0);
            self.changes.push(Change::Length(len));
        }
    }

    pub(super) fn sync(&mut self) {
        for change in self.changes.drain(..) {
            match change {
                Change::Write { position, bytes } => put(&mut self.synced, &bytes, position),
                Change::Length(len) => self.synced.resize(len, 0),
            }
        }
    }

    /// What is found after a crash if the disk wrote in order and stopped after some of the bytes at stake.
    pub(super) fn prefix(&self, survives: impl FnOnce(usize) -> usize) -> Vec<u8> {
        let both = self.now.iter().zip(&self.synced);
        let common = both.take_while(|(now, synced)| now == synced).count();
        let at_stake = self.now.len().saturating_sub(common);
        let kept = if at_stake == 0 {
            0
        } else {
            survives(at_stake).min(at_stake)
        };
        if kept == 0 {
            self.synced.clone()
        } else {
            self.now.iter().take(common + kept).copied().collect()
        }
    }

    /// What is found after a crash if the disk wrote sectors and lengths in any order: each sector is as it was after
    /// some of the changes to it, or in the middle of one. `choose` picks a number below the one it is given.
    pub(super) fn any_image(&self, choose: &mut dyn FnMut(usize) -> usize) -> Vec<u8> {
        let mut lengths = vec![self.synced.len()];
        let mut touched: std::collections::BTreeMap<usize, Vec<&Change>> = std::collections::BTreeMap::new();
        for change in &self.changes {
            let len = lengths.last().copied().unwrap_or(0);
            let range = change.range(len);
            for sector in range.start / SECTOR_BYTES..range.end.div_ceil(SECTOR_BYTES) {
                touched.entry(sector).or_default().push(change);
            }
            lengths.push(change.len_after(len));
        }
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let mut image = self.synced.clone();
        image.resize(longest, 0);
        for (sector, changes) in touched {
            let at = sector * SECTOR_BYTES;
            let end = longest.min(at + SECTOR_BYTES);
            let Some(bytes) = image.get_mut(at..end) else { continue };
            let through = choose(changes.len() + 1);
            for change in changes.iter().take(through) {
                change.apply(bytes, at);
            }
            if let Some(change) = changes.get(through).filter(|_| choose(TORN) == 0) {
                let torn = choose(bytes.len() + 1);
                if let Some(first) = bytes.get_mut(..torn) {
                    change.apply(first, at);
                }
            }
        }
        let len = lengths.get(choose(lengths.len())).copied().unwrap_or(0);
        image.truncate(len);
        image
    }
}

fn put(file: &mut Vec<u8>, bytes: &[u8], position: usize) {
    let end = position + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    if let Some(place) = file.get_mut(position..end) {
        place.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// All images that a small number of choices can give.
    fn images(data: &Data) -> BTreeSet<Vec<u8>> {
        let mut found = BTreeSet::new();
        for seed in 0..20_000usize {
            let mut left = seed;
            let image = data.any_image(&mut |bound| {
                let picked = left % bound;
                left /= bound;
                picked
            });
            found.insert(image);
        }
        found
    }

    #[test]
    fn what_was_synced_is_in_every_image_and_the_rest_may_come_in_any_order() {
        let mut data = Data::default();
        data.write(vec![1; 512], 0);
        data.sync();
        data.write(vec![2; 512], 512);
        data.write(vec![3; 512], 1024);
        let images = images(&data);
        assert!(
            images
                .iter()
                .all(|image| image.len() >= 512 && image[..512] == [1; 512])
        );
        let sectors = |image: &Vec<u8>| image.chunks(512).map(|sector| sector[0]).collect::<Vec<u8>>();
        let seen: BTreeSet<Vec<u8>> = images.iter().map(sectors).collect();
        for expected in [&[1][..], &[1, 2], &[1, 2, 3], &[1, 0, 3], &[1, 2, 0]] {
            assert!(seen.contains(expected), "{expected:?}");
        }
        assert!(
            images
                .iter()
                .any(|image| image.len() == 1024 && image[512] == 2 && image[1023] == 0),
            "a torn sector"
        );
    }

    #[test]
    fn a_cut_that_was_not_synced_may_be_undone_and_one_that_was_is_not() {
        let mut data = Data::durable(vec![7; 600]);
        data.set_len(100);
        assert!(images(&data).contains(&vec![7; 600]));
        data.sync();
        assert_eq!(images(&data), BTreeSet::from([vec![7; 100]]));
        assert_eq!(data.now(), [7; 100]);
    }
}
