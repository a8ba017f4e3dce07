//! Numbers. A document's are compared as text; a cluster's own integers exactly; floats that it computed with a
//! tolerance, since the order of adding depends on how documents lie in segments.

use super::{Walk, Zone};
use crate::json::Value;
use crate::rules;

/// Scores, relative.
pub(super) const SCORE_TOLERANCE: f64 = 1e-5;
/// Other floats that the cluster computed (sums, averages, distances), relative.
pub(super) const COMPUTED_TOLERANCE: f64 = 1e-9;
/// Aggregations that are estimates by design, relative.
const ESTIMATE_TOLERANCE: f64 = 0.05;

impl Walk<'_> {
    pub(super) fn numbers(&mut self, source: Value<'_>, target: Value<'_>, zone: Zone) {
        if zone == Zone::Document {
            return self.differ("value", Some(source), Some(target), zone);
        }
        let (Some(one), Some(other)) = (source.number(), target.number()) else {
            return self.differ("value", Some(source), Some(target), zone);
        };
        let integers = source.is_integer() && target.is_integer();
        let name = self.path.rsplit('.').next().unwrap_or_default();
        let (one, tolerance) = match name {
            "_score" => (one / self.factor, SCORE_TOLERANCE),
            "score" => (one, SCORE_TOLERANCE),
            _ => (one, COMPUTED_TOLERANCE),
        };
        if !integers
            && (close(one, other, tolerance)
                || (self.is_sort_value() && close(one / self.factor, other, SCORE_TOLERANCE)))
        {
            return;
        }
        if zone == Zone::Computed && close(one, other, ESTIMATE_TOLERANCE) && self.is_estimate() {
            return self.expect(rules::ESTIMATE);
        }
        self.differ("value", Some(source), Some(target), zone);
    }

    /// A score may be a sort value.
    fn is_sort_value(&self) -> bool {
        self.factor != 1.0 && self.path.ends_with(".sort.*")
    }

    /// Whether the path leads through an aggregation that is an estimate.
    fn is_estimate(&self) -> bool {
        // With `typed_keys` names are `type#name`.
        let mut names = self.path.split('.').map(|name| name.split_once('#').map_or(name, |(_, name)| name));
        !self.asked.estimates.is_empty() && names.any(|name| self.asked.estimates.contains(name))
    }
}

/// Whether two numbers are the same but for the rounding.
pub(super) fn close(source: f64, target: f64, tolerance: f64) -> bool {
    source == target || (source - target).abs() <= tolerance * source.abs().max(target.abs())
}
