//! The system's allocator, counting what each thread holds, so that a target can say how much memory some
//! bytes may take. C code (zstd) is not counted; `fuzz/run` bounds that by the process's size.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static HELD_BYTES: Cell<usize> = const { Cell::new(0) };
    static PEAK_BYTES: Cell<usize> = const { Cell::new(0) };
}

#[derive(Debug)]
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn took(bytes: usize) {
    // A thread that is ending has no counters any more.
    let _ = HELD_BYTES.try_with(|held| {
        held.set(held.get().wrapping_add(bytes));
        let _ = PEAK_BYTES.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

fn gave(bytes: usize) {
    // What another thread took may be given back here.
    let _ = HELD_BYTES.try_with(|held| held.set(held.get().saturating_sub(bytes)));
}

#[expect(
    unsafe_code,
    reason = "an allocator is unsafe by nature; this one only adds up what it passes on"
)]
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        gave(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size_bytes: usize) -> *mut u8 {
        // While it copies, the system may hold both.
        took(size_bytes);
        gave(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(at, layout, size_bytes) }
    }
}

/// Does something; what it returned and the most bytes it held at any time, beyond what was held before.
pub(crate) fn measured<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD_BYTES.with(Cell::get);
    PEAK_BYTES.with(|peak| peak.set(before));
    let result = work();
    (result, PEAK_BYTES.with(Cell::get).saturating_sub(before))
}

/// Does something, which may hold so many bytes and not more.
pub(crate) fn bounded<T>(max_bytes: usize, work: impl FnOnce() -> T) -> T {
    let (result, peak_bytes) = measured(work);
    assert!(
        peak_bytes <= max_bytes,
        "{peak_bytes} bytes were held, {max_bytes} are allowed"
    );
    result
}
