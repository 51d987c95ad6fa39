"""Text as text: escaping for HTML and for Typst, shared by the page and the press."""

from __future__ import annotations

import html
import re

# Control characters, lone surrogates and the two noncharacters: nothing that reads a file may meet them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    r"""The text without control characters, each of them shown as U+FFFD.

    Newline and tab stay; a carriage return becomes a newline.

    >>> printable("a\x00b\r\nc")
    'a\ufffdb\nc'
    """
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def escape_html(text: str) -> str:
    """The text as HTML shows it literally, in an element or in a quoted attribute.

    >>> escape_html('<script> & "x"')
    '&lt;script&gt; &amp; &quot;x&quot;'
    """
    return html.escape(printable(text), quote=True)


def typst_string(text: str) -> str:
    r"""The text as a Typst string literal with its quotes.

    Inside the literal nothing is code, so `#sys.version` and `$x$` are printed as they are.

    >>> typst_string('say "#sys.version"')
    '"say \\"#sys.version\\""'
    """
    escaped = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'
