"""The only reader of params/: strict models of every YAML file a district may decide."""

from __future__ import annotations

import datetime
import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from evalib.errors import ParameterError
from evalib.messages import message
from evalib.vocabulary import DIMENSIONS, STANDINGS, SchoolYear

Share = Annotated[float, Field(ge=0, le=1)]
Lang = Literal["zh", "en"]
Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Extra keys forbidden, types not guessed, values frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Bilingual(Strict):
    """A text that a reader sees, in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_(self, lang: str) -> str:
        """The text in `lang`."""
        return self.zh if lang == "zh" else self.en


class DistrictParams(Strict):
    """One district's file: where its files lie and which reports are wanted."""

    district: Bilingual
    files: str
    years: Literal["latest", "all"] | list[str] = "latest"
    languages: list[Lang] = Field(default=["zh"], min_length=1)
    editions: list[Literal["restricted", "public"]] = Field(default=["restricted"], min_length=1)
    identities: Literal["invented", "real"]
    school_codes: Literal["national", "own"] = "national"
    grades: dict[str, Bilingual] = {}
    notebook: str = "notebooks/school_report.ipynb"

    @field_validator("years")
    @classmethod
    def _school_years(cls, years: Any) -> Any:
        if isinstance(years, list):
            for year in years:
                SchoolYear(year)
        return years


class Cuts(Strict):
    """Shares of the full mark."""

    excellent: Share
    pass_: Share = Field(alias="pass")
    low: Share
    source: str


class StandingParams(Strict):
    """When a difference may be called one."""

    clear: Share
    probable: Share
    minimum_sections: int = Field(ge=2)
    pooled_below_sections: int
    pooled_years: int = Field(ge=1)
    source: str


class GrowthParams(Strict):
    """How value added is computed and when it may be shown."""

    match_rate_minimum: Share
    pattern_minimum: int = Field(ge=2)
    spline_knots: list[Share]
    minimum_sections: int = Field(ge=2)
    shrunken_reliability_minimum: Share
    bootstrap_below_sections: int
    bootstrap_draws: int = Field(ge=20)
    seed: int
    source: str


class DimensionParams(Strict):
    """A dimension of the review."""

    name: Bilingual
    status: Literal["settled", "emerging"]
    lead: str | None = None


class IndicatorParams(Strict):
    """An indicator: which measure computes it and how it is read."""

    id: str
    name: Bilingual
    about: Bilingual
    dimension: str
    measure: str
    cut: Literal["excellent", "pass", "low"] | None = None
    direction: Literal["higher", "lower"]
    unit: Literal["t_score", "rate", "sd"]
    smallest_difference: float | None = Field(default=None, gt=0)
    standing: bool = True
    status: Literal["settled", "emerging"]
    source: Bilingual


class MeasuresParams(Strict):
    """`measures.yaml`: indicators, cuts and thresholds."""

    dated: datetime.date
    denominator: Literal["entered", "sat"]
    cuts: Cuts
    standing: StandingParams
    growth: GrowthParams
    dimensions: dict[str, DimensionParams]
    indicators: list[IndicatorParams]

    @model_validator(mode="after")
    def _refers_to_what_exists(self) -> MeasuresParams:
        if list(self.dimensions) != list(DIMENSIONS):
            raise ValueError(f"dimensions must be {', '.join(DIMENSIONS)}, in this order")
        ids = [one.id for one in self.indicators]
        for one in self.indicators:
            if one.dimension not in self.dimensions:
                raise ValueError(f"indicator {one.id}: unknown dimension {one.dimension}")
            if ids.count(one.id) > 1:
                raise ValueError(f"indicator {one.id} stands twice")
        for dimension in self.dimensions.values():
            if dimension.lead is not None and dimension.lead not in ids:
                raise ValueError(f"lead indicator {dimension.lead} is not defined")
        return self


class DisclosureParams(Strict):
    """`disclosure.yaml`: how few pupils may be shown."""

    dated: datetime.date
    minimum_n: int = Field(ge=1)
    minimum_n_standing: int = Field(ge=1)
    source: str


