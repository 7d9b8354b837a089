//! Where each record of a source partition lies at the target, exactly, both ways.
//!
//! Source and target differ only where records were left out, so a span of offsets on one side and as many on the other
//! says it all; a plain topic needs one for life. Old spans are put together so that there are never too many; within such a span
//! the answer is from where to count the records of the source.

use crate::re_encode::Run;

/// Spans that stay as they are, the newest ones.
const EXACT_MAX: usize = 256;
/// Spans that were put together.
const THINNED_MAX: usize = 256;
/// Source offsets that one of the latter spans at first.
const THINNED_OFFSETS: i64 = 1 << 16;

/// Offsets of the source and those of the same records at the target; both ends exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First offset at the source, of a record.
    pub source: i64,
    /// Behind the last record at the source.
    pub source_end: i64,
    /// Offset of the first record at the target.
    pub target: i64,
    /// Behind the last record at the target.
    pub target_end: i64,
    /// Whether each offset between is of a record, and of the one as far from the beginning at the other side.
    pub is_exact: bool,
}

/// A position: the next offset to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// It is this one.
    At(i64),
    /// Whatever is there has been left out or was there before the mirror; the first record that the mirror knows is at this one.
    Before(i64),
    /// Not mirrored yet: what will become of it is not known.
    Ahead,
    /// Known once the records between have been counted.
    Scan(Scan),
}

/// A span in which records have to be counted, from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// The span.
    pub span: Span,
    /// What was looked for.
    pub wanted: Side,
}

/// An offset and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The source's; the target's is wanted.
    Source(i64),
    /// The target's; the source's is wanted.
    Target(i64),
}

impl Scan {
    /// The answer, from the runs of records that the source has in the span, as the mirror judges them, from its
    /// beginning on; nothing if they do not reach far enough.
    pub fn resolve(&self, runs: impl IntoIterator<Item = Run>) -> Option<i64> {
        let mut target = self.span.target;
        for run in runs {
            match self.wanted {
                Side::Source(offset) if offset < run.source_offset + run.count => {
                    return Some(target + (offset - run.source_offset).max(0));
                }
                Side::Target(offset) if offset < target + run.count => {
                    return Some(run.source_offset + (offset - target).max(0));
                }
                _ => target += run.count,
            }
        }
        None
    }
}

/// The spans of one partition, in order on both sides, and where both go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetMap {
    spans: Vec<Span>,
    source_next: i64,
    target_next: i64,
}

impl OffsetMap {
    /// Nothing mirrored yet; the next record is expected at these offsets.
    pub fn new(source_next: i64, target_next: i64) -> Self {
        Self {
            spans: Vec::new(),
            source_next,
            target_next,
        }
    }

    /// From spans that were stored; none if they are not in order.
    pub fn restore(spans: Vec<Span>, source_next: i64, target_next: i64) -> Option<Self> {
        let (mut source, mut target) = (0, 0);
        for span in &spans {
            let lengths = (
                span.source_end.checked_sub(span.source)?,
                span.target_end.checked_sub(span.target)?,
            );
            let is_sound = lengths.0 > 0 && lengths.1 > 0 && (!span.is_exact || lengths.0 == lengths.1);
            if span.source < source || span.target < target || !is_sound {
                return None;
            }
            (source, target) = (span.source_end, span.target_end);
        }
        (source <= source_next && target <= target_next).then_some(Self {
            spans,
            source_next,
            target_next,
        })
    }

    /// The spans, oldest first.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The first offset of the source of which nothing is known.
    pub fn source_next(&self) -> i64 {
        self.source_next
    }

    /// Where the next record will lie.
    pub fn target_next(&self) -> i64 {
        self.target_next
    }

    /// Records were written at the target from `target` on. Runs that lie before what is known are left alone.
    pub fn append(&mut self, run: Run, target: i64) {
        if run.count <= 0 || run.source_offset < self.source_next || target < self.target_next {
            return;
        }
        self.source_next = run.source_offset + run.count;
        self.target_next = target + run.count;
        match self.spans.last_mut() {
            Some(last) if last.is_exact && (last.source_end, last.target_end) == (run.source_offset, target) => {
                (last.source_end, last.target_end) = (self.source_next, self.target_next);
            }
            _ => {
                self.spans.push(Span {
                    source: run.source_offset,
                    source_end: self.source_next,
                    target,
                    target_end: self.target_next,
                    is_exact: true,
                });
                self.thin(EXACT_MAX, THINNED_MAX);
            }
        }
    }

    /// What the source has before `source_next` was left out.
    pub fn skip_to(&mut self, source_next: i64) {
        self.source_next = self.source_next.max(source_next);
    }

    /// What the target has before `target_next` is none of the source's records.
    pub fn skip_target_to(&mut self, target_next: i64) {
        self.target_next = self.target_next.max(target_next);
    }

