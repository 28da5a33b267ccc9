//! A run as it happens: bars on a terminal, plain lines elsewhere, JSON lines for programs.
//!
//! *Invariant*: the three are made from [`Event`]s alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::style::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint};
use super::{Screen, by_hand};
use crate::executor::event::{Event, Outcome, Summary};
use crate::plan::Action;

/// Who listens to a run.
pub trait Listener: Send {
    /// One thing happened.
    fn hear(&mut self, event: &Event);
}

/// The listener for this screen; JSON lines on standard output where `json` is set.
#[must_use]
pub fn listener(screen: Screen, json: bool) -> Box<dyn Listener> {
    if json {
        Box::new(Json { screen })
    } else if screen.terminal.error {
        Box::new(Bars::new())
    } else {
        Box::new(Lines {
            screen,
            began: BTreeMap::new(),
        })
    }
}

/// An event a line.
struct Json {
    screen: Screen,
}

impl Listener for Json {
    fn hear(&mut self, event: &Event) {
        if let Ok(line) = serde_json::to_string(event) {
            self.screen.data(&format!("{line}\n"));
        }
    }
}

/// For logs.
struct Lines {
    screen: Screen,
    began: BTreeMap<usize, Instant>,
}

impl Listener for Lines {
    fn hear(&mut self, event: &Event) {
        if let Event::Started { step, .. } = event {
            self.began.insert(*step, Instant::now());
        }
        let elapsed = |step: &usize| {
            self.began
                .get(step)
                .map(Instant::elapsed)
                .unwrap_or_default()
        };
        let line = match event {
            Event::Begun { .. } | Event::Usable { .. } => return,
            Event::Started {
                address, action, ..
            } => format!("{address}: {}", doing(*action)),
            Event::Waiting {
                step,
                address,
                what,
                detail,
                usual_seconds,
            } => {
                let time = seconds(elapsed(step));
                let usual = usual(*usual_seconds);
                format!("{address}: waiting for {what}: {detail} [{time}{usual}]")
            }
            Event::ByHand { component, records } => {
                by_hand::told(component, records).trim_end().to_owned()
            }
            Event::Retrying { address, why, .. } => format!("{address}: trying again: {why}"),
            Event::Ended {
                step,
                address,
                action,
                outcome,
            } => ended(address, *action, outcome, elapsed(step)),
            Event::Stopping { running } => stopping(*running),
            Event::Finished(summary) => sum(summary),
        };
        self.screen.talk(&format!("{line}\n"));
    }
}

/// For a person who watches.
struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    steps: BTreeMap<usize, (ProgressBar, Instant)>,
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let total = all.add(ProgressBar::new(0));
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len}  {elapsed}") {
            total.set_style(style);
        }
        Self {
            all,
            total,
            steps: BTreeMap::new(),
        }
    }

    fn above(&self, line: &str) {
        // A terminal that went away is no reason to stop.
        drop(self.all.println(line));
    }
}

impl Listener for Bars {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Begun { steps } => {
                self.total.set_length(*steps as u64);
                self.total.enable_steady_tick(Duration::from_millis(200));
            }
            Event::Started {
                step,
                address,
                action,
            } => {
                let bar = self
                    .all
                    .insert_before(&self.total, ProgressBar::new_spinner());
                if let Ok(style) =
                    ProgressStyle::with_template("{spinner} {wide_msg} {elapsed:>4}{prefix}")
                {
                    bar.set_style(style);
                }
                bar.set_message(format!("{address}: {}", doing(*action)));
                bar.enable_steady_tick(Duration::from_millis(200));
                self.steps.insert(*step, (bar, Instant::now()));
            }
            Event::Waiting {
                step,
                address,
                what,
                detail,
                usual_seconds,
            } => {
                if let Some((bar, _)) = self.steps.get(step) {
                    bar.set_message(format!("{address}: waiting for {what}: {detail}"));
                    // The bar shows the time that has passed before it.
                    bar.set_prefix(usual(*usual_seconds));
                }
            }
            Event::Retrying { step, address, why } => {
                if let Some((bar, _)) = self.steps.get(step) {
                    bar.set_message(format!("{address}: trying again: {why}"));
                }
            }
            Event::Ended {
                step,
                address,
                action,
                outcome,
            } => {
                let elapsed = match self.steps.remove(step) {
                    Some((bar, began)) => {
                        bar.finish_and_clear();
                        began.elapsed()
                    }
                    None => Duration::ZERO,
                };
                self.total.inc(1);
                self.above(&ended(address, *action, outcome, elapsed));
            }
            Event::ByHand { component, records } => {
                self.above(by_hand::told(component, records).trim_end());
            }
            Event::Usable { .. } => {}
            Event::Stopping { running } => self.above(&stopping(*running)),
            Event::Finished(summary) => {
                for (bar, _) in self.steps.values() {
                    bar.finish_and_clear();
                }
                self.total.finish_and_clear();
                self.above(&sum(summary));
            }
        }
    }
}

