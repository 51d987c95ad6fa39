"""docs/measures.md: it says what params and docstrings say, of every indicator, and points at what exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from evalib.handbook.claims import CLAIMS
from evalib.handbook.docstrings import formula, markdown, quoted
from evalib.handbook.document import ROOT, TARGET, handbook
from evalib.handbook.formulas import FORMULAS, METHODS
from evalib.handbook.given import sources
from evalib.handbook.tables import limits
from evalib.review.yearly import BUILDERS
from evalib.settings.indicators import MEASURES

PARAMS = ROOT / "params"
TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def given():
    return sources(PARAMS)


@pytest.fixture(scope="module")
def text(given) -> str:
    return handbook(given)


def test_document_says_what_params_and_docstrings_say(text: str) -> None:
    same = TARGET.read_text("utf-8") == text
    assert same, "docs/measures.md is not what params and docstrings say: run `make docs`"


def test_every_indicator_has_its_place_and_its_definition_in_both_languages(given, text: str) -> None:
    for one in given.measures.indicators:
        assert text.count(f'<a id="{one.id}"></a>') == 1, one.id
        for words in given.words.values():
            assert one.name.in_(words.lang) in text
    assert "达到满分 85% 的比例" in text
    assert "at or above 85% of the full mark" in text


def test_every_measure_has_a_formula() -> None:
    assert set(FORMULAS) == set(MEASURES) == set(BUILDERS)
    for measure in MEASURES:
        assert any(formula(one) for one in FORMULAS[measure]), measure
        assert quoted(BUILDERS[measure]), measure


def test_every_step_of_the_computation_has_its_functions_and_words(given) -> None:
    assert list(METHODS) == list(given.handbook.methods)
    for functions in METHODS.values():
        assert all(quoted(one) for one in functions)


def identifiers() -> dict[str, set[str]]:
    """The names that each function of review, measures and statistics mentions, methods included."""
    found: dict[str, set[str]] = {}
    source = ROOT / "src" / "evalib"
    for path in [
        path for room in ("review", "measures", "statistics") for path in source.glob(f"{room}/*.py")
    ]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                named = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                named |= {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
                found.setdefault(node.name, set()).update(named)
    return found


def test_a_measure_names_the_functions_that_its_builder_calls() -> None:
    mentions = identifiers()
    for measure, functions in FORMULAS.items():
        reached, waiting = set(), [BUILDERS[measure].__name__]
        while waiting:
            name = waiting.pop()
            if name in mentions and name not in reached:
                reached.add(name)
                waiting += mentions[name]
        assert {one.__name__ for one in functions} <= reached, measure


def test_every_limit_says_what_it_means_and_no_other_does(given) -> None:
    assert set(limits(given)) == set(given.handbook.limits)


def test_every_item_of_the_fitness_standard_is_named(given) -> None:
    tested = {item for group in given.fitness.weights for item in group.items}
    assert tested == set(given.handbook.items)


def test_no_text_of_the_document_is_left_over(given) -> None:
    used = {
        node.value
        for path in (ROOT / "src" / "evalib" / "handbook").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert set(given.handbook.texts) <= used


def test_every_link_leads_to_one_place(text: str) -> None:
    places = re.findall(r'<a id="([^"]+)"></a>', text)
    assert len(places) == len(set(places))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(places)


def test_tables_have_as_many_cells_in_every_row(text: str) -> None:
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}) == 1, block


def test_document_names_no_place_on_a_machine(text: str) -> None:
    assert str(ROOT) not in text
    assert not re.search(r"(?<![\w.])/(?:home|work|root|tmp|usr|Users)/|[A-Z]:\\", text)


def is_long(module: ast.Module, test: ast.FunctionDef) -> bool:
    marks = [ast.unparse(one) for one in test.decorator_list]
    marks += [
        ast.unparse(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    return any("mark.proof" in one for one in marks)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.test.rpartition("::")[2])
def test_what_is_claimed_has_a_test(claim) -> None:
    file, _, name = claim.test.partition("::")
    module = ast.parse((TESTS / file).read_text("utf-8"))
    found = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    assert name in found
    assert is_long(module, found[name]) == claim.long


def test_another_cut_is_another_definition(given) -> None:
    cuts = given.measures.cuts.model_copy(update={"excellent": 0.9})
    changed = type(given)(
        given.measures.model_copy(update={"cuts": cuts}),
        given.disclosure,
        given.fitness,
        given.handbook,
        given.words,
    )
    assert "at or above 90% of the full mark" in handbook(changed)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a*b* and x_j, (x)_j", ["a\\*b\\* and x_j, (x)\\_j"]),
        ("keep `a*b` as it is", ["keep `a*b` as it is"]),
        ("|r| < 1 ~ N", ["\\|r\\| \\< 1 \\~ N"]),
        ("- 1 is no list", ["\\- 1 is no list"]),
        ("2014. Not a list either", ["2014\\. Not a list either"]),
        ("Then\n\n    V = a*b\n\nends", ["Then", "", "    V = a*b", "", "ends"]),
        ("low, high\n    Both,\n    in (J,).", ["- `low, high`: Both,", "  in (J,)."]),
        ("", []),
    ],
)
def test_docstring_is_shown_as_it_is_written(written: str, shown: list[str]) -> None:
    assert markdown(written) == shown


def test_function_without_a_docstring_has_no_formula() -> None:
    def nothing() -> None: ...

    assert formula(nothing) == ""
