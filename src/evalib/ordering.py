"""What the press is handed for each report, and whether the notebooks take it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evalib.errors import ParameterError
from evalib.press.asked import FORMATS
from evalib.press.production import Order
from evalib.settings import NOTEBOOK_KEYS, Settings
from evalib.vocabulary import ReportKey


def orders_for(
    settings: Settings, keys: Sequence[ReportKey], formats: tuple[str, ...] = FORMATS
) -> list[Order]:
    """What the press needs to make each report; the public edition lies apart, to be handed out whole."""
    first = settings.district.languages[0]
    tops = {"restricted": settings.output, "public": settings.output / "public"}
    outputs = settings.outputs
    return [
        Order(
            key=key,
            notebook=settings.notebook(key.kind),
            params=settings.path,
            root=settings.root,
            folder=tops[key.edition] / key.year / key.folder,
            stem="report" if key.lang == first else f"report.{key.lang}",
            formats=formats,
            outputs=outputs,
        )
        for key in keys
    ]


def check_notebooks(settings: Settings, kinds: Iterable[str]) -> None:
    """Hold the parameters that reports of these kinds give against those that their notebooks declare.

    Raises
    ------
    ParameterError
        A notebook is missing or unreadable, or does not take our parameters.
    """
    from evalib.press.execute import check_parameters

    for kind in kinds:
        (any_order,) = orders_for(settings, [ReportKey(kind, "", "", "")])
        if not any_order.notebook.is_file():
            raise ParameterError("no_notebook", path=str(any_order.notebook), name=NOTEBOOK_KEYS[kind])
        check_parameters(any_order.notebook, any_order.parameters)
