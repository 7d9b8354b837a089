//! What is at each offset of a partition: 8 bytes a record, wherever offsets begin.

use std::collections::BTreeMap;

use super::RecordId;

/// Offsets in a page; a wild offset costs one page.
const PAGE: i64 = 256;
/// Where nothing is known. The record with this id is never sent: nobody has so many.
const NOTHING: RecordId = RecordId {
    writer: u32::MAX,
    number: u32::MAX,
};

#[derive(Debug, Default)]
pub(super) struct Pages(BTreeMap<i64, Box<[RecordId]>>);

impl Pages {
    /// Puts a record where nothing is known yet; what is known already.
    pub(super) fn put(&mut self, offset: i64, id: RecordId) -> Option<RecordId> {
        let (page, at) = place(offset);
        let page = self
            .0
            .entry(page)
            .or_insert_with(|| vec![NOTHING; PAGE as usize].into());
        let slot = page.get_mut(at)?;
        if *slot != NOTHING {
            return Some(*slot);
        }
        *slot = id;
        None
    }

    /// What is known of an offset.
    pub(super) fn get(&self, offset: i64) -> Option<RecordId> {
        let (page, at) = place(offset);
        let id = *self.0.get(&page)?.get(at)?;
        (id != NOTHING).then_some(id)
    }

    /// All that is known, in the order of offsets.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, RecordId)> {
        let known = |(_, id): &(i64, RecordId)| *id != NOTHING;
        let pages = self.0.iter();
        pages.flat_map(|(page, ids)| numbered(*page, ids)).filter(known)
    }

    /// The first that is known in a range of offsets, its end excluded.
    pub(super) fn first_in(&self, from: i64, to: i64) -> Option<(i64, RecordId)> {
        let pages = self.0.range(place(from).0..=place(to).0);
        let known = |(offset, id): &(i64, RecordId)| *id != NOTHING && (from..to).contains(offset);
        pages.flat_map(|(page, ids)| numbered(*page, ids)).find(known)
    }
}

/// The page of an offset and its place there.
fn place(offset: i64) -> (i64, usize) {
    (offset.div_euclid(PAGE), offset.rem_euclid(PAGE) as usize)
}

/// The records of a page with their offsets.
fn numbered(page: i64, ids: &[RecordId]) -> impl Iterator<Item = (i64, RecordId)> {
    let ids = (0..PAGE).zip(ids.iter().copied());
    ids.map(move |(at, id)| (page * PAGE + at, id))
}
