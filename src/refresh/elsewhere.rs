//! What is not there under its name, and may be there under another: it was moved or replaced
//! under a state that is lost since.
//!
//! *Invariant*: AWS is asked once a region, and only where something is missed.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::aws::{Aws, Error, ErrorKind, Found, Owner, tagged};
use crate::resource::Resource;
use crate::state::Document;

/// What carries our tags, by region, as far as it was asked.
#[derive(Default)]
pub(super) struct Elsewhere(BTreeMap<String, Vec<(Address, Found)>>);

impl Elsewhere {
    /// What has the tags of this resource, which was not found under its name.
    ///
    /// # Errors
    /// AWS could not be asked. That it may not be matters only where a state may be lost, or not
    /// all that it held is taken over: else what there is no record of was not made before.
    pub(super) async fn find(
        &mut self,
        aws: &Aws,
        resource: &Resource,
        document: &Document,
        owner: &Owner,
    ) -> Result<Vec<Found>, Error> {
        if !tagged::may_have_another_name(&resource.address.kind) {
            return Ok(Vec::new());
        }
        let is_lost = document.is_new() || !document.forebears.is_empty();
        if !self.0.contains_key(&resource.region) {
            let all = match tagged::tagged(aws, &resource.region, owner).await {
                Err(error) if error.kind == ErrorKind::AccessDenied && !is_lost => Vec::new(),
                answer => answer?,
            };
            self.0.insert(resource.region.clone(), all);
        }
        let all = self.0.get(&resource.region).into_iter().flatten();
        let same = all.filter(|(address, _)| *address == resource.address);
        Ok(same.map(|(_, found)| found.clone()).collect())
    }
}
