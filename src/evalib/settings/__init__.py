"""The only reader of params/: every YAML file a district may decide, checked strictly."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from evalib.errors import FaultyParams, ParameterError
from evalib.places import VARIABLE, place
from evalib.settings.balance import BalanceIndicator, BalanceParams
from evalib.settings.frozen import FrozenIndicator, FrozenParams
from evalib.settings.indicators import MEASURES, IndicatorParams, MeasuresParams
from evalib.settings.initiatives import InitiativesParams, faults_of_sources, faults_of_stated
from evalib.settings.issued import IssuedCells, IssuedParams, IssuedYear
from evalib.settings.models import (
    NOTEBOOK_KEYS,
    DisclosureParams,
    DistrictParams,
    Sentence,
    SentencesParams,
    Strict,
    Trigger,
    WordingParams,
)
from evalib.settings.nearness import nearest
from evalib.settings.standards import FitnessParams

__all__ = [
    "NOTEBOOK_KEYS",
    "BalanceIndicator",
    "BalanceParams",
    "DisclosureParams",
    "DistrictParams",
    "FrozenIndicator",
    "FrozenParams",
    "IndicatorParams",
    "InitiativesParams",
    "IssuedCells",
    "IssuedParams",
    "IssuedYear",
    "MeasuresParams",
    "Sentence",
    "Settings",
    "Strict",
    "Trigger",
    "load_settings",
    "nearest",
    "outputs_given",
    "read_params",
    "write_frozen",
    "write_issued",
]

# The national fitness standard in force.
FITNESS = "standards/fitness_2014.yaml"
# The national standard of quality and balance in force, and the district's initiatives.
BALANCE, INITIATIVES = "standards/balance_2017.yaml", "initiatives.yaml"

# The parser of libyaml, where it is there, is many times faster than the one in Python; both are safe.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Settings:
    """Everything that params/ says about one district, and where its output goes.

    `outputs` is the folder of the districts' outputs, where it is not `output/` of the project.
    """

    path: Path
    root: Path
    district: DistrictParams
    measures: MeasuresParams
    disclosure: DisclosureParams
    sentences: tuple[Sentence, ...]
    wording: dict[str, Any]
    fitness: FitnessParams
    balance: BalanceParams
    initiatives: InitiativesParams
    frozen: FrozenParams | None = None
    issued: IssuedParams | None = None
    outputs: Path | None = None

    @property
    def name(self) -> str:
        """The district's short name: the stem of its params file."""
        return self.path.stem

    @property
    def files(self) -> Path:
        """The folder of files as received."""
        return self.root / self.district.files

    def notebook(self, kind: str) -> Path:
        """The notebook that the reports of a kind are made from."""
        return self.root / self.district.notebooks[kind]

    @property
    def output(self) -> Path:
        """The district's folder below output/, or below the place given instead."""
        return (self.outputs or self.root / "output") / self.name

    @property
    def store(self) -> Path:
        """The district's clean tables."""
        return self.output / "store"

    @property
    def frozen_path(self) -> Path:
        """Where the district's frozen scale stands, if it has one."""
        return self.path.parent / "frozen" / self.path.name

    @property
    def issued_path(self) -> Path:
        """Where it stands what was withheld in the years handed out, if any was."""
        return self.path.parent / "issued" / self.path.name

    @property
    def fingerprint(self) -> str:
        """A short hash of every params file the district uses."""
        folder = self.path.parent
        names = (
            self.path.name,
            "measures.yaml",
            "disclosure.yaml",
            "columns.yaml",
            "wording.yaml",
            "sentences.yaml",
            FITNESS,
            BALANCE,
            INITIATIVES,
        )
        digest = hashlib.sha256()
        for name in names:
            digest.update((folder / name).read_bytes())
        if self.frozen is not None:
            digest.update(self.frozen_path.read_bytes())
        if self.issued is not None:
            digest.update(self.issued_path.read_bytes())
        return digest.hexdigest()[:12]


def outputs_given(given: str | None = None) -> Path | None:
    """Where the districts' outputs lie, as given or as the environment says; None where nothing does.

    Raises
    ------
    ParameterError
        It is a URL of a kind that is not known here.
    """
    text = given or os.environ.get(VARIABLE)
    return place(text) if text else None


def load_settings(path: str | Path, outputs: str | None = None) -> Settings:
    """Read a district's params file and the files beside it.

    Parameters
    ----------
    path
        The params file.
    outputs
        The folder or URL of the districts' outputs; where none is given the environment's
        `EVALIB_OUTPUT`, and without that the project's `output/`.

    A relative path that does not exist from the working folder is looked for in
    the folders above it, so that a notebook below `notebooks/` finds `params/`.

    Raises
    ------
    ParameterError
        The file is missing, not YAML, or has a key or value that is not allowed; or the
        outputs' URL is of no kind that is known.
    """
    found = _find(Path(path))
    if not re.fullmatch(r"[\w-]+", found.stem):
        raise ParameterError("params_name", path=str(path))
    district = read_params(found, DistrictParams)
    folder = found.parent
    outside = [
        ("notebook_elsewhere", {"name": NOTEBOOK_KEYS[kind]})
        for kind, notebook in district.notebooks.items()
        if not (folder.parent / notebook).resolve().is_relative_to(folder.parent)
    ]
    if outside:
        raise FaultyParams(str(found), tuple(outside))
    wording = read_params(folder / "wording.yaml", WordingParams)
    balance = read_params(folder / BALANCE, BalanceParams)
    frozen, issued = folder / "frozen" / found.name, folder / "issued" / found.name
    return Settings(
        path=found,
        root=folder.parent,
        wording=wording.model_dump(),
        district=district,
        measures=_weighted(read_params(folder / "measures.yaml", MeasuresParams), district, found),
        disclosure=read_params(folder / "disclosure.yaml", DisclosureParams),
        sentences=tuple(read_params(folder / "sentences.yaml", SentencesParams).sentences),
        fitness=read_params(folder / FITNESS, FitnessParams),
        balance=balance,
        initiatives=_stated(folder, balance, district, found),
        frozen=read_params(frozen, FrozenParams) if frozen.is_file() else None,
        issued=read_params(issued, IssuedParams) if issued.is_file() else None,
        outputs=outputs_given(outputs),
    )


