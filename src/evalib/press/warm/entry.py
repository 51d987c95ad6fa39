"""Where papermill finds the engine `evalib-warm`.

papermill loads every engine's module while it is itself being imported. This one imports
nothing, so neither stands in the other's way, and whoever uses another engine waits for
nothing.
"""

from __future__ import annotations

from typing import Any


class EntryEngine:
    """Stands for `evalib.press.warm.engine.WarmEngine` until papermill calls it."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Execute a notebook that papermill has prepared; the executed notebook."""
        return _engine().execute_notebook(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> Any:
        """The name of a notebook's kernel."""
        return _engine().nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> Any:
        """The language of a notebook."""
        return _engine().nb_language(nb, language)


def _engine() -> Any:
    import tqdm.auto  # noqa: F401 - before ipykernel, which makes it take a shell for a notebook

    from evalib.press.warm.engine import WarmEngine

    return WarmEngine
