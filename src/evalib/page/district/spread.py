"""How far sections lie apart: the coefficients of variation over the years, and our own share of variance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalib.page import charts
from evalib.page.charts import Chart, Interval, LimitRow, Trend
from evalib.page.district.formulas import variation_limits
from evalib.page.district.terms import Terms
from evalib.page.district.view import DistrictView
from evalib.page.tables import NOTHING, Note, Table

Row = Mapping[str, Any]
SHARE_REACH = 20.0  # percent, at least, of the axis of shares


def variation_trend(view: DistrictView) -> Chart | Note:
    """Each resource's coefficient of variation by stage and year beside the stage's limit."""
    terms, balance = Terms(view), view.settings.balance
    found = {
        (row["indicator"], row["stage"], year): row
        for year in view.years
        for row in view.of_review("balance_indicators", year)
        if row["aspect"] == "variation" and row["value"] is not None
    }
    if not found:
        return Note("", (view.speaker.note("variation_none", {}),))
    dash = terms.words.label("withheld_value")
    panels, rows, above = [], [], []
    for stage in view.stages:
        limit = balance.variation.limit(stage)
        if limit is None:
            continue
        for one in balance.resources:
            points = [found.get((one.id, stage, year)) for year in view.years]
            values = [
                None if row is None else terms.drawn("coefficient", row["value"], limit) for row in points
            ]
            said = [
                dash if row is None else terms.value("coefficient", row["value"], limit) for row in points
            ]
            panels.append(Trend(one.id, terms.stage(stage), values, said, limit))
            rows.append((f"{one.id} {one.name.in_(terms.words.lang)}", terms.stage(stage), *said))
            for year, row in zip(view.years, points, strict=True):
                if row is not None:
                    view.tell(
                        f"variation_{one.id}_{stage}_{year}", terms.drawn("coefficient", row["value"], limit)
                    )
            last = points[-1]
            if last is not None and last["verdict"] == "not_met":
                above.append(
                    terms.words.label("value_of", name=f"{terms.stage(stage)} {one.id}", value=said[-1])
                )
    twin = Table(
        caption=terms.word("caption_trend", **variation_limits(terms), **terms.section_rule),
        heads=(
            terms.word("head_indicator"),
            terms.word("head_stage"),
            *(terms.words.year(year) for year in view.years),
        ),
        rows=tuple(rows),
        text_columns=frozenset({0, 1}),
    )
    key = "figure_variation_above" if above else "figure_variation"
    message = view.speaker.note(key, {"names": terms.words.listed(above)} if above else {})
    short = [f"{year[2:4]}–{year[7:9]}" for year in view.years]
    return charts.trends("variation", panels, short, twin=twin, message=message)


def own_share(view: DistrictView) -> Chart | Note:
    """Our own estimate of the share of variance between sections by stage and subject, without a verdict."""
    terms = Terms(view)
    rows = [row for row in view.of_review("balance_own_share") if row["share"] is not None]
    if not rows:
        return NOTHING
    stages = list(view.stages)
    rows.sort(key=lambda row: (stages.index(row["stage"]) if row["stage"] in stages else 9, row["subject"]))
    drawn, cells = [], []
    for row in rows:
        subject = (
            terms.words.known(row["subject"], "subjects") if row["subject"] else terms.word("all_subjects")
        )
        share, ends = terms.value("share", row["share"]), terms.words.label("withheld_value")
        point = 100 * terms.drawn("share", row["share"])
        interval = Interval(point, point, point)
        if row["low"] is not None and row["high"] is not None:
            ends = f"{terms.value('share', row['low'])}–{terms.value('share', row['high'])}"
            low, high = (100 * terms.drawn("share", row[key]) for key in ("low", "high"))
            interval = Interval(point, low, high)
        for key in ("share", "low", "high"):
            if row[key] is not None:
                what = f"own_{key}_{row['stage']}_{row['subject']}".rstrip("_")
                view.tell(what, terms.drawn("share", row[key]))
        stage = terms.stage(row["stage"])
        sections = terms.words.label("withheld_value")
        if row["sections"] is not None:
            sections = terms.words.count(
                int(view.tell(f"own_sections_{row['stage']}_{row['subject']}", row["sections"]))
            )
        drawn.append(LimitRow(f"{stage} · {subject}", interval, share, ends))
        cells.append((stage, subject, share, ends, sections))
    twin = Table(
        caption=terms.word("caption_own_share"),
        heads=tuple(
            terms.word(f"head_{key}") for key in ("stage", "subject", "share", "interval", "sections")
        ),
        rows=tuple(cells),
        text_columns=frozenset({0, 1}),
    )
    listed = [terms.words.label("value_of", name=row.label, value=row.printed) for row in drawn]
    message = view.speaker.note("figure_own_share", {"names": terms.words.listed(listed)})
    return charts.against_limit(
        "own-share",
        drawn,
        limit=None,
        reach=SHARE_REACH,
        axis=terms.word("axis_share"),
        twin=twin,
        message=message,
    )
