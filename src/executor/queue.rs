//! Which step may begin, and which may call AWS.
//!
//! [`Queue`]: steps and what they wait for. A step is ready when everything before it is
//! usable; a delete, when everything before it is over. [`Turns`]: of those that want to
//! call, who may now: so many at once, no two that share a key, the one with the longest
//! way behind it first.
//!
//! *Invariant*: pure bookkeeping. Nothing here waits, calls, or knows what a step does.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::kind::Kind;
use crate::plan::{Action, Step};

/// Steps of a plan that have not begun, and what each still waits for.
#[derive(Debug)]
pub(super) struct Queue {
    waits_for: Vec<BTreeSet<usize>>,
    dependents: Vec<Vec<usize>>,
    /// Whether it waits until what is before it is over, not only usable.
    to_the_end: Vec<bool>,
    paths: Vec<usize>,
    pending: BTreeSet<usize>,
}

impl Queue {
    /// Everything is still to be done.
    pub(super) fn new(steps: &[Step]) -> Self {
        let mut dependents = vec![Vec::new(); steps.len()];
        for (index, step) in steps.iter().enumerate() {
            for before in &step.after {
                dependents[*before].push(index);
            }
        }
        let mut paths = vec![1; steps.len()];
        for index in (0..steps.len()).rev() {
            let longest = dependents[index].iter().map(|next| paths[*next]).max();
            paths[index] = 1 + longest.unwrap_or(0);
        }
        Self {
            waits_for: steps
                .iter()
                .map(|step| step.after.iter().copied().collect())
                .collect(),
            dependents,
            to_the_end: steps
                .iter()
                .map(|step| {
                    let kind = Kind::of(&step.change.kind);
                    step.change.action == Action::Delete || kind.is_some_and(|kind| kind.after_done)
                })
                .collect(),
            paths,
            pending: (0..steps.len()).collect(),
        }
    }

    /// How many steps the longest chain has that begins with this one.
    pub(super) fn path(&self, step: usize) -> usize {
        self.paths[step]
    }

    /// Takes out all that are ready, the longest chain first.
    pub(super) fn take_ready(&mut self) -> Vec<usize> {
        let mut ready: Vec<usize> = self
            .pending
            .iter()
            .copied()
            .filter(|step| self.waits_for[*step].is_empty())
            .collect();
        ready.sort_by_key(|step| (Reverse(self.paths[*step]), *step));
        for step in &ready {
            self.pending.remove(step);
        }
        ready
    }

    /// A step is usable: what builds on it may begin.
    pub(super) fn usable(&mut self, step: usize) {
        for dependent in &self.dependents[step] {
            if !self.to_the_end[*dependent] {
                self.waits_for[*dependent].remove(&step);
            }
        }
    }

    /// A step is over, as it should be.
    pub(super) fn over(&mut self, step: usize) {
        for dependent in &self.dependents[step] {
            self.waits_for[*dependent].remove(&step);
        }
    }

    /// A step is not as it should be: takes out all that would have needed it, in order.
    pub(super) fn failed(&mut self, step: usize) -> Vec<usize> {
        let mut skipped = BTreeSet::new();
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            for dependent in &self.dependents[step] {
                if self.waits_for[*dependent].contains(&step) && self.pending.remove(dependent) {
                    skipped.insert(*dependent);
                    open.push(*dependent);
                }
            }
        }
        skipped.into_iter().collect()
    }

    /// Takes out all that have not begun.
    pub(super) fn take_pending(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.pending).into_iter().collect()
    }
}