class Trigger(Strict):
    """When a sentence may be said."""

    about: Literal[
        "indicator",
        "withheld",
        "note",
        "nothing_stands_out",
        "nothing_can_be_said",
        "everything_said",
    ]
    indicator: str | None = None
    unit: str | None = None
    standings: list[str] = []

    @field_validator("standings")
    @classmethod
    def _known(cls, standings: list[str]) -> list[str]:
        unknown = set(standings) - {*STANDINGS, "none"}
        if unknown:
            raise ValueError(f"no standing is called {', '.join(sorted(unknown))}")
        return standings


class Sentence(Strict):
    """A reviewed sentence: when it may be said and in which words."""

    id: str
    trigger: Trigger
    minimum_n: int = 0
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class SentencesParams(Strict):
    """`sentences.yaml`: the reviewed sentences, the first that fits is said."""

    dated: datetime.date
    sentences: list[Sentence]


@dataclass(frozen=True)
class Settings:
    """Everything that params/ says about one district, and where its output goes."""

    path: Path
    root: Path
    district: DistrictParams
    measures: MeasuresParams
    disclosure: DisclosureParams
    sentences: tuple[Sentence, ...]

    @property
    def name(self) -> str:
        """The district's short name: the stem of its params file."""
        return self.path.stem

    @property
    def files(self) -> Path:
        """The folder of files as received."""
        return self.root / self.district.files

    @property
    def output(self) -> Path:
        """The district's folder below output/."""
        return self.root / "output" / self.name

    @property
    def store(self) -> Path:
        """The district's clean tables."""
        return self.output / "store"

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
        )
        digest = hashlib.sha256()
        for name in names:
            digest.update((folder / name).read_bytes())
        return digest.hexdigest()[:12]


def load_settings(path: str | Path) -> Settings:
    """Read a district's params file and the files beside it.

    A relative path that does not exist from the working folder is looked for in
    the folders above it, so that a notebook below `notebooks/` finds `params/`.

    Raises
    ------
    ParameterError
        The file is missing, not YAML, or has a key or value that is not allowed.
    """
    found = _find(Path(path))
    district = _read(found, DistrictParams)
    folder = found.parent
    return Settings(
        path=found,
        root=folder.parent,
        district=district,
        measures=_read(folder / "measures.yaml", MeasuresParams),
        disclosure=_read(folder / "disclosure.yaml", DisclosureParams),
        sentences=tuple(_read(folder / "sentences.yaml", SentencesParams).sentences),
    )


def load_catalogue(folder: Path, name: str) -> dict[str, Any]:
    """A params file that is a plain mapping, such as `columns.yaml` or `wording.yaml`."""
    return _yaml(folder / name)


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


def _read(path: Path, model: type[Model]) -> Model:
    content = _yaml(path)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _first_fault(path, model, error) from None


def _yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ParameterError("no_params_file", path=str(path))
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "UTF-8"
        raise ParameterError("params_not_yaml", path=str(path), where=where) from None
    if not isinstance(content, dict):
        raise ParameterError("params_not_yaml", path=str(path), where="line 1")
    return content


def _first_fault(path: Path, model: type[BaseModel], error: ValidationError) -> ParameterError:
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or path.name
    if fault["type"] == "extra_forbidden":
        name = str(fault["loc"][-1])
        known = sorted(_keys(model))
        return ParameterError("unknown_params_key", path=str(path), name=where, nearest=nearest(name, known))
    return ParameterError("params_invalid", path=str(path), where=where, what=fault["msg"])


def _keys(model: type[BaseModel]) -> set[str]:
    found: set[str] = set()
    for name, entry in model.model_fields.items():
        found.add(entry.alias or name)
        for inner in (entry.annotation, *getattr(entry.annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                found |= _keys(inner)
    return found


def nearest(name: str, known: list[str]) -> Nearest:
    """The known name closest to `name`, as a clause for a message; empty if none is close."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return Nearest(close[0] if close else "")


@dataclass(frozen=True)
class Nearest:
    """A suggestion that a message renders in its own language."""

    name: str

    def __format__(self, lang: str) -> str:
        return message("nearest", lang or "zh", name=self.name) if self.name else ""
