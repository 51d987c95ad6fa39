"""An executed notebook becomes HTML, Typst source and PDF: three exporters of nbconvert.

`jupyter nbconvert --to evalib-html report.ipynb` works for anyone, and so do `evalib-typst`
and `evalib-pdf`. Nothing is fetched, and the same notebook gives the same bytes.
"""

from __future__ import annotations

import datetime
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, cast

import typst
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from traitlets import default

from evalib import fonts
from evalib.errors import RenderError
from evalib.press.document import Document, Face, read_document
from evalib.press.hypertext import hypertext
from evalib.press.typesetting import typesetting

# A report says from which data it was made, never when: the date in the file is always this one.
CREATED = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


class _Exporter(Exporter):
    """Reads the notebook; what it becomes is the child's."""

    face: Face
    extension: str

    # A report needs no preprocessor, and each would copy and validate the notebook again.
    @default("default_preprocessors")
    def _no_preprocessors(self) -> list[Any]:
        return []

    @default("file_extension")
    def _file_extension(self) -> str:
        return self.extension

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The notebook in this exporter's format, with nbconvert's resources."""
        notebook, resources = super().from_notebook_node(nb, resources, **kw)
        content, missing = self.drawn(notebook, resources["metadata"].get("name") or "Notebook")
        resources["missing_glyphs"] = list(missing)
        return content, resources

    def drawn(self, notebook: NotebookNode, name: str) -> tuple[Any, tuple[str, ...]]:
        """The notebook in this format, and the characters that could not be drawn; it stays as it is."""
        return self.draw(read_document(notebook, name, self.face))

    def draw(self, document: Document) -> tuple[Any, tuple[str, ...]]:
        """The document in this format, and the characters that could not be drawn."""
        raise NotImplementedError


class EvalibHTMLExporter(_Exporter):
    """One HTML file without script and without any request."""

    face = "html"
    extension = ".html"
    output_mimetype = "text/html"
    export_from_notebook = "evalib HTML"

    def draw(self, document: Document) -> tuple[str, tuple[str, ...]]:
        """The document as HTML; a browser finds its own glyphs."""
        return hypertext(document), ()


class EvalibTypstExporter(_Exporter):
    """The Typst source that the PDF is made from."""

    face = "typst"
    extension = ".typ"
    output_mimetype = "text/vnd.typst"
    export_from_notebook = "evalib Typst"

    def draw(self, document: Document) -> tuple[Any, tuple[str, ...]]:
        """The document as Typst source."""
        return typesetting(document)


class EvalibPDFExporter(EvalibTypstExporter):
    """A tagged PDF to the PDF/UA-1 standard, set by Typst in this process."""

    extension = ".pdf"
    output_mimetype = "application/pdf"
    export_from_notebook = "evalib PDF"

    def draw(self, document: Document) -> tuple[bytes, tuple[str, ...]]:
        """The document as PDF."""
        source, missing = typesetting(document)
        return compile_pdf(source), missing


def render_html(notebook: NotebookNode, *, name: str = "report") -> str:
    """An executed notebook as one HTML file.

    Raises
    ------
    RenderError
        An output cannot be drawn; the cell is named.
    """
    content, _ = _exporter(EvalibHTMLExporter).drawn(notebook, name)
    return str(content)


def render_pdf(notebook: NotebookNode, *, name: str = "report") -> tuple[bytes, tuple[str, ...]]:
    """An executed notebook as PDF, and the characters that the fonts lack.

    Raises
    ------
    RenderError
        An output cannot be drawn, or the page breaks the PDF/UA-1 standard.
    """
    return _exporter(EvalibPDFExporter).drawn(notebook, name)


def compile_pdf(source: str) -> bytes:
    """Typst source as a tagged PDF; it can read no file and no font but ours.

    Raises
    ------
    RenderError
        Typst refuses the source; its reason is in the message.
    """
    with tempfile.TemporaryDirectory() as empty:
        try:
            compiler = typst.Compiler(
                source.encode(),
                root=empty,
                font_paths=_fonts(),
                ignore_system_fonts=True,
                package_path=empty,
                package_cache_path=empty,
            )
            content = compiler.compile(format="pdf", pdf_standards="ua-1", timestamp=CREATED)
        except typst.TypstError as error:
            reason = "; ".join([error.message, *error.hints])
            raise RenderError("typst_refused", reason=reason[:300]) from None
    return cast(bytes, content)


@cache
def _fonts() -> typst.Fonts:
    folder = Path(fonts.font_paths()[0]).parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


@cache
def _exporter(kind: type[_Exporter]) -> _Exporter:
    return kind()
