//! How the targets of a target group are.
//!
//! *Invariant*: says what AWS says, in its words.

use super::lb_target_group_attachment::registered;
use super::{Aws, Error};
use crate::resource::Id;

/// One registered target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// An instance or an address, and the port: `10.0.1.10:8443`.
    pub name: String,
    /// `healthy`, `initial`, `unhealthy`, `unused`, `unavailable`.
    pub state: String,
    /// AWS's code, `Target.FailedHealthChecks`; none for a healthy one.
    pub reason: Option<String>,
    /// AWS's sentence.
    pub description: Option<String>,
}

/// The targets of a group, less those that drain; a group that is gone has none. One call.
///
/// Source: `DescribeTargetHealth` and `TargetHealth` of the Elastic Load Balancing API
/// reference.
///
/// # Errors
/// The call failed.
pub async fn targets(aws: &Aws, group: &Id) -> Result<Vec<Target>, Error> {
    let registered = registered(aws, &group.region, &group.text).await?;
    let mut targets: Vec<Target> = registered
        .into_iter()
        .filter_map(|described| {
            let target = described.target?;
            let health = described.target_health?;
            let id = target.id.unwrap_or_default();
            let name = match target.port {
                Some(port) if id.contains(':') => format!("[{id}]:{port}"),
                Some(port) => format!("{id}:{port}"),
                None => id,
            };
            Some(Target {
                name,
                state: health
                    .state
                    .map_or_else(|| "unknown".to_owned(), |state| state.as_str().to_owned()),
                reason: health.reason.map(|reason| reason.as_str().to_owned()),
                description: health.description,
            })
        })
        .collect();
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(targets)
}
