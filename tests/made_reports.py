"""Reports of every kind, made from files as a district makes them; some schools have harmful names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from evalib import annual
from evalib.making import maker_of
from evalib.measuring import measure
from evalib.press.catalogue import write_catalogue
from evalib.press.ledger import Fate, Ledger
from evalib.press.plan import plan_reports
from evalib.settings import Settings, load_settings
from evalib.store import Store
from evalib.vocabulary import DISTRICT, ReportKey

ROOT = Path(__file__).parents[1]
YEAR, STAR_YEAR = "2024-2025", "1988-1989"
# By 学校标识码: a script, an event handler, marks that turn the direction of text, a name without end.
HOSTILE = {
    "2150000001": "<script>document.title='ran'</script>一小",
    "2150000025": '"><img src=x onerror="document.title=\'ran\'">',
    "2150000027": "مدرسة שלום & <b onclick=alert(1)>粗</b>",
    "3150000012": "长" * 180 + "</title></style>中学",
    "2150000002": "'-alert(1)-' {{7*7}} #sys.version \\\" javascript:alert(1)",
}
# Full data (in both languages), no scores at all, too small to show, the upper of both stages.
SECTIONS = (
    ("2150000001", "primary", "zh"),
    ("2150000001", "primary", "en"),
    ("2150000025", "primary", "zh"),
    ("2150000027", "primary", "zh"),
    ("3150000012", "junior", "zh"),
)
STAR_SECTIONS = (("001", "primary", "zh"),)
# The district's and a group's, each edition and language once: kind, code, edition, language.
WHOLE = tuple(
    (kind, code, edition, lang)
    for kind, code in (("district", DISTRICT), ("group", "JT01"))
    for edition, lang in (("restricted", "zh"), ("public", "en"))
)


@dataclass(frozen=True)
class Made:
    """Where a district's reports lie.

    Attributes
    ----------
    settings
        The invented district's params, its reports in Chinese and English.
    star
        Those of the real district, its one report in Chinese.
    """

    settings: Settings
    star: Settings

    @property
    def catalogue(self) -> Path:
        return self.settings.output / YEAR / "index.html"

    def report(self, code: str, stage: str = "primary", lang: str = "zh", ending: str = "html") -> Path:
        stem = "report" if lang == "zh" else f"report.{lang}"
        return self.settings.output / YEAR / f"{code}-{stage}" / f"{stem}.{ending}"

    def whole_report(self, kind: str, code: str, edition: str, lang: str, ending: str = "html") -> Path:
        """A report of `WHOLE`."""
        key = ReportKey(kind, YEAR, code, "", edition, lang)
        (order,) = annual.orders_for(self.settings, [key])
        return order.folder / f"{order.stem}.{ending}"

    def star_report(self, ending: str = "html") -> Path:
        return self.star.output / STAR_YEAR / "001-primary" / f"report.{ending}"

    def every(self, ending: str) -> dict[str, Path]:
        """Every report by a name that says which it is."""
        cases = {
            "full": self.report("2150000001", ending=ending),
            "full, English": self.report("2150000001", lang="en", ending=ending),
            "without scores": self.report("2150000025", ending=ending),
            "too small to show": self.report("2150000027", ending=ending),
            "both stages": self.report("3150000012", stage="junior", ending=ending),
            "STAR": self.star_report(ending),
        }
        for kind, code, edition, lang in WHOLE:
            case = kind if edition == "restricted" else f"{kind}, public, English"
            cases[case] = self.whole_report(kind, code, edition, lang, ending)
        return cases


def opened(root: Path) -> Made:
    """The reports that were made in a folder."""
    return Made(load_settings(root / "params" / "sample.yaml"), load_settings(root / "params" / "star.yaml"))


def make(root: Path) -> None:
    """Both districts from files to pages in a folder of its own, with a few sections' reports."""
    for name in ("params", "notebooks", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("raw"))
    params = root / "params" / "sample.yaml"
    text = params.read_text("utf-8")
    assert "languages: [zh]" in text
    params.write_text(text.replace("languages: [zh]", "languages: [zh, en]"), encoding="utf-8")
    _rename(root / "data" / "sample" / "学校.xlsx")
    made = opened(root)
    # The real district beside the invented one: what waits for them leaves a core idle.
    with subprocess.Popen([sys.executable, __file__, str(root)], env=_environment()) as beside:
        _run(made.settings, YEAR, SECTIONS, WHOLE)
    assert beside.returncode == 0
    ledger = Ledger(made.settings.output / "run.json")
    cause = {"zh": "第 7 格：<script>alert(1)</script>", "en": "cell 7: <script>alert(1)</script>"}
    ledger.record(Fate(ReportKey("school", YEAR, "2150000003", "primary"), False, cause=cause))
    old = {"evalib": "0.0.0", "params": "0" * 12, "read": {f"published/{YEAR}": "0" * 12}}
    ledger.record(Fate(ReportKey("school", YEAR, "2150000004", "primary"), True, made_from=old))
    write_catalogue(made.settings, Store(made.settings.store), ledger, YEAR, made.catalogue.parent)


def _environment() -> dict[str, str]:
    """Ours, with what is imported here to be found there."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _run(
    settings: Settings,
    year: str,
    sections: tuple[tuple[str, str, str], ...],
    whole: tuple[tuple[str, str, str, str], ...] = (),
) -> None:
    annual.load_files(settings)
    store = Store(settings.store)
    measure(settings, [year])
    keys = [
        key for key in plan_reports(settings, store, [year]) if (key.code, key.stage, key.lang) in sections
    ]
    # The longest first: what is left at the end is short, and no core waits for it.
    keys = [ReportKey(kind, year, code, "", edition, lang) for kind, code, edition, lang in whole] + keys
    ledger = Ledger(settings.output / "run.json")
    for fate in maker_of(settings)(annual.orders_for(settings, keys), None):
        assert fate.made, fate.cause
        if fate.key.edition in settings.district.editions:
            ledger.record(fate)


def _rename(path: Path) -> None:
    """Give schools other names in the workbook, by their code."""
    book = openpyxl.load_workbook(path)
    renamed = set()
    for sheet in book:
        heads = (row for row in sheet.iter_rows() if any(cell.value == "学校标识码" for cell in row))
        head = next(heads, None)
        if head is None:
            continue
        columns = {cell.value: cell.column for cell in head}
        for row in range(head[0].row + 1, sheet.max_row + 1):
            code = str(sheet.cell(row, columns["学校标识码"]).value)
            if code in HOSTILE:
                sheet.cell(row, columns["学校名称"]).value = HOSTILE[code]
                renamed.add(code)
    assert renamed == set(HOSTILE)
    book.save(path)


if __name__ == "__main__":
    _run(opened(Path(sys.argv[1])).star, STAR_YEAR, STAR_SECTIONS)
