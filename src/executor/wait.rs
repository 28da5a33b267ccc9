//! How long to pause, and for how long in all.
//!
//! *Invariant*: pure arithmetic over a monotonic clock; whoever waits does it elsewhere,
//! holding no turn.

use std::time::Duration;

use tokio::time::Instant;

use crate::aws::{Error, ErrorKind};

/// How patient a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The first pause between two looks.
    pub first: Duration,
    /// The longest that it grows to.
    pub longest: Duration,
    /// How long a call is repeated that AWS refused for a reason that passes: a conflict,
    /// throttling, an unclear answer, a dependency that it does not see yet.
    pub passing: Duration,
    /// How long nothing must be found before a create is sent again that nothing guards, or
    /// before what a run was about to make is forgotten.
    pub quiet: Duration,
    /// How long a delete waits for something that this plan does not touch.
    pub foreign_use: Duration,
    /// How long a delete waits where AWS says that something uses the thing, and nothing does.
    pub unknown_use: Duration,
    /// How long a delete waits for something that this plan deletes or turns away.
    pub own_use: Duration,
}

impl Default for Pace {
    /// For AWS itself. What takes a moment is seen in a moment, and what takes minutes is
    /// looked at every ten seconds. Services see each other's changes within a minute or
    /// two; a load balancer's network interfaces outlive it by some minutes.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(300),
            longest: Duration::from_secs(10),
            passing: Duration::from_mins(1),
            quiet: Duration::from_mins(1),
            foreign_use: Duration::from_secs(10),
            unknown_use: Duration::from_mins(2),
            own_use: Duration::from_mins(15),
        }
    }
}

/// Pauses that grow while nothing happens.
#[derive(Debug)]
pub(super) struct Pauses {
    first: Duration,
    longest: Duration,
    next: Duration,
    since: Instant,
    words: Option<(String, String)>,
}

impl Pauses {
    /// Nothing was waited for yet.
    pub(super) fn new(pace: &Pace) -> Self {
        Self {
            first: pace.first,
            longest: pace.longest,
            next: pace.first,
            since: Instant::now(),
            words: None,
        }
    }

    /// The next pause, half as long again as the one before.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.next.min(self.longest);
        self.next = pause.mul_f64(1.5);
        pause
    }

    /// The same, but not past the end of this patience.
    pub(super) fn next_within(&mut self, patience: Duration) -> Duration {
        self.next().min(patience.saturating_sub(self.waited()))
    }

    /// Notes what is waited for. True if the words are new: something happens, so pauses
    /// are short again and patience begins anew.
    pub(super) fn heard(&mut self, what: &str, detail: &str) -> bool {
        let words = (what.to_owned(), detail.to_owned());
        if self.words.as_ref() == Some(&words) {
            return false;
        }
        self.words = Some(words);
        self.next = self.first;
        self.since = Instant::now();
        true
    }

    /// How long nothing has happened.
    pub(super) fn waited(&self) -> Duration {
        self.since.elapsed()
    }
}

/// Repeats of one call. Patience is counted from the first failure of a row: a wait of
/// minutes may be followed by one that passes.
#[derive(Debug)]
pub(super) struct Retry<'a> {
    pace: &'a Pace,
    failing: Option<Pauses>,
    just_made: bool,
}

impl<'a> Retry<'a> {
    /// `just_made`: whether something that the call needs was made or changed in this run,
    /// so that AWS may not see it everywhere yet.
    pub(super) fn new(pace: &'a Pace, just_made: bool) -> Self {
        Self {
            pace,
            failing: None,
            just_made,
        }
    }

    /// Notes that the call got through: what fails after it is another failure.
    pub(super) fn got_through(&mut self) {
        self.failing = None;
    }

    /// The pause before the call is sent again; none if that would not help, or has not
    /// for long enough.
    pub(super) fn pause_after(&mut self, error: &Error) -> Option<Duration> {
        let passes = match error.kind {
            ErrorKind::Conflict | ErrorKind::Throttled | ErrorKind::Uncertain => true,
            _ => self.just_made && error.may_be_propagation(),
        };
        let failing = self.failing.get_or_insert_with(|| Pauses::new(self.pace));
        let patient = failing.waited() < self.pace.passing;
        (passes && patient).then(|| failing.next())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Pace, Pauses, Retry};
    use crate::aws::{Error, ErrorKind};

    #[test]
    fn pauses_grow_until_something_happens() {
        let mut pauses = Pauses::new(&Pace::default());
        assert!(pauses.heard("ACM", "PENDING"));
        let tenths: Vec<u128> = (0..11).map(|_| pauses.next().as_millis() / 100).collect();
        assert_eq!(tenths, [3, 4, 6, 10, 15, 22, 34, 51, 76, 100, 100]);
        assert!(!pauses.heard("ACM", "PENDING"));
        assert_eq!(pauses.next().as_secs(), 10);
        assert!(pauses.heard("ACM", "ISSUED"));
        assert_eq!(pauses.next().as_millis(), 300);
    }

    /// What is not ours is not waited for past its ten seconds, however long the pauses have
    /// grown by then; and AWS is asked a few times only.
    #[test]
    fn pauses_end_where_patience_does() {
        let pace = Pace {
            first: Duration::from_millis(10),
            longest: Duration::from_hours(1),
            foreign_use: Duration::from_millis(100),
            ..Pace::default()
        };
        let mut waiting = Pauses::new(&pace);
        let mut slept = Duration::ZERO;
        let mut looks = 1;
        while waiting.waited() < pace.foreign_use {
            let pause = waiting.next_within(pace.foreign_use);
            assert!(slept + pause <= pace.foreign_use);
            std::thread::sleep(pause);
            slept += pause;
            looks += 1;
        }
        assert!(looks <= 6, "{looks}");
        assert!(Pace::default().foreign_use < Duration::from_secs(15));
    }

    #[test]
    fn only_what_passes_is_repeated_and_not_for_ever() {
        let error = |kind| Error::new(kind, "elasticloadbalancing:CreateListener", "no");
        let pace = Pace::default();
        let mut retry = Retry::new(&pace, true);
        assert!(retry.pause_after(&error(ErrorKind::Conflict)).is_some());
        assert!(retry.pause_after(&error(ErrorKind::NotFound)).is_some());
        assert!(retry.pause_after(&error(ErrorKind::Refused)).is_none());
        assert!(retry.pause_after(&error(ErrorKind::AccessDenied)).is_none());

        let mut alone = Retry::new(&pace, false);
        assert!(alone.pause_after(&error(ErrorKind::NotFound)).is_none());

        let impatient = Pace {
            passing: Duration::ZERO,
            ..Pace::default()
        };
        let mut tired = Retry::new(&impatient, true);
        assert!(tired.pause_after(&error(ErrorKind::Conflict)).is_none());
    }

    #[test]
    fn a_long_wait_does_not_use_up_the_patience_with_failures() {
        let pace = Pace {
            passing: Duration::from_millis(20),
            ..Pace::default()
        };
        let busy = Error::new(ErrorKind::Throttled, "acm:DescribeCertificate", "slower");
        let wait = || std::thread::sleep(Duration::from_millis(30));
        let mut retry = Retry::new(&pace, false);
        wait();
        assert!(retry.pause_after(&busy).is_some());
        wait();
        assert!(retry.pause_after(&busy).is_none());
        retry.got_through();
        assert!(retry.pause_after(&busy).is_some());
    }
}