def _weighted(measures: MeasuresParams, district: DistrictParams, path: Path) -> MeasuresParams:
    """The measures with the weights that the district sets for itself."""
    known = [one.id for one in measures.indicators]
    faults: list[tuple[str, dict[str, Any]]] = []
    for name in district.weights:
        if name not in known:
            faults.append(
                ("unknown_params_key", {"name": f"weights.{name}", "nearest": nearest(name, known)})
            )
    changed = [
        one.model_copy(update={"weight": district.weights.get(one.id, one.weight)})
        for one in measures.indicators
    ]
    for one in changed:
        if one.weight and MEASURES[one.measure].of_record:
            what = f"{one.measure} is a figure of record and has no weight"
            faults.append(("params_invalid", {"name": f"weights.{one.id}", "what": what}))
    if faults:
        raise FaultyParams(str(path), tuple(faults))
    return measures.model_copy(update={"indicators": changed})


def _stated(folder: Path, balance: BalanceParams, district: DistrictParams, path: Path) -> InitiativesParams:
    """The initiatives with the figures that the district states of itself."""
    initiatives = read_params(folder / INITIATIVES, InitiativesParams)
    for file, faults in (
        (folder / INITIATIVES, faults_of_sources(initiatives, balance)),
        (path, faults_of_stated(district.stated, initiatives)),
    ):
        if faults:
            raise FaultyParams(str(file), tuple(faults))
    return initiatives.stated_by(district.stated)


def _find(path: Path) -> Path:
    if path.is_absolute():
        candidates = [path]
    else:
        here = Path.cwd()
        candidates = [base / path for base in (here, *here.parents)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve()
    raise ParameterError("no_params_file", path=str(path))


def read_params(path: Path, model: type[Model]) -> Model:
    """A params file as its model.

    Raises
    ------
    ParameterError
        The file is missing, not YAML, or has faults; all of them are told at once.
    """
    content = _yaml(path)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _all_faults(path, model, error) from None


def write_frozen(settings: Settings, frozen: FrozenParams) -> None:
    """Write a district's frozen scale, whole or not at all."""
    heading = "# 维度分的基准，由 evalib freeze 写出。 The scale of scores, written by evalib freeze.\n"
    _write(settings.frozen_path, heading, frozen)


def write_issued(settings: Settings, issued: IssuedParams) -> None:
    """Write what was withheld in the years handed out, whole or not at all."""
    heading = "# 已印发学年中不公布的数值，由 evalib issue 写出。 Cells withheld, written by evalib issue.\n"
    _write(settings.issued_path, heading, issued)


def _write(path: Path, heading: str, params: BaseModel) -> None:
    path.parent.mkdir(exist_ok=True)
    content = params.model_dump(exclude_defaults=True)
    aside = path.with_suffix(".yaml.part")
    aside.write_text(heading + yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    aside.replace(path)


def _yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ParameterError("no_params_file", path=str(path))
    try:
        content = _parsed(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "UTF-8"
        raise ParameterError("params_not_yaml", path=str(path), where=where) from None
    if not isinstance(content, dict):
        raise ParameterError("params_not_yaml", path=str(path), where="line 1")
    return content


@lru_cache(maxsize=64)
def _parsed(content: bytes) -> Any:
    """What a file says; the same content is parsed once a process, and nobody changes what comes of it."""
    return yaml.load(content.decode("utf-8"), Loader=_LOADER)


def _all_faults(path: Path, model: type[BaseModel], error: ValidationError) -> FaultyParams:
    """Every fault of a params file in our own words, one a place."""
    known = sorted(_keys(model))
    texts: dict[str, tuple[str, dict[str, Any]]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        # A union names its branches in the place, such as list[str]; the reader knows the key alone.
        parts = [str(part) for part in fault["loc"] if "[" not in str(part)]
        where = ".".join(parts) or path.name
        texts.setdefault(where, _in_words(fault, where, parts, known))
    return FaultyParams(str(path), tuple(texts.values()))


def _in_words(fault: Any, where: str, parts: list[str], known: list[str]) -> tuple[str, dict[str, Any]]:
    if fault["type"] == "extra_forbidden":
        return "unknown_params_key", {"name": where, "nearest": nearest(parts[-1], known)}
    if fault["type"] == "missing":
        return "missing_params_key", {"name": where}
    if fault["type"] == "literal_error":
        return "params_choice", {"name": where, "allowed": fault["ctx"]["expected"].replace(" or ", ", ")}
    what = fault["msg"].removeprefix("Value error, ")
    return "params_invalid", {"name": where, "what": what}


def _keys(model: type[BaseModel]) -> set[str]:
    found: set[str] = set()
    for name, entry in model.model_fields.items():
        found.add(entry.alias or name)
        for inner in (entry.annotation, *getattr(entry.annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                found |= _keys(inner)
    return found
