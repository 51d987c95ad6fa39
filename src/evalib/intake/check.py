"""A district's files looked over, nothing loaded: every fault, and copies to mend."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evalib.errors import Fault
from evalib.intake.annotated import annotated_copy
from evalib.intake.copies import Copies, default_folder
from evalib.intake.load import examine
from evalib.intake.pseudonyms import KEY_BYTES, Identities, key_file, open_identities
from evalib.intake.workbooks import read_grids
from evalib.settings import Settings
from evalib.store import Store


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    faults
        Errors and warnings, in the order of files, sheets and rows.
    copies
        The folder of annotated copies, or None if none was written.
    """

    faults: tuple[Fault, ...]
    copies: Path | None = None

    @property
    def errors(self) -> int:
        """How many faults would stop a load."""
        return sum(not fault.warning for fault in self.faults)


def check(
    settings: Settings,
    folder: Path | None = None,
    *,
    copies: bool = True,
    copies_folder: Path | None = None,
    lang: str = "zh",
) -> Checked:
    """Find every fault of a district's files; store and identity key stay as they are.

    Parameters
    ----------
    folder
        Files in place of those that the district's params name.
    copies
        Whether to write an annotated copy of each faulty workbook.
    copies_folder
        Where to; beside the files if not said.
    lang
        Language of the copies.

    Raises
    ------
    DataError
        The identity key is missing or damaged though there is a store.
    ParameterError
        `params/columns.yaml` is wrong, or copies cannot lie in that folder.
    """
    files = settings.files if folder is None else folder
    kept = None
    if copies:
        kept = Copies(copies_folder or default_folder(files.resolve()), files, settings.output)
    examined = examine(settings, files, _identities(settings))
    if kept is None:
        return Checked(examined.faults)
    for name in _faulty(examined.errors):
        path = examined.paths[name]
        grids, _ = read_grids(path, name)
        faults = [fault for fault in examined.faults if fault.file == name]
        kept.write(name, annotated_copy(path, grids, faults, examined.spots, lang))
    kept.sweep()
    return Checked(examined.faults, kept.folder if kept.kept else None)


def _faulty(errors: Iterable[Fault]) -> list[str]:
    """Files with a fault inside a sheet; what cannot be opened cannot be marked."""
    unmarked = ("file_unreadable", "file_empty", "file_too_large", "encoding_unknown", "file_twice")
    places = {fault.file for fault in errors if fault.key not in unmarked}
    return sorted(places)


def _identities(settings: Settings) -> Identities:
    """The district's key; where none was made yet, one that nobody keeps."""
    made = key_file(settings).exists() or Store(settings.store).exists
    if made or settings.district.identities == "invented":
        return open_identities(settings)
    return Identities(secrets.token_bytes(KEY_BYTES))
