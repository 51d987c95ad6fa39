"""What a notebook's process shares with everything else in it: put back afterwards, made fresh before."""

from __future__ import annotations

import builtins
import contextlib
import getpass
import os
import sys
import warnings
from collections.abc import Iterator

INLINE = "module://matplotlib_inline.backend_inline"
_BACKEND = INLINE.removeprefix("module://")
_ABSENT = object()


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Put back what a notebook's shell and cells change of the interpreter, when the block ends.

    These are the environment, the working folder, the search path, what stands for
    `__main__`, the hooks, `input`, and which warnings were told already.
    """
    environment, path, folder = dict(os.environ), list(sys.path), os.getcwd()  # noqa: PTH109 — a str to return to
    main, hooks = sys.modules.get("__main__"), (sys.displayhook, sys.excepthook)
    argv, stdin = list(sys.argv), sys.stdin
    names = ("input", "get_ipython", "display", "__IPYTHON__", "_")
    built_in = {name: getattr(builtins, name, _ABSENT) for name in names}
    asks = getpass.getpass
    try:
        # Leaving this block also makes every module forget which warnings it has given.
        with warnings.catch_warnings():
            yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:], sys.argv[:], sys.stdin = path, argv, stdin
        if main is not None:
            sys.modules["__main__"] = main
        sys.displayhook, sys.excepthook = hooks
        for name, value in built_in.items():
            if value is not _ABSENT:
                setattr(builtins, name, value)
            elif hasattr(builtins, name):
                delattr(builtins, name)
        getpass.getpass = asks
        os.chdir(folder)


@contextlib.contextmanager
def fresh_figures() -> Iterator[None]:
    """Let a new shell show pyplot's figures although an earlier shell of this process did before.

    matplotlib-inline remembers for the whole process that it has set up "the" shell. A
    second one would then show every figure as a line of text, and nothing would fail.
    """
    _forget_figures()
    if matplotlib := sys.modules.get("matplotlib"):
        # Imported before there was a shell, it chose a backend by other lights than a kernel's.
        known = sys.modules.get(_BACKEND)
        matplotlib.use(os.environ.get("MPLBACKEND", INLINE))
        if known:
            known._enable_matplotlib_integration()
    try:
        yield
    finally:
        _forget_figures()


def _forget_figures() -> None:
    if matplotlib := sys.modules.get("matplotlib"):
        matplotlib.rc_file_defaults()
    if helpers := sys.modules.get("matplotlib._pylab_helpers"):
        helpers.Gcf.destroy_all()
    if backend := sys.modules.get(_BACKEND):
        backend.show._to_draw, backend.show._draw_called = [], False
        backend.configure_inline_support.__dict__.pop("current_backend", None)
        backend.InlineBackend.clear_instance()


def unshown_figures() -> int:
    """How many of pyplot's figures wait to be shown: none, once a cell has ended as it should."""
    backend = sys.modules.get(_BACKEND)
    return 0 if backend is None else len(backend.show._to_draw)
