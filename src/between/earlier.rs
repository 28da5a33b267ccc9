//! What is done before each step, whatever the order.
//!
//! *Invariant*: a step stands after all that it waits for.

use crate::plan::Step;

/// For each step, the steps that are done in every order before it begins.
pub(super) struct Earlier {
    words: usize,
    bits: Vec<u64>,
}

impl Earlier {
    /// Whether the other is done in every order before the step begins.
    pub(super) fn of(&self, step: usize, other: usize) -> bool {
        self.bits[step * self.words + other / 64] & (1 << (other % 64)) != 0
    }
}

/// The same of each of these.
pub(super) fn earlier(steps: &[Step]) -> Earlier {
    let words = steps.len().div_ceil(64);
    let mut bits = vec![0_u64; words * steps.len()];
    for (index, step) in steps.iter().enumerate() {
        // All that a step waits for stands before it.
        let (done, own) = bits.split_at_mut(index * words);
        for before in step.after.iter().filter(|before| **before < index) {
            own[before / 64] |= 1 << (before % 64);
            let theirs = &done[before * words..(before + 1) * words];
            for (own, theirs) in own.iter_mut().zip(theirs) {
                *own |= theirs;
            }
        }
    }
    Earlier { words, bits }
}
