"""An indicator that reuses a measure is a change of params alone: everything knows it, no code does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from evalib.errors import FaultyParams, ParameterError
from evalib.handbook.document import handbook
from evalib.handbook.given import sources
from evalib.measuring import measure
from evalib.page.reports import School, open_school
from evalib.settings import Settings, load_settings
from evalib.store import Store
from small_district import LAST, NOW, small_tables

ADDED = "health_level_rate"
ENTRY = {
    "id": ADDED,
    "name": {"zh": "身心健康达标率", "en": "Health level rate"},
    "about": {
        "zh": "身心健康评为 {cut} 等及以上的比例。",
        "en": "Share of pupils rated {cut} or better in health.",
    },
    "dimension": "competence",
    "measure": "level_share",
    "columns": {"area": "health"},
    "cut": "B",
    "direction": "higher",
    "unit": "rate",
    "weight": 0.1,
    "smallest_difference": 0.03,
    "status": "emerging",
    "source": {"zh": "本区试行", "en": "On trial in this district"},
}
CODE = "2150000004"


def with_entry(folder: Path, entry: dict[str, object]) -> Path:
    """A copy of params/ with one more indicator; the path of its sample district."""
    shutil.copytree(Path(__file__).parents[1] / "params", folder / "params")
    path = folder / "params" / "measures.yaml"
    block = yaml.safe_dump([entry], allow_unicode=True, sort_keys=False)
    indented = "".join(f"  {line}\n" for line in block.splitlines())
    path.write_text(f"{path.read_text('utf-8').rstrip()}\n{indented}", encoding="utf-8")
    return folder / "params" / "sample.yaml"


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    """A district with the indicator added, measured and published."""
    settings = load_settings(with_entry(tmp_path_factory.mktemp("district"), ENTRY))
    # The two years and tables that the new indicator and its dimension need.
    names = {"schools", "pupils", "competence", "fitness"}
    Store(settings.store).write(
        {key: rows for key, rows in small_tables().items() if key[0] in names and key[1] in (LAST, NOW)}
    )
    measure(settings, [NOW])
    return settings


@pytest.fixture(scope="module")
def tables(settings: Settings) -> dict[str, pd.DataFrame]:
    store = Store(settings.store)
    return {
        name: store.read(name, NOW) for name in ("measurements", "influences", "published", "published_scale")
    }


def page(settings: Settings, lang: str) -> School:
    return open_school(CODE, "primary", NOW, lang=lang, params=str(settings.path))


def own(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["indicator"].eq(ADDED)].set_index(["stage", "school_code"])


def test_review_measures_it_as_counted_by_hand(settings: Settings, tables: dict[str, pd.DataFrame]) -> None:
    row = own(tables["measurements"]).loc["primary", CODE]
    records = small_tables()["competence", NOW]
    roll = small_tables()["pupils", NOW].query("school_code == @CODE and stage == 'primary'")
    roll = roll[~roll["status"].isin(["left", "transferred_out", "died"])]
    levels = records[records["area"].eq("health") & records["pupil"].isin(roll["pupil"])]["level"].dropna()
    assert len(levels) > 10
    assert row["n"] == len(levels)
    assert row["value"] == pytest.approx(levels.isin(["A", "B"]).mean())


def test_it_has_standings_and_a_place_in_its_dimension(tables: dict[str, pd.DataFrame]) -> None:
    rows = own(tables["published"]).loc["primary"]
    shown = rows[rows["reason"].eq("")]
    assert len(shown) >= 8
    assert shown["standing"].ne("").all()
    assert set(tables["published_scale"]["indicator"]) >= {ADDED, "arts_good_rate"}
    assert ADDED in set(tables["influences"]["first"])
    assert shown["score"].notna().all()


@pytest.mark.parametrize(("lang", "name"), [("zh", "身心健康达标率"), ("en", "Health level rate")])
def test_the_page_shows_and_defines_it(settings: Settings, lang: str, name: str) -> None:
    one = page(settings, lang)
    assert name in [row[0] for row in one.competence.indicators().rows]
    definition = next(row for row in one.definitions().rows if row[0] == name)
    assert " B " in definition[1]
    assert name in str(one.scale().rows)


def test_the_handbook_documents_it(settings: Settings) -> None:
    text = handbook(sources(settings.path.parent))
    section = text.partition(f'<a id="{ADDED}"></a>')[2].partition("<a id=")[0]
    assert "身心健康达标率" in section
    assert "competence.level_reached" in section
    assert "0.10" in section


def test_it_can_be_weighed_and_turned_off_by_the_district(tmp_path: Path) -> None:
    path = with_entry(tmp_path, ENTRY)
    path.write_text(path.read_text("utf-8") + f"weights: {{{ADDED}: 0}}\n", encoding="utf-8")
    found = {one.id: one for one in load_settings(path).measures.indicators}
    assert found[ADDED].weight == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"measure": "level_shares"}, "level_shares"),
        ({"columns": {"area": "helth"}}, "columns.area"),
        ({"columns": {}}, "columns"),
        ({"cut": "E"}, "level A to D"),
        ({"unit": "sd"}, "unit"),
        ({"id": "Health"}, "id"),
        ({"id": "arts_good_rate"}, "stands twice"),
        ({"dimension": "health"}, "unknown dimension health"),
        ({"smallest_difference": None}, "smallest_difference"),
        ({"weigth": 0.1}, "weigth"),
        ({"about": {"zh": "{cuts}", "en": "{cut}"}}, "cuts"),
        ({"weight": "much"}, "weight"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_faulty_entry_is_one_clear_error_with_file_and_key(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    path = with_entry(tmp_path, ENTRY | change)
    with pytest.raises(FaultyParams) as caught:
        load_settings(path)
    error = caught.value
    assert isinstance(error, ParameterError)
    text = str(error)
    assert "measures.yaml" in text
    assert said in text
    assert "Traceback" not in text
    assert len(error.faults) == 1