fn doing(action: Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Update => "updating",
        Action::Replace => "replacing",
        Action::Delete => "deleting",
        Action::Adopt => "adopting",
        Action::Forget => "forgetting",
    }
}

fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
        Action::Adopt => "adopted",
        Action::Forget => "forgotten",
    }
}

fn ended(address: &str, action: Action, outcome: &Outcome, elapsed: Duration) -> String {
    let time = paint(DIM, &format!("[{}]", seconds(elapsed)));
    match outcome {
        Outcome::Applied => format!("{address}: {} {time}", paint(GREEN, done(action))),
        Outcome::Kept { why } => format!("{address}: {}: {why}", paint(CYAN, "kept")),
        Outcome::Failed { error, hint } => {
            let hint = hint
                .as_ref()
                .map(|hint| format!("\n  {} {hint}", paint(CYAN, "help:")))
                .unwrap_or_default();
            format!("{address}: {}: {error}{hint}", paint(RED, "failed"))
        }
        Outcome::Skipped { because } => {
            format!("{address}: {}: {because}", paint(YELLOW, "skipped"))
        }
        Outcome::Uncertain { why } => format!(
            "{address}: {}: {why}\n  {} run again: what was begun is found, and nothing is made twice",
            paint(YELLOW, "uncertain"),
            paint(CYAN, "help:")
        ),
    }
}

fn stopping(running: usize) -> String {
    format!(
        "{}: waiting for {running} running steps; once more leaves them",
        paint(YELLOW, "stopping")
    )
}

fn sum(summary: &Summary) -> String {
    let counts = [
        (summary.created, "created"),
        (summary.updated, "updated"),
        (summary.replaced, "replaced"),
        (summary.deleted, "deleted"),
        (summary.adopted, "adopted"),
        (summary.forgotten, "forgotten"),
        (summary.kept, "kept"),
        (summary.failed, "failed"),
        (summary.skipped, "skipped"),
        (summary.uncertain, "uncertain"),
    ];
    let words: Vec<String> = counts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    let words = if words.is_empty() {
        "nothing to do".to_owned()
    } else {
        words.join(", ")
    };
    if summary.is_complete() {
        return format!("{} {words}.", paint(BOLD, "Done:"));
    }
    format!(
        "{} {words}.\n  {} mend what failed, then run again: all that was made is recorded, and only what is missing is done",
        paint(BOLD, "Partly done:"),
        paint(CYAN, "help:")
    )
}

/// How long it usually takes: ` of about 2m`.
fn usual(usual_seconds: Option<u32>) -> String {
    match usual_seconds {
        None => String::new(),
        Some(seconds @ 0..60) => format!(" of about {seconds}s"),
        Some(seconds) => format!(" of about {}m", seconds.div_ceil(60)),
    }
}

fn seconds(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..=59 => format!("{:.1}s", elapsed.as_secs_f32()),
        seconds => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::usual;

    #[test]
    fn a_wait_says_how_long_it_usually_takes() {
        assert_eq!(usual(None), "");
        assert_eq!(usual(Some(20)), " of about 20s");
        assert_eq!(usual(Some(120)), " of about 2m");
        assert_eq!(usual(Some(150)), " of about 3m");
    }
}
