//! One budget of memory for all memories and tables of a call. Wasmtime asks it before anything grows.
//!
//! A denied growth is the guest's to handle; only if the call then fails is the denial its reason.

use wasmtime::ResourceLimiter;

use super::fault::Fault;
use super::limits::{CORE_INSTANCES, Limits, MEMORIES, TABLES};

/// What a table element takes in the host, with what the host keeps about it.
const ELEMENT_BYTES: u64 = 16;

/// What the call has used, and what it was denied.
pub(super) struct Budget {
    limit_bytes: u64,
    limit_elements: u64,
    used_bytes: u64,
    used_elements: u64,
    denied: Option<Fault>,
}

impl Budget {
    pub fn new(limits: &Limits) -> Self {
        Self {
            limit_bytes: limits.memory_bytes,
            limit_elements: limits.table_elements,
            used_bytes: 0,
            used_elements: 0,
            denied: None,
        }
    }

    /// Memories and tables never shrink, so what is used at the end is the most there was.
    pub fn peak_bytes(&self) -> u64 {
        self.used_bytes
    }

    pub fn denied(&mut self) -> Option<Fault> {
        self.denied.take()
    }

    fn take_bytes(&mut self, more: u64) -> bool {
        let wanted = self.used_bytes.saturating_add(more);
        if wanted > self.limit_bytes {
            self.denied = Some(Fault::Memory { limit_bytes: self.limit_bytes, wanted_bytes: wanted });
            return false;
        }
        self.used_bytes = wanted;
        true
    }
}

impl ResourceLimiter for Budget {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.take_bytes(desired.saturating_sub(current) as u64))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        let wanted = self.used_elements.saturating_add(more);
        if wanted > self.limit_elements {
            self.denied = Some(Fault::Table { limit: self.limit_elements, wanted });
            return Ok(false);
        }
        let granted = self.take_bytes(more.saturating_mul(ELEMENT_BYTES));
        self.used_elements += if granted { more } else { 0 };
        Ok(granted)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_share_the_budget() {
        let limits = Limits { memory_bytes: 160, table_elements: 8, ..Limits::default() };
        let mut budget = Budget::new(&limits);
        assert!(budget.memory_growing(0, 100, None).expect("asked"));
        assert!(!budget.table_growing(0, 4, None).expect("asked"));
        assert_eq!(budget.denied(), Some(Fault::Memory { limit_bytes: 160, wanted_bytes: 164 }));
        assert!(budget.table_growing(0, 3, None).expect("asked"));
        assert!(!budget.table_growing(3, 9, None).expect("asked"));
        assert_eq!(budget.denied(), Some(Fault::Table { limit: 8, wanted: 9 }));
        assert_eq!(budget.peak_bytes(), 148);
    }
}
