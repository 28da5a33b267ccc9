//! Changes -> steps in order.
use super::Step;

/// Orders.
pub fn order(steps: Vec<Step>) -> Vec<Step> {
    steps
}