    /// The target's offset for one of the source.
    pub fn to_target(&self, offset: i64) -> Position {
        if offset > self.source_next {
            return Position::Ahead;
        }
        let at = self.spans.partition_point(|span| span.source_end <= offset);
        let Some(span) = self.spans.get(at) else {
            return Position::At(self.target_next);
        };
        if offset <= span.source {
            return first_or(at, offset < span.source, span.target);
        }
        if span.is_exact {
            return Position::At(span.target + (offset - span.source));
        }
        Position::Scan(Scan {
            span: *span,
            wanted: Side::Source(offset),
        })
    }

    /// The source's offset for one of the target.
    pub fn to_source(&self, offset: i64) -> Position {
        if offset > self.target_next {
            return Position::Ahead;
        }
        let at = self.spans.partition_point(|span| span.target_end <= offset);
        let Some(span) = self.spans.get(at) else {
            return Position::At(self.source_next);
        };
        if offset <= span.target {
            return first_or(at, offset < span.target, span.source);
        }
        if span.is_exact {
            return Position::At(span.source + (offset - span.target));
        }
        Position::Scan(Scan {
            span: *span,
            wanted: Side::Target(offset),
        })
    }

    /// Forgets what lies at the target from `target_end` on, and of a span that is not exact all of it: both sides go on
    /// where something is known for certain.
    pub fn cut_target(&mut self, target_end: i64) {
        while let Some(last) = self.spans.last_mut()
            && last.target_end > target_end
        {
            (self.source_next, self.target_next) = (last.source, last.target);
            if last.is_exact && last.target < target_end {
                last.source_end = last.source + (target_end - last.target);
                last.target_end = target_end;
                (self.source_next, self.target_next) = (last.source_end, last.target_end);
                return;
            }
            self.spans.pop();
        }
        self.target_next = self.target_next.min(target_end);
    }

    /// The source lost what it had from `source_end` on and goes on from there with other records, while the target keeps
    /// what it has of them, which stands for nothing any more.
    pub fn cut_source(&mut self, source_end: i64) {
        while let Some(last) = self.spans.last_mut()
            && last.source_end > source_end
        {
            if last.is_exact && last.source < source_end {
                last.target_end = last.target + (source_end - last.source);
                last.source_end = source_end;
                break;
            }
            self.spans.pop();
        }
        self.source_next = self.source_next.min(source_end);
    }

    /// Puts the oldest exact spans together, and doubles what the others span until there are few enough.
    fn thin(&mut self, exact_max: usize, thinned_max: usize) {
        if self.spans.len() <= exact_max + thinned_max {
            return;
        }
        let mut offsets = THINNED_OFFSETS;
        loop {
            let old = self.spans.len() - exact_max;
            let kept = self.spans.split_off(old);
            let mut thinned: Vec<Span> = Vec::with_capacity(old);
            for span in self.spans.drain(..) {
                match thinned.last_mut() {
                    // Where the target has records that are none of the source's, counting the source's would mislead.
                    Some(last) if span.source_end - last.source <= offsets && span.target == last.target_end => {
                        (last.source_end, last.target_end) = (span.source_end, span.target_end);
                        last.is_exact = false;
                    }
                    _ => thinned.push(span),
                }
            }
            thinned.extend(kept);
            self.spans = thinned;
            // Half, so that not every new span brings all of them here.
            if self.spans.len() <= exact_max + thinned_max.div_ceil(2) || offsets == i64::MAX {
                return;
            }
            offsets = offsets.saturating_mul(2);
        }
    }
}

