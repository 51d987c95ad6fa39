"""Holds the reports that were just made against what every report promises."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from pypdf import PdfReader

from evalib.vocabulary import ReportKey


def check(folder: Path) -> int:
    record = json.loads((folder / "run.json").read_text("utf-8"))["reports"]
    made = [entry for entry in record.values() if entry["fate"] == "made"]
    assert made and len(made) == len(record), f"{folder}: not every report was made"
    for entry in made:
        key = entry["key"]
        report = folder / key["year"] / ReportKey(**key).folder
        html = (report / "report.html").read_text("utf-8")
        assert "Content-Security-Policy" in html and "<script" not in html, report
        assert not re.search(r'(?:src|href)="(?:https?:)?//', html), f"{report}: asks another address"
        assert html.count("<h1") == 1 and "<svg" in html and "<table" in html, report
        pdf = PdfReader(report / "report.pdf")
        text = "".join(page.extract_text() for page in pdf.pages)
        assert "五维质量评价" in text, f"{report}: the PDF's text cannot be read"
        assert "/StructTreeRoot" in pdf.trailer["/Root"], f"{report}: the PDF is not tagged"
        results = json.loads((report / "results.json").read_text("utf-8"))
        told = [row for row in results.get("measurements", []) if not row["reason"]] or results["told"]
        assert told, f"{report}: says nothing at all"
        if key["kind"] == "district":
            verdicts = {row["indicator"]: row["verdict"] for row in results["review"]["balance_indicators"]}
            assert len(verdicts) >= 32, f"{report}: an indicator has no verdict"
        assert (folder / key["year"] / "index.html").is_file()
    return len(made)


if __name__ == "__main__":
    total = sum(check(Path(folder)) for folder in sys.argv[1:])
    print(f"{total} reports checked")
