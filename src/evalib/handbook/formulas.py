"""Which functions hold the formula of each measure and of each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evalib import dimensions, disclosure, scales, similar
from evalib.measures import (
    academic,
    articulation,
    balance,
    competence,
    fitness,
    growth,
    growth_design,
    growth_percentiles,
    growth_years,
    onward,
    retention,
    talents,
)
from evalib.review import rows as review_rows
from evalib.scoring import change as scoring_change
from evalib.scoring import standings as scoring
from evalib.sensitivity import alternatives, cut_effects, drawn_weights, weight_effects, weight_importance
from evalib.statistics import (
    between_share,
    class_correlation,
    composites,
    crossed_effects,
    influence,
    intervals,
    multilevel,
    posterior,
    posterior_draws,
    prior_patterns,
    quantile_regression,
)

# A function, or a class whose attributes say what was computed.
Documented = Callable[..., Any]


_FITNESS = (fitness.fitness_scores, fitness.step_score, fitness.body_mass_index)
_AWARDS = (talents.award_points, talents.split_points)
_STARTS = (
    growth.normal_score,
    growth_design.starts_of_mean,
    growth_design.starts_of_subject,
    growth_design.pupil_covariates,
    growth_design.growth_design,
    prior_patterns.prior_design,
)

# measure → the pure functions that its builder calls, itself or through others, in the order of reading
FORMULAS: Mapping[str, tuple[Documented, ...]] = {
    "standard_score": (academic.standard_score, academic.pupil_mean),
    "cut_rate": (academic.cut_reached, academic.pupil_mean),
    "participation": (academic.took_part, academic.pupil_mean),
    "subject_balance": (balance.subject_balance, academic.standard_score),
    "class_balance": (balance.class_balance, academic.standard_score, academic.pupil_mean),
    "fitness_share": (competence.amount_reached, *_FITNESS),
    "fitness_coverage": _FITNESS,
    "level_share": (competence.level_reached, competence.quota_exceeded),
    "hours_share": (competence.amount_reached,),
    "evidence_share": (competence.amount_reached,),
    "recorded_share": (competence.recorded,),
    "activity_share": (talents.activity_reached,),
    "achiever_share": _AWARDS,
    "achievement_points": (*_AWARDS, talents.section_points),
    "field_breadth": (talents.field_breadth,),
    "recognised_features": (talents.title_counts,),
    "foundation_rate": (academic.cut_reached, articulation.reached_in_all),
    "retention_rate": (retention.retention_rate, retention.cohort_counts),
    "recovery_rate": (articulation.recovery, articulation.monotone_curve),
    "onward_progress": (onward.onward_effects, onward.linked_pupils, crossed_effects.fit_crossed),
    "entry_adaptation": (articulation.scale_mean,),
    "value_added": (*_STARTS, growth.value_added, multilevel.fit_multilevel),
    "value_added_intake": (
        *_STARTS,
        growth_design.section_start,
        growth.value_added,
        multilevel.fit_multilevel,
    ),
    "low_start_growth": (growth.low_starters, growth.value_added, growth.likeness_of_classmates),
    "middle_start_growth": (growth.low_starters, growth.value_added, growth.likeness_of_classmates),
    "high_start_growth": (growth.low_starters, growth.value_added, growth.likeness_of_classmates),
    "mean_growth_percentile": (
        growth_percentiles.growth_percentiles,
        growth_percentiles.percentile_design,
        quantile_regression.quantile_regressions,
    ),
    "value_added_3y": (
        growth_years.growth_of_cohorts,
        growth_years.growth_of_overlapping_years,
        growth_years.covariances_of_years,
        multilevel.unshrunken_effects,
    ),
    "match_rate": (growth.match_rate,),
}

# step → what computes it; the steps' names and words stand in params/handbook.yaml
METHODS: Mapping[str, tuple[Documented, ...]] = {
    "intervals": (
        influence.section_means,
        intervals.normal_interval,
        intervals.wilson_interval,
        intervals.design_effect_of_shares,
        review_rows.measured_rows,
    ),
    "references": (
        review_rows.differences,
        posterior.difference_variance,
        similar.alike,
        similar.add_similar,
    ),
    "standings": (
        posterior.between_variance,
        posterior.section_posterior,
        posterior.posterior_differences,
        posterior.standing_probabilities,
        posterior.largest_set,
        intervals.standing_variance_of_share,
        posterior_draws.rank_intervals,
        posterior_draws.called_by_chance,
        scoring.add_standings,
    ),
    "changes": (scoring_change.add_changes, posterior.least_between_variance),
    "composites": (
        scales.Mark,
        scales.base_scale,
        scales.scored,
        dimensions.add_dimensions,
        composites.influence_moments,
        composites.composite_variance,
    ),
    "between": (
        between_share.between_interval,
        between_share.between_share,
        between_share.change_interval,
        between_share.gap_interval,
    ),
    "models": (
        multilevel.fit_multilevel,
        multilevel.MultilevelFit,
        multilevel.unshrunken_effects,
        multilevel.parametric_bootstrap,
        class_correlation.class_correlation,
        crossed_effects.fit_crossed,
        quantile_regression.quantile_regressions,
    ),
    "sensitivity": (drawn_weights, weight_effects, weight_importance, cut_effects, alternatives),
    "disclosure": (disclosure.publish, disclosure.publish_sections),
}
