//! Whether a call may have been carried out, whatever the last of its attempts was told.
//!
//! *Invariant*: what others do at the same time does not count.

use std::cell::Cell;

tokio::task_local! {
    /// Attempts of calls that change something which were not refused.
    static OPEN: Cell<usize>;
}

/// Does it, and tells whether a call of it that changes something may have been carried out: an
/// attempt of it left and was not refused. The SDK repeats what was not answered, and reports
/// only what became of the last attempt.
pub async fn may_have_acted<T>(what: impl Future<Output = T>) -> (T, bool) {
    let watched = async {
        let done = what.await;
        (done, OPEN.with(Cell::get) > 0)
    };
    OPEN.scope(Cell::new(0), watched).await
}

/// An attempt leaves.
pub(super) fn leaves() {
    // Nearly always nobody wants to know.
    OPEN.try_with(|open| open.set(open.get() + 1)).ok();
}

/// The attempt that left last is answered with this status.
pub(super) fn is_answered(status: u16) {
    if (400..500).contains(&status) {
        OPEN.try_with(|open| open.set(open.get().saturating_sub(1)))
            .ok();
    }
}

#[cfg(test)]
mod tests {
    use super::{is_answered, leaves, may_have_acted};

    /// Each attempt with the status of its answer, 0 for none.
    async fn check(attempts: &[u16], expected: bool) {
        let call = async {
            for status in attempts {
                leaves();
                if *status > 0 {
                    is_answered(*status);
                }
            }
        };
        let ((), acted) = may_have_acted(call).await;
        assert_eq!(acted, expected, "{attempts:?}");
    }

    #[tokio::test]
    async fn a_refusal_tells_nothing_of_the_attempt_before_it() {
        check(&[], false).await;
        check(&[400], false).await;
        check(&[429, 403], false).await;
        check(&[0, 400], true).await;
        check(&[500, 403], true).await;
        check(&[400, 200], true).await;
    }
}
