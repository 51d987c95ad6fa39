"""How scores of dimensions and standings move with weights, cuts, scale and aggregation."""

from evalib.scales import scale_from
from evalib.sensitivity.alternatives import alternatives, comparison
from evalib.sensitivity.cuts import cut_effects, cut_summary, shifted
from evalib.sensitivity.weighing import Judged, Weighing
from evalib.sensitivity.weights import RANGE, WeightEffects, drawn_weights, weight_effects, weight_importance

__all__ = [
    "RANGE",
    "Judged",
    "Weighing",
    "WeightEffects",
    "alternatives",
    "comparison",
    "cut_effects",
    "cut_summary",
    "drawn_weights",
    "scale_from",
    "shifted",
    "weight_effects",
    "weight_importance",
]
