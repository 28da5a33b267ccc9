//! Asks the lookups that a step hangs on and that could not be asked before.
//!
//! *Invariant*: it begins when all that the lookups wait for is usable, as the graph's edges
//! lead through them; and it only asks.

use super::desk::Halt;
use super::step::{Deferred, Worker};
use super::unknowns::no_unknowns;
use super::wait::Retry;
use crate::lookup;

impl Worker<'_> {
    /// Asks, and puts the answers into what is wanted. What it looks for was made just now,
    /// so that it may take a moment to show.
    pub(super) async fn ask_deferred(&mut self) -> Result<(), Halt> {
        let Some(Deferred { lookups, mut known }) = self.deferred.take() else {
            return Ok(());
        };
        for lookup in lookups {
            let kind = lookup.address.kind.as_str();
            let mut retry = Retry::new(self.pace, true);
            let answer = loop {
                let asked = lookup::ask_one(self.aws, kind, &lookup.region, &lookup.arguments);
                let error = match asked.await {
                    Ok(answer) => break answer,
                    Err(error) => error,
                };
                let Some(pause) = retry.pause_after(&error) else {
                    return Err(error.into());
                };
                self.desk.retrying(&error);
                let during = format!("looking for {}", lookup.address);
                self.desk.pause(pause, &during).await?;
            };
            known.learn(lookup.address.clone(), answer.clone());
            self.desk.found(lookup.address, answer);
        }
        if let Some(resource) = &self.plan.wanted {
            let wanted = known.wanted(resource, self.owner);
            no_unknowns(&wanted.attributes)?;
            self.wanted = Some(wanted);
        }
        Ok(())
    }
}
