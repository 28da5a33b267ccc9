//! Forgetting what is gone, or is let go.
//!
//! *Invariant*: a record goes only when nothing can stand any more of what it is about, or the
//! spec lets that stand.

use super::commit::Write;
use super::desk::Halt;
use super::event::Outcome;
use super::find::Sight;
use super::step::Worker;
use crate::aws::Wanted;
use crate::kind::Guard;
use crate::plan::Why;
use crate::state::Status;

impl Worker<'_> {
    pub(super) async fn forget(&mut self) -> Result<Outcome, Halt> {
        // Nothing is changed in AWS: the turn is only to begin.
        drop(self.desk.turn().await?);
        if self.plan.change.why.contains(&Why::Unseen) {
            self.stays_unseen().await?;
        }
        self.desk.commit(vec![self.removal()]).await?;
        Ok(Outcome::Applied)
    }

    /// Waits whether what an earlier run has begun shows after all. Then its record gets the id,
    /// and what becomes of it is for the next plan, which shows it.
    async fn stays_unseen(&mut self) -> Result<(), Halt> {
        let Some(mut record) = self.record.clone() else {
            return Ok(());
        };
        // A setting comes and goes with what it is a setting of.
        if self.kind.guard == Guard::Idempotent {
            return Ok(());
        }
        let wanted = Wanted {
            address: record.address.clone(),
            region: record.region.clone(),
            attributes: record.attributes.clone(),
            owner: self.owner.clone(),
        };
        // What others have in its place is none of ours.
        let Sight::Ours(id) = self.made_before(&wanted).await? else {
            return Ok(());
        };
        let error = format!(
            "{} {id}, which an earlier run began to make, has shown up only now",
            self.kind.noun
        );
        record.status = Status::Created;
        record.id = Some(id);
        self.desk.commit(vec![Write::Put(record)]).await?;
        Err(Halt::failed(error, "run again; the new plan has it"))
    }
}
