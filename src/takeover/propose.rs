//! The state -> the proposal.
//!
//! *Invariant*: the text that is given is the one that everything else in the proposal is told
//! of.

use std::collections::{BTreeMap, BTreeSet};

use super::around::{Around, Reasons};
use super::draft::Import;
use super::found::Found;
use super::matching::Matching;
use super::network::Network;
use super::view::View;
use super::{
    Ask, How, Proposal, bucket, compose, kept, left, more, network, outcome, service, site, stay,
};
use crate::address::Address;
use crate::blueprint::Library;
use crate::diagnostic::Diagnostic;
use crate::terraform::state::State;

/// Proposes the spec that takes over what a state remembers.
///
/// # Errors
/// Names of the app or the environment that a spec can't have.
pub fn propose(state: &State, ask: &Ask, library: &Library) -> Result<Proposal, Vec<Diagnostic>> {
    let mut view = View::of(state);
    let mut reasons = Reasons::new();
    let groups = groups(&view, &mut reasons);
    let mut draft = compose::head(&view, ask, &groups);
    draft.components = compose::components(&view, groups, &draft.region, &mut reasons);
    compose::drop_what_does_not_expand(&mut draft, library, &mut reasons);
    let mut proposal = Proposal {
        data: state.data,
        others: state.others.clone(),
        ..Proposal::default()
    };
    if draft.components.is_empty() {
        proposal.left = left::all(&view, &BTreeMap::new(), &reasons);
        return Ok(proposal);
    }
    view.bar(reasons.keys().copied());
    let around = Around { ask, library };
    around.log_where_it_must(&mut draft)?;
    proposal.insecure = stay::write(&mut draft, &view, &around)?;

    more::write(&mut draft, &view, &around)?;
    let desired = around.looked_up(&draft)?;
    // What is left takes what hangs on it along.
    let matching = loop {
        let matching = Matching::of(&desired, &view, &draft.pins());
        let replaced = outcome::replaced(&matching);
        if replaced.is_empty() {
            break matching;
        }
        drop(matching);
        view.bar(replaced.keys().copied());
        reasons.extend(replaced);
    };
    let (kept, sids) = kept::choose(&desired, &matching, &view, ask.today);
    let desired = desired.clone().with_kept(&kept);
    let matching = Matching::of(&desired, &view, &draft.pins());
    let taken = outcome::taken(&view, &desired, &matching, &mut reasons);
    draft.imports = taken
        .iter()
        .filter_map(|one| match &one.how {
            How::Import(id) => Some(Import {
                address: one.address.clone(),
                id: id.clone(),
                keep: sids.get(&one.address).cloned().unwrap_or_default(),
                terraform: one.terraform.clone(),
            }),
            How::With(_) | How::Nothing => None,
        })
        .collect();
    draft.imports.sort_by(|a, b| a.address.cmp(&b.address));
    proposal.refused = around.refused(around.expand(&draft)?);
    let by_place: BTreeMap<usize, Address> = matching
        .things
        .iter()
        .filter(|(address, place)| {
            view.is_part(**place) || taken.iter().any(|one| one.address == **address)
        })
        .map(|(address, place)| (*place, address.clone()))
        .collect();
    proposal.left = left::all(&view, &by_place, &reasons);
    proposal.removed = left::removed(&view, &by_place);
    proposal.made = outcome::made(&view, &desired, &matching, &taken);
    proposal.taken = taken;
    proposal.spec = Some(draft.text());
    Ok(proposal)
}

/// All groups, those that others refer to first; why the roots of some have none.
fn groups(view: &View, reasons: &mut Reasons) -> Vec<Found> {
    let mut owned = BTreeSet::new();
    let networks: Vec<Network> = sort(network::find(view), reasons);
    let mut services = sort(service::find(view, &networks, &mut owned), reasons);
    let sites = sort(site::find(view, &mut services, &mut owned), reasons);
    let mut groups: Vec<Found> = networks.into_iter().map(|network| network.found).collect();
    groups.extend(services);
    groups.extend(sites);
    let pins = groups.iter().flat_map(|one| one.pins.values().copied());
    let held: BTreeSet<usize> = pins.collect();
    groups.extend(sort(bucket::find(view, &held), reasons));
    reasons.extend(bucket::barred(view, &groups));
    groups
}

/// Those that were found; why the others were not goes to the reasons.
fn sort<T>(found: Vec<Result<T, (usize, String)>>, reasons: &mut Reasons) -> Vec<T> {
    let mut good = Vec::new();
    for one in found {
        match one {
            Ok(one) => good.push(one),
            Err((place, why)) => {
                reasons.insert(place, why);
            }
        }
    }
    good
}
