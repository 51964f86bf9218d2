//! The guest's global allocator: takes from the end of memory, gives back only the newest block.
//!
//! An instance lives for one call, so nothing need be freed; and as long as the initial memory
//! suffices, no call grows memory, which is what makes parallel calls scale. The build command links
//! with enough initial memory; where more is needed, memory grows as usual.
//!
//! The only hand-written `unsafe` of the SDK. Sound because the guest has one thread (a module built
//! with threads is refused at compile time below), because blocks are cut from
//! `[__heap_base, end of memory)` which nothing else uses, and because no block is cut twice: `next`
//! moves back only over the newest block, when that block is freed or shrunk.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr::null_mut;

#[cfg(target_feature = "atomics")]
compile_error!("the bump allocator serves guests of one thread; disable the feature \"bump-allocator\"");

#[global_allocator]
static ALLOCATOR: Bump = Bump { next: Cell::new(0), end: Cell::new(0) };

const PAGE: usize = 64 * 1024;
/// 4 MiB: little beside the host's budget (64 MiB by default).
const MOST_AMPLE_PAGES: usize = 64;

unsafe extern "C" {
    /// Set by the linker: the first byte after static data and stack.
    static __heap_base: u8;
}

/// `next..end` is free; both are 0 before the first block.
struct Bump {
    next: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: the guest has one thread.
unsafe impl Sync for Bump {}

impl Bump {
    fn start(&self) {
        self.next.set((&raw const __heap_base).addr());
        self.end.set(core::arch::wasm32::memory_size(0) * PAGE);
    }

    /// Makes sure that memory reaches to `end`; false if the host grants no more.
    fn reach(&self, end: usize) -> bool {
        if end <= self.end.get() {
            return true;
        }
        let pages = (end - self.end.get()).div_ceil(PAGE);
        // More than asked for, so that a large guest grows a few times, not each time.
        let ample = pages.max((self.end.get() / PAGE).min(MOST_AMPLE_PAGES));
        let before = match core::arch::wasm32::memory_grow(0, ample) {
            usize::MAX => core::arch::wasm32::memory_grow(0, pages),
            before => before,
        };
        if before == usize::MAX {
            return false;
        }
        self.end.set(core::arch::wasm32::memory_size(0) * PAGE);
        true
    }

    /// Cuts `size` bytes at `start`, which is not before `next`.
    fn cut(&self, start: usize, size: usize) -> bool {
        let Some(end) = start.checked_add(size) else {
            return false;
        };
        let fits = self.reach(end);
        if fits {
            self.next.set(end);
        }
        fits
    }

    fn is_newest(&self, block: *mut u8, size: usize) -> bool {
        block.addr() + size == self.next.get()
    }
}

// SAFETY: see the file's head; a block is aligned by rounding its start up.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.next.get() == 0 {
            self.start();
        }
        match self.next.get().checked_next_multiple_of(layout.align()) {
            Some(start) if self.cut(start, layout.size()) => std::ptr::with_exposed_provenance_mut(start),
            _ => null_mut(),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.is_newest(block, layout.size()) {
            self.next.set(block.addr());
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if self.is_newest(block, layout.size()) {
            return if self.cut(block.addr(), size) { block } else { null_mut() };
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the caller upholds that `layout` is valid and `size`, rounded up to its alignment, fits `isize`.
        let wider = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: `wider` is not empty: it is larger than `layout`.
        let moved = unsafe { self.alloc(wider) };
        if !moved.is_null() {
            // SAFETY: both blocks are at least `layout.size()` long, and a new block overlaps no other.
            unsafe { std::ptr::copy_nonoverlapping(block, moved, layout.size()) };
        }
        moved
    }
}