/// What two steps must not change at once: region, attribute and value, such as a bucket.
pub(super) type Key = (String, &'static str, String);

/// Who calls AWS now, and who wants to.
#[derive(Debug)]
pub(super) struct Turns {
    free: usize,
    held: BTreeMap<usize, Option<Key>>,
    asking: BTreeMap<(Reverse<usize>, usize), Option<Key>>,
}

impl Turns {
    /// As many at once as this.
    pub(super) fn new(parallelism: usize) -> Self {
        Self {
            free: parallelism.max(1),
            held: BTreeMap::new(),
            asking: BTreeMap::new(),
        }
    }

    /// A step wants to call. `path` is how much waits behind it.
    pub(super) fn ask(&mut self, step: usize, path: usize, key: Option<Key>) {
        self.asking.insert((Reverse(path), step), key);
    }

    /// A step wants no longer, or has called.
    pub(super) fn release(&mut self, step: usize) {
        if self.held.remove(&step).is_some() {
            self.free += 1;
        }
        self.asking.retain(|(_, asking), _| *asking != step);
    }

    /// Those whose turn it is from now on, until they release it.
    pub(super) fn grant(&mut self) -> Vec<usize> {
        let mut granted = Vec::new();
        while self.free > 0 {
            let next = self
                .asking
                .iter()
                .find(|(_, key)| key.is_none() || !self.held.values().any(|held| held == *key))
                .map(|(place, _)| *place);
            let Some(place) = next else { break };
            let key = self.asking.remove(&place).flatten();
            self.held.insert(place.1, key);
            self.free -= 1;
            granted.push(place.1);
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::{Queue, Turns};
    use crate::address::Address;
    use crate::plan::{Action, Change, Step};
    use crate::value::Attributes;

    fn step(action: Action, after: &[usize]) -> Step {
        Step {
            change: Change {
                address: Address::managed("c", "aws_lb", "a"),
                kind: "aws_lb".to_owned(),
                child: None,
                replaced: false,
                action,
                id: None,
                region: "eu-west-1".to_owned(),
                fields: Vec::new(),
                why: Vec::new(),
                protected: false,
            },
            after: after.to_vec(),
            wanted: None,
            observed: Attributes::new(),
            dependencies: Vec::new(),
            generation: 1,
            protect: false,
        }
    }

    #[test]
    fn the_longest_chain_begins_first() {
        let mut queue = Queue::new(&[
            step(Action::Create, &[]),
            step(Action::Create, &[]),
            step(Action::Create, &[1]),
        ]);
        assert_eq!(queue.take_ready(), [1, 0]);
        assert!(queue.take_ready().is_empty());
        queue.usable(1);
        assert_eq!(queue.take_ready(), [2]);
    }

    #[test]
    fn a_delete_waits_until_all_before_it_is_over() {
        let mut queue = Queue::new(&[
            step(Action::Replace, &[]),
            step(Action::Update, &[0]),
            step(Action::Delete, &[0, 1]),
        ]);
        assert_eq!(queue.take_ready(), [0]);
        queue.usable(0);
        assert_eq!(queue.take_ready(), [1]);
        queue.over(0);
        queue.usable(1);
        assert!(queue.take_ready().is_empty());
        queue.over(1);
        assert_eq!(queue.take_ready(), [2]);
    }

    #[test]
    fn a_vpc_origin_waits_until_its_load_balancer_is_active() {
        let mut origin = step(Action::Create, &[0]);
        origin.change.kind = "aws_cloudfront_vpc_origin".to_owned();
        let mut queue = Queue::new(&[step(Action::Create, &[]), origin]);
        assert_eq!(queue.take_ready(), [0]);
        queue.usable(0);
        assert!(queue.take_ready().is_empty());
        queue.over(0);
        assert_eq!(queue.take_ready(), [1]);
    }

    #[test]
    fn a_failure_takes_only_what_still_needs_it() {
        let mut queue = Queue::new(&[
            step(Action::Create, &[]),
            step(Action::Create, &[0]),
            step(Action::Create, &[1]),
            step(Action::Create, &[]),
            step(Action::Create, &[3]),
        ]);
        assert_eq!(queue.take_ready(), [0, 3]);
        // Usable first, failed later: what builds on it may go on.
        queue.usable(3);
        assert!(queue.failed(3).is_empty());
        assert_eq!(queue.failed(0), [1, 2]);
        assert_eq!(queue.take_ready(), [4]);
        assert!(queue.take_pending().is_empty());
    }

    #[test]
    fn turns_are_few_and_never_two_for_one_key() {
        let bucket = |name: &str| Some(("eu-west-1".to_owned(), "bucket", name.to_owned()));
        let mut turns = Turns::new(3);
        turns.ask(0, 1, bucket("a"));
        turns.ask(1, 5, bucket("a"));
        turns.ask(2, 2, bucket("b"));
        turns.ask(3, 1, None);
        turns.ask(4, 1, None);
        // 1 has the longest way, so 0 waits for its bucket; 4 finds no place.
        assert_eq!(turns.grant(), [1, 2, 3]);
        turns.release(1);
        assert_eq!(turns.grant(), [0]);
        turns.release(3);
        turns.release(3);
        assert_eq!(turns.grant(), [4]);
        assert!(turns.grant().is_empty());
    }
}
