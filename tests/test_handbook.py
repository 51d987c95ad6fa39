"""The documents say what params, schemas and docstrings say, of everything, and point at what exists."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from evalib.errors import FaultyParams
from evalib.handbook import balance, document
from evalib.handbook.balance import balance_book, balance_sources
from evalib.handbook.claims import CLAIMS
from evalib.handbook.dictionary import described, dictionary
from evalib.handbook.docstrings import formula, markdown, quoted
from evalib.handbook.document import BALANCE, DATA, ROOT, TARGET, handbook
from evalib.handbook.formulas import FORMULAS, METHODS
from evalib.handbook.given import sources
from evalib.handbook.tables import limits
from evalib.intake.schemas import SCHEMAS
from evalib.review.yearly import BUILDERS
from evalib.settings.balance import facts_of
from evalib.settings.indicators import MEASURES

PARAMS = ROOT / "params"
TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def given():
    return sources(PARAMS)


@pytest.fixture(scope="module")
def text(given) -> str:
    return handbook(given)


@pytest.fixture(scope="module")
def of_data():
    return described(PARAMS)


@pytest.fixture(scope="module")
def data_text(of_data) -> str:
    return dictionary(of_data)


@pytest.fixture(scope="module")
def of_balance():
    return balance_sources(PARAMS)


@pytest.fixture(scope="module")
def balance_text(of_balance) -> str:
    return balance_book(of_balance)


@pytest.fixture(params=["measures", "data", "balance"])
def either(request, text: str, data_text: str, balance_text: str) -> str:
    return {"measures": text, "data": data_text, "balance": balance_text}[request.param]


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


def test_every_link_leads_to_one_place(either: str) -> None:
    places = re.findall(r'<a id="([^"]+)"></a>', either)
    assert len(places) == len(set(places))
    links = set(re.findall(r"\]\(#([^)]+)\)", either))
    assert links
    assert links <= set(places)


def test_tables_have_as_many_cells_in_every_row(either: str) -> None:
    rows = [line for line in either.splitlines() if line.startswith("|")]
    assert rows
    blocks = re.findall(r"(?:^\|.*\n)+", either, re.MULTILINE)
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}) == 1, block


def test_document_names_no_place_on_a_machine(either: str) -> None:
    assert str(ROOT) not in either
    assert not re.search(r"(?<![\w.])/(?:home|work|root|tmp|usr|Users)/|[A-Z]:\\", either)


def is_long(module: ast.Module, test: ast.FunctionDef) -> bool:
    marks = [ast.unparse(one) for one in test.decorator_list]
    marks += [
        ast.unparse(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    return any("mark.proof" in one or "mark.study" in one for one in marks)


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


def test_dictionary_says_what_schemas_and_params_say(data_text: str) -> None:
    same = DATA.read_text("utf-8") == data_text
    assert same, "docs/data.md is not what schemas and params say: run `make docs`"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_column_has_its_row_with_headers_and_both_languages(of_data, data_text: str, name: str) -> None:
    table, columns = SCHEMAS[name], of_data.told.columns
    part = data_text.partition(f'<a id="{name}"></a>')[2].partition("\n<a id=")[0]
    for column in (*table.columns, *table.context):
        (row,) = [line for line in part.splitlines() if line.startswith(f"| `{column}` |")]
        assert f"**{columns.header(name, column).replace('*', chr(92) + '*')}**" in row
        assert " · " in row.split(" | ")[5], column
        entry = table.schema.columns.get(column)
        low = (entry.metadata or {}).get("low") if entry is not None else None
        assert low is None or f"{low:g}" in row
    assert ", ".join(f"`{column}`" for column in table.key) in part


def test_every_word_that_a_cell_may_hold_is_listed(of_data, data_text: str) -> None:
    for name, words in of_data.told.columns.params.values.items():
        part = data_text.partition(f'<a id="values-{name}"></a>')[2].partition("\n<a id=")[0]
        for clean, spellings in words.items():
            (row,) = [line for line in part.splitlines() if line.startswith(f"| `{clean}` |")]
            assert row.count("、") == len(spellings) - 1


def test_every_fault_of_files_is_listed_and_nothing_else(data_text: str) -> None:
    listed = set(
        re.findall(r"^\| `(\w+)` \| .*\.? \|$", data_text.partition("`evalib check --json`")[2], re.M)
    )
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src" / "evalib" / "intake").glob("*.py"))
    assert {"above_full_mark", "file_twice", "table_without_rows", "mean_shifted"} <= listed
    formed = re.compile(r"unreadable_\w+|school_code_form_\w+")
    assert not [key for key in listed if f'"{key}"' not in source and not formed.fullmatch(key)]


def test_dictionary_tells_who_is_deleted_and_what_is_dropped(of_data, data_text: str) -> None:
    for identity in of_data.told.columns.params.identities:
        assert identity in data_text
    assert "evalib forget" in data_text


def test_no_text_of_the_dictionary_is_left_over(of_data) -> None:
    path = ROOT / "src" / "evalib" / "handbook" / "dictionary.py"
    used = {
        node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)
    }
    needs = {"needed", "free", "derived", "matching", "recognised"}
    assert set(of_data.words.texts) <= used | needs


def test_documents_are_written_where_they_belong(monkeypatch, text, data_text, balance_text) -> None:
    written: dict[str, str] = {}
    monkeypatch.setattr(Path, "write_text", lambda path, said, **_: written.update({path.name: said}))
    document.main()
    assert written == {"measures.md": text, "data.md": data_text, "balance.md": balance_text}


def test_book_of_balance_says_what_params_and_docstrings_say(balance_text: str) -> None:
    same = BALANCE.read_text("utf-8") == balance_text
    assert same, "docs/balance.md is not what params and docstrings say: run `make docs`"


def test_each_of_the_32_has_rule_limit_and_what_feeds_it(of_balance, balance_text: str) -> None:
    indicators = of_balance.balance.indicators
    assert len(indicators) == 32
    for one, following in zip(indicators, [*indicators[1:], None], strict=True):
        start = balance_text.index(f'<a id="{one.id}"></a>')
        end = balance_text.index(f'<a id="{following.id}"></a>') if following else len(balance_text)
        said = balance_text[start:end]
        assert one.name.zh in said
        assert one.name.en in said
        assert one.clause in said
        for limit in one.limits:
            assert f"{limit.value:g}" in said
        for name in facts_of(one.rule):
            assert f"](#{name})" in said
        for name in one.needs:
            assert f"](data.md#{name})" in said
        assert one.needs or facts_of(one.rule), one.id


def test_numbers_of_the_rules_in_the_book_of_balance_are_those_of_the_params(of_balance) -> None:
    params = of_balance.balance
    rule = params.section_rule.model_copy(update={"least_met": 4})
    satisfaction = params.satisfaction.model_copy(update={"limit": 0.91, "status": "recalled"})
    fewer = [one for one in params.indicators if one.id not in ("R7", "G1")]
    update = {
        "indicators": fewer,
        "section_rule": rule,
        "satisfaction": satisfaction,
        "first_year": "2019-2020",
    }
    said = balance_book(replace(of_balance, balance=params.model_copy(update=update)))
    assert "优质均衡 30 项指标手册" in said
    assert "6 项中至少 4 项" in said
    assert "3 项不足或一项低于" in said
    assert "at least 4 in 6" in said
    assert "自 2019-2020 学年起" in said
    assert not re.search("7 项|six of seven|of a section's 7", said)
    of_satisfaction = next(one for one in said.splitlines() if one.startswith("| [S1](#S1)"))
    assert "≥ 0.91" in of_satisfaction
    assert "‡" in of_satisfaction


def test_what_indicators_need_are_columns_of_the_clean_tables(of_balance) -> None:
    for one in of_balance.balance.indicators:
        for name, columns in one.needs.items():
            assert set(columns) <= set(SCHEMAS[name].columns), one.id


def test_every_kind_of_rule_has_its_words_and_no_word_is_left_over(of_balance) -> None:
    words, indicators = of_balance.words, of_balance.balance.indicators
    kinds = [one.rule.kind for one in indicators]
    assert set(words.rules) == set(balance.FORMULAS) == set(kinds)
    resources = [one.rule for one in indicators if one.rule.kind == "per_pupils"]
    assert set(words.amounts) == {one.amount for one in resources}
    assert set(words.counted) == {one.counted for one in resources} - {None}
    source = (ROOT / "src" / "evalib" / "handbook" / "balance.py").read_text("utf-8")
    used = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    assert set(words.texts) <= used | {"read", "recalled"}


def test_wrong_words_of_the_dictionary_are_told_with_their_place(tmp_path: Path) -> None:
    for name in ("columns.yaml", "tables.yaml", "dictionary.yaml"):
        (tmp_path / name).write_bytes((PARAMS / name).read_bytes())
    words = tmp_path / "dictionary.yaml"
    words.write_text(words.read_text("utf-8").replace("chapters:", "chapter:"), encoding="utf-8")
    with pytest.raises(FaultyParams) as caught:
        described(tmp_path)
    assert "dictionary.yaml" in caught.value.text("en")
    assert "chapters" in caught.value.text("en")
