"""What a notebook cell shows, as one frozen value that draws itself as HTML and as Typst."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalib.markup import escape_html, typst_string
from evalib.page.links import Anchored, Linked
from evalib.page.sparklines import Sparkline
from evalib.wording import MARKS

Bundle = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A table: caption, column heads, rows whose first cell names the row.

    Attributes
    ----------
    caption
        What the table shows.
    heads
        One head a column.
    rows
        Cells as text, one for each head; `Linked` words lead elsewhere, an `Anchored` first cell can
        be led to, a `Sparkline` is drawn.
    text_columns
        Positions of columns that hold words and stand to the left; the others are figures.
    marks
        A mark for each row ("up", "down", "same", "na" or ""), which colours its last cell.
    lead
        A paragraph before the table.
    notes
        Remarks below it, `Linked` ones with their links.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: frozenset[int] = frozenset({0})
    marks: tuple[str, ...] = ()
    lead: str = ""
    notes: tuple[str, ...] = ()

    def html(self) -> str:
        """The table as HTML with caption, scopes and row headers, everything escaped."""
        heads = "".join(
            f'<th scope="col"{self._class(position)}>{escape_html(head)}</th>'
            for position, head in enumerate(self.heads)
        )
        rows = "".join(self._row_html(position) for position in range(len(self.rows)))
        caption = escape_html(self.caption)
        lead = f'<p class="lead">{escape_html(self.lead)}</p>' if self.lead else ""
        notes = "".join(f"<li>{_html_cell(one)}</li>" for one in self.notes)
        return (
            f'{lead}<div class="scroll" role="group" tabindex="0" aria-label="{caption}">'
            f'<table class="figures"><caption>{caption}</caption>'
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
            + (f'<ul class="remarks">{notes}</ul>' if notes else "")
        )

    def in_words(self) -> str:
        """Caption and rows as one line of text, for who cannot see the figure drawn of them."""
        return f"{self.caption}: " + "; ".join(" ".join(cells) for cells in self.rows)

    def typst(self) -> str:
        """The table as a call of the page's own Typst function, cells as string literals."""
        columns = _array(f'"{self._kind(k)}"' for k in range(len(self.heads)))
        rows = _array(_array(_typst_cell(cell) for cell in row) for row in self.rows)
        emphasis = _array(f'"{one}"' if one else "none" for one in self._marks())
        heads = _array(typst_string(head) for head in self.heads)
        notes = _array(_typst_cell(one) for one in self.notes)
        return (
            f"#evalib-table(caption: {typst_string(self.caption)}, columns: {columns}, head: {heads}, "
            f"rows: {rows}, emphasis: {emphasis}, lead: {typst_string(self.lead)}, notes: {notes})"
        )

    def _row_html(self, position: int) -> str:
        cells = self.rows[position]
        one = self._marks()[position]
        anchor = f' id="{escape_html(cells[0].anchor)}"' if isinstance(cells[0], Anchored) else ""
        parts = [f'<th scope="row"{anchor}>{_html_cell(cells[0])}</th>']
        for column, cell in enumerate(cells[1:], start=1):
            last = column == len(cells) - 1 and one
            classes = f' class="{one}"' if last else self._class(column)
            parts.append(f"<td{classes}>{_html_cell(cell)}</td>")
        return f"<tr>{''.join(parts)}</tr>"

    def _class(self, column: int) -> str:
        return {"left": "", "right": ' class="number"', "center": ' class="center"'}[self._kind(column)]

    def _kind(self, column: int) -> str:
        """Words stand to the left, figures to the right, drawings in the middle."""
        if any(isinstance(row[column], Sparkline) for row in self.rows):
            return "center"
        return "left" if column in self.text_columns else "right"

    def _marks(self) -> tuple[str, ...]:
        return self.marks or ("",) * len(self.rows)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        lines = [self.caption, *(" | ".join(row) for row in (self.heads, *self.rows)), *self.notes]
        return _bundle(self.html(), self.typst(), "\n".join([self.lead] * bool(self.lead) + lines))


@dataclass(frozen=True)
class Lead:
    """A short paragraph that opens a part of the page."""

    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        html = f'<p class="lead">{escape_html(self.text)}</p>'
        return _bundle(html, f"#evalib-lead({typst_string(self.text)})", self.text)


