"""What is claimed of the figures, and which test holds each claim."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """Something that is claimed, and the test that would fail if it were not so.

    Attributes
    ----------
    claim
        In a reader's words, with its limits.
    test
        File below tests/ and name of the test.
    long
        Whether it runs under `make proof` alone.
    """

    claim: str
    test: str
    long: bool


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "95 % intervals of the share of variance between sections cover 93.5 to 96.5 %, with 12 or 40 "
        "sections, of equal or unequal size, differing or hardly.",
        "statistics/test_between_share_proof.py::test_intervals_of_the_share_cover",
        long=True,
    ),
    Claim(
        "A change of that share is called at most once in twenty where there is none, sections the same or "
        "others in the second year.",
        "statistics/test_between_share_proof.py::test_a_change_is_seldom_called_where_there_is_none",
        long=True,
    ),
    Claim(
        "95 % intervals of the gap within a group of 2 to 8 sections cover at least 95 %, whatever the "
        "true scores.",
        "statistics/test_between_share_proof.py::test_intervals_of_the_gap_cover_whatever_the_true_scores",
        long=True,
    ),
    Claim(
        "95 % intervals of means cover 93 to 96 %, with classes alike and of unequal size, sections "
        "differing or not.",
        "statistics/test_coverage_proof.py::test_intervals_of_means_cover",
        long=True,
    ),
    Claim(
        "95 % intervals of rates cover 93 to 97.5 %, and never below 90 % in a quarter of section sizes.",
        "statistics/test_coverage_proof.py::test_intervals_of_rates_cover",
        long=True,
    ),
    Claim(
        "95 % intervals of weighted sums of indicators, hence of dimensions, cover 93 to 96 %.",
        "statistics/test_composites.py::test_intervals_of_sums_cover_the_truth",
        long=True,
    ),
    Claim(
        "95 % intervals of dimensions' scores and of their differences from the district cover 93 to "
        "96 %: a mean and a rate of the same pupils and a figure of others, parts lacking.",
        "test_dimensions_proof.py::test_intervals_of_scores_and_their_differences_cover",
        long=True,
    ),
    Claim(
        "Where at least .5 % of sections are called clearly above in a dimension, 90 % of them are.",
        "test_dimensions_proof.py::test_dimensions_called_clearly_above_are_truly_above",
        long=True,
    ),
    Claim(
        "Every configured measure gives a figure or the right reason at sixteen edges of its data.",
        "test_every_measure.py::test_each_edge_has_its_own_reason",
        long=True,
    ),
    Claim(
        "95 % intervals of value added cover 93 to 96 %.",
        "statistics/test_coverage_proof.py::test_intervals_of_value_added_cover",
        long=True,
    ),
    Claim(
        "95 % intervals of shrunken effects cover 93 to 97 %, where they are printed.",
        "statistics/test_coverage_proof.py::test_intervals_of_shrunken_effects_cover_where_they_are_printed",
        long=True,
    ),
    Claim(
        "The same with few sections, from the parametric bootstrap.",
        "statistics/test_coverage_proof.py::test_intervals_of_shrunken_effects_cover_with_few_sections",
        long=True,
    ),
    Claim(
        "95 % intervals of recovery from a weak start cover 93 to 96 %, with 13 sections and with 40.",
        "measures/test_articulation.py::test_intervals_of_recovery_cover",
        long=True,
    ),
    Claim(
        "95 % intervals of progress in the next stage cover 93 to 96 %, with classes alike.",
        "statistics/test_crossed_effects.py::test_intervals_of_effects_cover",
        long=True,
    ),
    Claim(
        "95 % intervals of mean growth percentiles cover 93 to 96 %.",
        "measures/test_growth_percentiles.py::test_intervals_of_mean_percentiles_cover_the_true_differences",
        long=True,
    ),
    Claim(
        "Growth percentiles are even over 1 to 99 at every order of priors and every start.",
        "measures/test_growth_percentiles.py::test_percentiles_are_even_at_every_order_and_start",
        long=True,
    ),
    Claim(
        "No other fit loses less, at any of the hundred quantiles, by linear programming.",
        "statistics/test_quantile_regression.py::test_no_other_fit_loses_less_at_any_of_the_hundred_quantiles",
        long=True,
    ),
    Claim(
        "The interval of balance between classes holds in 94 to 96 % (classes all alike: up to 98.5 %).",
        "measures/test_balance.py::test_the_interval_of_class_balance_holds",
        long=True,
    ),
    Claim(
        "No coverage is claimed for subject balance; how often its interval holds is measured and printed.",
        "measures/test_balance.py::test_how_often_the_interval_of_subject_balance_holds",
        long=True,
    ),
    Claim(
        "No coverage is claimed for achievement points; how often intervals hold is measured and printed.",
        "measures/test_talents.py::test_coverage_of_points_is_measured",
        long=True,
    ),
    Claim(
        "No coverage is claimed for breadth of fields; how often intervals hold is measured and printed.",
        "measures/test_talents.py::test_coverage_of_breadth_is_measured",
        long=True,
    ),
    Claim(
        "The nested model finds the section effects and variances that were put in.",
        "statistics/test_coverage_proof.py::test_nested_fit_recovers_section_effects_and_variances",
        long=True,
    ),
    Claim(
        "Where sections do not differ their median reliability stays below .15: the model knows classes.",
        "statistics/test_coverage_proof.py"
        "::test_sections_that_do_not_differ_have_no_reliability_when_classes_are_known_of",
        long=True,
    ),
    Claim(
        "When nothing differs at least 95 % of sections are not distinguishable.",
        "statistics/test_coverage_proof.py"
        "::test_when_nothing_differs_nearly_every_section_is_not_distinguishable",
        long=True,
    ),
    Claim(
        "Of the sections called clearly above at least 90 % truly are, by more than the smallest difference "
        "that matters, wherever .5 % of sections or more are called so (fewer than 60: three years pooled).",
        "statistics/test_coverage_proof.py::test_sections_called_clearly_above_are_truly_above",
        long=True,
    ),
    Claim(
        "Of the changes against last year that are announced at least 80 % have the right sign, wherever 1 % "
        "or more are announced.",
        "test_scoring_change.py::test_of_the_changes_announced_four_in_five_have_the_right_sign",
        long=True,
    ),
    Claim(
        "From files to the page, on invented districts whose truth is known: 92 to 97.5 % of the printed "
        "intervals of scores, differences and value added cover it.",
        "test_pipeline_proof.py::test_printed_intervals_of_scores_and_value_added_cover_the_truth",
        long=True,
    ),
    Claim(
        "From files to the page: where no section adds more than another none is told apart.",
        "test_pipeline_proof.py::test_where_no_section_adds_more_than_another_none_is_told_apart",
        long=True,
    ),
    Claim(
        "The posterior of the differences is that of the joint normal model, by dense algebra.",
        "statistics/test_posterior.py::test_posterior_is_that_of_the_joint_gaussian",
        long=False,
    ),
    Claim(
        "Wilson's interval is the one published by Newcombe (1998).",
        "statistics/test_intervals.py::test_wilson_interval_is_newcombes_published_one",
        long=False,
    ),
    Claim(
        "Figures on fewer pupils than the limit are withheld, and so is their number.",
        "test_disclosure.py::test_nine_pupils_are_withheld_and_so_is_their_number",
        long=False,
    ),
    Claim(
        "95 % intervals of satisfaction cover 94 to 99.5 % where all schools are asked, 91 to 97.5 % where 6 "
        "to 30 of 120 are; smoothing the estimate itself would cover 0 to 45 %.",
        "measures/test_satisfaction_proof.py::test_interval_of_all_schools_covers",
        long=True,
    ),
    Claim(
        "差异系数 and the split of a through-school give the figures published with the rule.",
        "measures/test_provision.py::test_published_difference_coefficient",
        long=False,
    ),
    Claim(
        "Cases in a district's own words, met, not met and not reported for each of the 32, end as they say.",
        "test_scenarios.py::test_case_ends_as_it_says",
        long=True,
    ),
    Claim(
        "No needs, coefficients or respondents' numbers tell the pupils of a section whose roll is withheld.",
        "test_disclosure_district.py::test_needs_of_the_district_less_those_of_the_sections_tell_nothing",
        long=True,
    ),
)
