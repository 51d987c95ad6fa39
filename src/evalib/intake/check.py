"""A district's files looked over, nothing loaded: every fault, and copies to mend."""

from __future__ import annotations

import secrets
from pathlib import Path

from evalib.intake.annotated import annotated_copy
from evalib.intake.copies import Copies, default_folder
from evalib.intake.load import Examined, examine
from evalib.intake.pseudonyms import KEY_BYTES, Identities, key_file, open_identities
from evalib.intake.workbooks import read_grids
from evalib.places import is_remote
from evalib.settings import Settings
from evalib.store import Store

# Another file has every row of it, or there is none: a copy would be one to mend in vain.
_NOT_COPIED = frozenset(["file_twice", "file_empty", "table_without_rows"])
# A copy would lack the sheet, so faults are listed alone.
_NOT_WHOLE = frozenset(["sheet_too_large"])


def check(settings: Settings, folder: Path | None = None) -> Examined:
    """Find every fault of a district's files; nothing is written, no store and no identity key.

    Parameters
    ----------
    folder
        Files in place of those that the district's params name.

    Raises
    ------
    DataError
        The identity key is missing or damaged though there is a store.
    ParameterError
        `params/columns.yaml` is wrong.
    """
    return examine(settings, _files(settings, folder), _identities(settings))


def open_copies(settings: Settings, folder: Path | None = None, kept_in: Path | None = None) -> Copies:
    """The folder for annotated copies, before anything is written in it.

    Parameters
    ----------
    folder
        As of `check`.
    kept_in
        The folder; beside the files if not said.

    Raises
    ------
    ParameterError
        Copies cannot lie there.
    """
    files = _files(settings, folder)
    return Copies(
        kept_in or default_folder(files.resolve()),
        files,
        None if is_remote(settings.output) else settings.output,
    )


def write_copies(examined: Examined, copies: Copies, lang: str) -> None:
    """An annotated copy of each workbook with a fault that stops a load; earlier ones are swept.

    Parameters
    ----------
    examined
        What `check` returned.
    copies
        Where to.
    lang
        Language of notes and lists.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    keys: dict[str, set[str]] = {}
    for fault in examined.errors:
        keys.setdefault(fault.file, set()).add(fault.key)
    for name, path in examined.paths.items():
        if not keys.get(name, set()) - _NOT_COPIED:
            continue
        grids, _ = read_grids(path, name)
        if grids:
            faults = [fault for fault in examined.faults if fault.file == name]
            whole = not keys[name] & _NOT_WHOLE
            copies.write(name, annotated_copy(path, grids, faults, examined.spots, lang, whole=whole))
    copies.sweep()


def _files(settings: Settings, folder: Path | None) -> Path:
    return settings.files if folder is None else folder


def _identities(settings: Settings) -> Identities:
    """The district's key; where none was made yet, one that nobody keeps."""
    made = key_file(settings).exists() or Store(settings.store).exists
    if made or settings.district.identities == "invented":
        return open_identities(settings)
    return Identities(secrets.token_bytes(KEY_BYTES))