/// A position in a gap before a span, or at its beginning.
fn first_or(at: usize, is_before: bool, offset: i64) -> Position {
    if at == 0 && is_before {
        Position::Before(offset)
    } else {
        Position::At(offset)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What was mirrored, record by record.
    #[derive(Default)]
    struct Model {
        pairs: Vec<(i64, i64)>,
        source_next: i64,
        target_next: i64,
    }

    impl Model {
        /// The first record at or behind a position decides.
        fn to_target(&self, offset: i64) -> Option<i64> {
            let at = self.pairs.partition_point(|(source, _)| *source < offset);
            match self.pairs.get(at) {
                Some((_, target)) => Some(*target),
                None => (offset <= self.source_next).then_some(self.target_next),
            }
        }

        fn to_source(&self, offset: i64) -> Option<i64> {
            let at = self.pairs.partition_point(|(_, target)| *target < offset);
            match self.pairs.get(at) {
                Some((source, _)) => Some(*source),
                None => (offset <= self.target_next).then_some(self.source_next),
            }
        }

        /// What a scan of the source finds in a span.
        fn runs(&self, span: &Span) -> Vec<Run> {
            let within = self
                .pairs
                .iter()
                .filter(|(source, _)| (span.source..span.source_end).contains(source));
            let run = |source: &i64| Run {
                source_offset: *source,
                count: 1,
            };
            within.map(|(source, _)| run(source)).collect()
        }

        fn answer(&self, position: Position) -> Option<i64> {
            match position {
                Position::At(offset) | Position::Before(offset) => Some(offset),
                Position::Ahead => None,
                Position::Scan(scan) => Some(scan.resolve(self.runs(&scan.span)).unwrap()),
            }
        }
    }

    fn filled(runs: &[(i64, i64)], thin_to: Option<usize>) -> (OffsetMap, Model) {
        let mut map = OffsetMap::new(0, 0);
        let mut model = Model::default();
        for (gap, count) in runs {
            map.skip_to(map.source_next() + gap);
            let run = Run {
                source_offset: map.source_next(),
                count: *count,
            };
            let target = map.target_next();
            model
                .pairs
                .extend((0..*count).map(|at| (run.source_offset + at, target + at)));
            map.append(run, target);
            if let Some(most) = thin_to {
                map.thin(most, most);
            }
        }
        (model.source_next, model.target_next) = (map.source_next(), map.target_next());
        (map, model)
    }

    fn assert_exact(map: &OffsetMap, model: &Model) -> usize {
        let mut asked = 0;
        for offset in 0..=model.source_next + 3 {
            assert_eq!(
                model.answer(map.to_target(offset)),
                model.to_target(offset),
                "source offset {offset}"
            );
            asked += 1;
        }
        for offset in 0..=model.target_next + 3 {
            assert_eq!(
                model.answer(map.to_source(offset)),
                model.to_source(offset),
                "target offset {offset}"
            );
            asked += 1;
        }
        let restored = OffsetMap::restore(map.spans().to_vec(), map.source_next(), map.target_next());
        assert_eq!(restored.as_ref(), Some(map), "what is stored comes back");
        asked
    }

    proptest! {
        #[test]
        fn every_offset_is_where_counting_finds_it(
            runs in prop::collection::vec((0i64..4, 1i64..40), 0..60),
            thin_to in prop::option::of(1usize..8),
        ) {
            let (map, model) = filled(&runs, thin_to);
            assert_exact(&map, &model);
        }

        #[test]
        fn a_map_that_was_cut_goes_on_exactly(
            runs in prop::collection::vec((0i64..4, 1i64..40), 1..40),
            thin_to in prop::option::of(2usize..8),
            cut in 0i64..1500,
        ) {
            let (mut map, mut model) = filled(&runs, thin_to);
            map.cut_target(cut);
            prop_assert!(map.target_next() <= cut.min(model.target_next));
            model.pairs.retain(|(_, target)| *target < map.target_next());
            (model.source_next, model.target_next) = (map.source_next(), map.target_next());
            let last = model.pairs.last().map_or(0, |(source, _)| source + 1);
            prop_assert!(map.source_next() >= last);
            assert_exact(&map, &model);
        }
    }

    #[test]
    fn ten_thousand_positions_of_a_topic_with_a_marker_after_each_few_records() {
        let runs: Vec<_> = (0..4000).map(|at| (i64::from(at > 0), 1 + at % 3)).collect();
        let (map, model) = filled(&runs, None);
        assert!(
            map.spans().len() <= EXACT_MAX + THINNED_MAX,
            "{} spans",
            map.spans().len()
        );
        assert!(map.spans().iter().any(|span| !span.is_exact));
        assert!(assert_exact(&map, &model) > 10_000);
    }

    #[test]
    fn spans_grow_so_that_there_are_never_too_many() {
        let mut map = OffsetMap::new(0, 0);
        for at in 0..2_000_000 {
            let run = Run {
                source_offset: at * 1001,
                count: 1000,
            };
            map.append(run, at * 1000);
        }
        assert!(
            map.spans().len() <= EXACT_MAX + THINNED_MAX,
            "{} spans",
            map.spans().len()
        );
        assert_eq!(map.to_target(1_999_999 * 1001 + 5), Position::At(1_999_999_005));
    }

    #[test]
    fn a_plain_topic_has_one_span_and_nothing_is_guessed_beyond() {
        let (map, _) = filled(&[(5, 10), (0, 20), (0, 3)], None);
        assert_eq!(map.spans().len(), 1);
        assert_eq!(map.to_target(3), Position::Before(0));
        assert_eq!(map.to_target(38), Position::At(33));
        assert_eq!(map.to_target(39), Position::Ahead);
    }

    #[test]
    fn what_the_source_lost_stands_for_nothing() {
        let (mut map, _) = filled(&[(0, 10)], None);
        map.cut_source(6);
        let run = Run {
            source_offset: 6,
            count: 2,
        };
        map.append(run, 10);
        assert_eq!(map.to_target(5), Position::At(5));
        assert_eq!(map.to_target(6), Position::At(10));
        assert_eq!(map.to_source(8), Position::At(6));
        assert_eq!(map.to_source(11), Position::At(7));
    }

    #[test]
    fn spans_that_contradict_each_other_are_not_restored() {
        let (map, _) = filled(&[(0, 10), (1, 10)], None);
        let mut spans = map.spans().to_vec();
        spans.swap(0, 1);
        assert_eq!(OffsetMap::restore(spans, 21, 20), None);
        assert_eq!(OffsetMap::restore(map.spans().to_vec(), 20, 20), None);
    }
}