@dataclass(frozen=True)
class Note:
    """A boxed note of a few paragraphs; without any it is nothing."""

    title: str
    paragraphs: tuple[str, ...]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        title = f"<p><strong>{escape_html(self.title)}</strong></p>" if self.title else ""
        html = "".join(f"<p>{escape_html(paragraph)}</p>" for paragraph in self.paragraphs)
        paragraphs = _array(typst_string(paragraph) for paragraph in self.paragraphs)
        typst = f"#evalib-note({typst_string(self.title)}, {paragraphs})"
        box = f'<div class="note">{title}{html}</div>' if title or html else ""
        return _bundle(box, typst, "\n".join(self.paragraphs))


NOTHING = Note("", ())


@dataclass(frozen=True)
class Standings:
    """Where the school stands: a paragraph over all, then name, sentence and mark of each part."""

    lead: str
    parts: tuple[tuple[str, str, str], ...]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        html = "".join(
            f'<div><dt><span class="{mark}">{MARKS[mark]}</span> {escape_html(name)}</dt>'
            f"<dd>{escape_html(text)}</dd></div>"
            for name, text, mark in self.parts
        )
        parts = _array(
            _array(typst_string(one) for one in (MARKS[mark], name, text, mark))
            for name, text, mark in self.parts
        )
        lead = f'<p class="lead">{escape_html(self.lead)}</p>' if self.lead else ""
        plain = "\n".join([self.lead, *(f"{name}: {text}" for name, text, _ in self.parts)])
        typst = f"#evalib-standings({typst_string(self.lead)}, {parts})"
        return _bundle(f'{lead}<dl class="standings">{html}</dl>', typst, plain)


@dataclass(frozen=True)
class Pair:
    """Two boxed notes side by side."""

    notes: tuple[Note, Note]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        faces = [note._repr_mimebundle_() for note in self.notes]
        typst = ", ".join(
            f"({typst_string(note.title)}, {_array(typst_string(one) for one in note.paragraphs)})"
            for note in self.notes
        )
        html = "".join(face["text/html"] for face in faces)
        plain = "\n".join("\n".join([note.title, *note.paragraphs]) for note in self.notes)
        return _bundle(f'<div class="pair">{html}</div>', f"#evalib-pair({typst})", plain)


@dataclass(frozen=True)
class Context:
    """A row of facts about the school: label and value."""

    facts: tuple[tuple[str, str], ...]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        html = "".join(
            f"<div><dt>{escape_html(label)}</dt><dd>{escape_html(value)}</dd></div>"
            for label, value in self.facts
        )
        facts = _array(_array(typst_string(part) for part in fact) for fact in self.facts)
        plain = "\n".join(f"{label}: {value}" for label, value in self.facts)
        return _bundle(f'<dl class="context">{html}</dl>', f"#evalib-context({facts})", plain)


@dataclass(frozen=True)
class FirstFindings:
    """What to look at first: sentence, tag and mark, in order."""

    findings: tuple[tuple[str, str, str], ...]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        html = "".join(
            f'<li><span>{escape_html(text)}</span><span class="tag {mark}">{escape_html(tag)}</span></li>'
            for text, tag, mark in self.findings
        )
        findings = _array(_array(typst_string(part) for part in finding) for finding in self.findings)
        plain = "\n".join(text for text, _, _ in self.findings)
        return _bundle(f'<ol class="first">{html}</ol>', f"#evalib-findings({findings})", plain)


@dataclass(frozen=True)
class Emission:
    """A value for machines that the page does not draw, such as `results.json`."""

    mime: str
    content: dict[str, Any] = field(default_factory=dict)
    plain: str = ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        return {self.mime: self.content, "text/plain": self.plain}


def _bundle(html: str, typst: str, plain: str) -> Bundle:
    return {"text/html": html, "text/vnd.typst": typst, "text/plain": plain}


def _html_cell(cell: str) -> str:
    """A cell's inner HTML: a drawing, words with links, or escaped text."""
    return cell.html if isinstance(cell, Sparkline | Linked) else escape_html(cell)


def _typst_cell(cell: str) -> str:
    """A cell as a string literal; a drawing as its SVG and its words; links and anchors as literals."""
    if isinstance(cell, Sparkline):
        return f"({typst_string(cell.svg)}, {typst_string(str(cell))})"
    if isinstance(cell, Linked | Anchored):
        return cell.typst
    return typst_string(cell)


def _array(parts: Any) -> str:
    """A Typst array; the closing comma keeps an array of one an array."""
    inner = ", ".join(parts)
    return f"({inner},)" if inner else "()"
