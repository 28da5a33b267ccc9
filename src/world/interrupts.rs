//! SIGINT and SIGTERM, as they come.
//!
//! A signal that nobody [handles](Interrupts::handle) ends the verb where it stands: whatever
//! it holds (the lock of the state) is given back as it is dropped. Who carries out a plan
//! handles them, as calls under way must come to their end.
//!
//! *Invariant*: no signal is lost: one that comes before anybody waits for it ends the verb as
//! soon as somebody does, and one that comes just before somebody handles them is the first
//! that they hear of.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// How many signals there were, and whether somebody handles them.
#[derive(Clone, Debug, Default)]
pub struct Interrupts {
    count: Arc<watch::Sender<usize>>,
    handlers: Arc<AtomicUsize>,
}

/// As long as it is not dropped, signals end nothing by themselves.
#[derive(Debug)]
pub struct Handling {
    count: watch::Receiver<usize>,
    handlers: Arc<AtomicUsize>,
}

impl Interrupts {
    /// Listens from now on, to the end of the runtime in which it is called. Where the system
    /// gives no handler, a signal ends the process, as it always did.
    pub fn listen(&self) {
        let count = Arc::clone(&self.count);
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let interrupt = signal(SignalKind::interrupt());
            let terminate = signal(SignalKind::terminate());
            let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else {
                return;
            };
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    count.send_modify(|count| *count += 1);
                }
            });
        }
        #[cfg(not(unix))]
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                count.send_modify(|count| *count += 1);
            }
        });
    }

    /// Comes to its end with the first signal that nobody handles.
    pub async fn unhandled(&self) {
        let mut count = self.count.subscribe();
        let mut seen = 0;
        // The sender is `self`'s: it does not go before this does.
        while let Ok(now) = count.wait_for(|count| *count > seen).await {
            if self.handlers.load(Ordering::SeqCst) == 0 {
                return;
            }
            seen = *now;
        }
    }

    /// From now on signals are the caller's.
    #[must_use]
    pub fn handle(&self) -> Handling {
        self.handlers.fetch_add(1, Ordering::SeqCst);
        Handling {
            count: self.count.subscribe(),
            handlers: Arc::clone(&self.handlers),
        }
    }
}

impl Handling {
    /// How many there were since the run began; changes with each.
    #[must_use]
    pub fn count(&self) -> watch::Receiver<usize> {
        self.count.clone()
    }

    /// Comes to its end when there has been one.
    pub async fn any(&mut self) {
        // Where nobody sends any more, none will come.
        if self.count.wait_for(|count| *count > 0).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        self.handlers.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::Interrupts;

    #[tokio::test]
    async fn a_signal_that_comes_first_is_not_lost() {
        let interrupts = Interrupts::default();
        interrupts.count.send_modify(|count| *count += 1);
        interrupts.unhandled().await;
    }

    #[tokio::test]
    async fn a_signal_ends_what_nobody_handles_and_is_heard_by_who_does() {
        let interrupts = Interrupts::default();
        let mut handling = interrupts.handle();
        let unhandled = {
            let interrupts = interrupts.clone();
            tokio::spawn(async move { interrupts.unhandled().await })
        };
        tokio::task::yield_now().await;
        interrupts.count.send_modify(|count| *count += 1);
        handling.any().await;
        tokio::task::yield_now().await;
        assert!(!unhandled.is_finished());
        drop(handling);
        // Whoever comes late hears of it all the same.
        interrupts.handle().any().await;
        interrupts.count.send_modify(|count| *count += 1);
        unhandled.await.unwrap();
    }
}
