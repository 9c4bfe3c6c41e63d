"""A user's own components: found without importing, told apart by what they do, imported before anything trains."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from suite.spec import Problem, SpecError, expand, try_components
from suite.spec.own_components import fault_of
from suite.spec.sources import find_module
from tests.spec.specs import one, problems, tiny, unmark

NO_MODULE = "but there is no module {} next to the spec or on Python's path"

SOURCE = """\
import math

scale = 2.0

def bend(z, alpha=1.0):
    return alpha * z

class Bent:
    def __call__(self, z):
        return z

if scale:
    late = bend
try:
    import missing_library as lib
except ImportError:
    lib = None
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module beside the spec, whose name no other test uses, forgotten afterwards."""
    file = tmp_path / f"own_{abs(hash(tmp_path))}.py"
    file.write_text(SOURCE)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return file


def grid_of(*levels: str) -> str:
    return f"grid: {{activation: [{', '.join(levels)}], optimizer: [sgd, adam]}}"


def import_faults(folder: Path, *levels: str) -> tuple[Problem, ...]:
    benchmark = one(folder, grid=grid_of(*levels))
    with pytest.raises(SpecError) as caught:
        try_components(expand(benchmark), benchmark)
    return caught.value.problems


def test_a_component_beside_the_spec_is_a_level_like_any_other(tmp_path: Path, module: Path) -> None:
    own = f"{module.stem}:bend"
    benchmark = one(tmp_path, grid=grid_of("relu", own, f"{{name: '{own}', alpha: 2, label: bent}}"))
    assert [level.label for level in benchmark.grid["activation"]] == ["relu", "bend", "bent"]
    assert benchmark.grid["activation"][2].value == {"name": own, "alpha": 2}
    try_components(expand(benchmark), benchmark)


def test_a_label_is_the_attribute_with_its_module_where_that_is_not_enough(tmp_path: Path) -> None:
    for name in ("own_one", "own_two"):
        (tmp_path / f"{name}.py").write_text("def bend(z, alpha=1): ...\ndef relu(z): ...\nclass Bent:\n    f = bend\n")
    levels = [
        "relu", "own_one:bend", "own_two:bend", "own_one:Bent.f", "{name: 'own_one:bend', alpha: 2}",
        "{name: 'own_two:bend', alpha: 3}", "'own_two:relu'", "{name: 'own_two:Bent.f', label: mine}",
    ]  # fmt: skip
    benchmark = one(tmp_path, grid=grid_of(*levels))
    assert [level.label for level in benchmark.grid["activation"]] == [
        "relu", "own_one:bend", "own_two:bend", "Bent.f", "bend alpha=2", "bend alpha=3", "own_two:relu", "mine",
    ]  # fmt: skip
    assert len(expand(benchmark, only=[{"activation": ["own_one:Bent.f"]}])) == 2


@pytest.mark.parametrize("attribute", ["bend", "Bent", "Bent.__call__", "late", "scale", "lib", "math"])
def test_whatever_a_module_defines_is_found_without_importing_it(tmp_path: Path, module: Path, attribute: str) -> None:
    benchmark = one(tmp_path, grid=grid_of(f"{module.stem}:{attribute}"))
    assert module.stem not in sys.modules
    assert len(expand(benchmark)) == 2


def test_packages_are_not_imported_to_look_into_them(tmp_path: Path) -> None:
    package = tmp_path / "own_package"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "inner" / "shapes.py").write_text("from math import *\n")
    assert len(expand(one(tmp_path, grid=grid_of("own_package.inner.shapes:anything")))) == 2
    assert find_module("own_package.inner", [str(tmp_path)]) is None
    assert find_module("own_package", [str(tmp_path)]) == package / "__init__.py"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("MODULE:bendd", "got MODULE:bendd, but MODULE.py does not define bendd; did you mean MODULE:bend?"),
        ("MODULE:zzz", "got MODULE:zzz, but MODULE.py does not define zzz"),
        ("MODULE.py:bend", f"got MODULE.py:bend, {NO_MODULE.format('MODULE.py')}; leave out the .py"),
        ("xMODULE:bend", f"got xMODULE:bend, {NO_MODULE.format('xMODULE')}; did you mean MODULE:bend?"),
        ("MODULE:", "got MODULE:, expected package.module:attribute"),
        ("my-module:bend", "got my-module:bend, expected package.module:attribute"),
        ("MODULE:a:b", "got MODULE:a:b, expected package.module:attribute"),
        ("1:30", "got 1:30, expected package.module:attribute"),
        ("_sre:compile", "got _sre:compile, expected a module with Python source, not built-in"),
    ],
)  # fmt: skip
def test_a_name_that_leads_nowhere_is_a_mistake(tmp_path: Path, module: Path, name: str, message: str) -> None:
    text, place = unmark(tiny(grid=f"grid: {{activation: [relu, §'{name.replace('MODULE', module.stem)}']}}"))
    (problem,) = problems(tmp_path, text)
    assert problem.message == message.replace("MODULE", module.stem)
    assert (problem.line, problem.column) == place


def test_a_module_that_is_not_python_is_a_mistake(tmp_path: Path, module: Path) -> None:
    module.write_text("def bend(z:\n")
    (problem,) = problems(tmp_path, tiny(grid=grid_of(f"{module.stem}:bend")))
    assert problem.message == f"got {module.stem}:bend, but {module.name} is not Python: '(' was never closed on line 1"


def test_arguments_of_an_own_component_are_plain(tmp_path: Path, module: Path) -> None:
    text, place = unmark(tiny(grid=f"grid: {{activation: [{{name: '{module.stem}:bend', alpha: §[1, 2]}}]}}"))
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.column) == place
    assert problem.message == "got a list of 2, expected a finite number, text, true or false"


def test_editing_a_component_changes_its_cells_alone(tmp_path: Path, module: Path) -> None:
    (tmp_path / "own_other.py").write_text("def other(z):\n    return z\n")
    grid = grid_of("relu", f"{module.stem}:bend", "'own_other:other'")
    before = expand(one(tmp_path, grid=grid))
    module.write_text(SOURCE.replace("alpha * z", "alpha * z + 1"))
    after = expand(one(tmp_path, grid=grid))
    changed = {a.factors["activation"] for a, b in zip(after, before, strict=True) if a.fingerprint != b.fingerprint}
    assert changed == {"bend"}
    assert sum(a.program != b.program for a, b in zip(after, before, strict=True)) == 2


HELPED = """\
from own_helper import steepness

SLOPE = 2.0
TABLE = {}

def straight(z):
    return z

def bend(z, alpha=SLOPE):
    return steepness * straight(z)

def other(z):
    return z
"""


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("def bend(z, alpha=SLOPE):\n", 'def bend(z, alpha=SLOPE):\n    """Bends."""\n\n    # as the paper has it\n'),
        ("from own_helper", '"""A module."""\n\nfrom own_helper'),
        ("steepness * straight(z)", "(steepness\n        * straight(z))  # times"),
    ],
)
def test_comments_docstrings_and_layout_change_no_cell(tmp_path: Path, module: Path, was: str, becomes: str) -> None:
    helper = tmp_path / "own_helper.py"
    helper.write_text("steepness = 1\n")
    module.write_text(HELPED)
    before = expand(one(tmp_path, grid=grid_of(f"{module.stem}:bend")))
    assert was in HELPED
    module.write_text(HELPED.replace(was, becomes))
    helper.write_text("# how steep\nsteepness = 1\n")
    after = expand(one(tmp_path, grid=grid_of(f"{module.stem}:bend")))
    assert [a.fingerprint + a.program for a in after] == [b.fingerprint + b.program for b in before]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("steepness * straight", "2 * steepness * straight"),
        ("    return z\n\ndef bend", "    return -z\n\ndef bend"),
        ("SLOPE = 2.0", "SLOPE = 3.0"),
        ("TABLE = {}", "import keras\nkeras.config.set_floatx('float64')"),
        ("def other(z):", "@TABLE.setdefault\ndef other(z):"),
    ],
)
def test_what_a_module_says_otherwise_changes_its_cells(tmp_path: Path, module: Path, was: str, becomes: str) -> None:
    (tmp_path / "own_helper.py").write_text("steepness = 1\n")
    module.write_text(HELPED)
    before = expand(one(tmp_path, grid=grid_of(f"{module.stem}:bend")))
    assert was in HELPED
    module.write_text(HELPED.replace(was, becomes))
    after = expand(one(tmp_path, grid=grid_of(f"{module.stem}:bend")))
    assert all(a.fingerprint != b.fingerprint for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("own_table.csv", "SLOPE = float(open(__file__.replace(FILE, 'own_table.csv')).read())"),
        ("data/slopes.txt", "SLOPE = pathlib.Path(__file__).with_name('data/slopes.txt').read_text()"),
        ("own_late.py", "late = importlib.import_module('own_late')"),
        ("own_late.py", "late = importlib.util.spec_from_file_location('late', pathlib.Path('own_late.py'))"),
    ],
)
def test_a_file_or_module_that_is_named_in_quotes_is_part_of_it(
    name: str, line: str, tmp_path: Path, module: Path
) -> None:
    """What it reads beside it, or imports by importlib, so that changing that trains its cells again."""
    helper = tmp_path / name
    helper.parent.mkdir(exist_ok=True)
    module.write_text(f"import importlib, pathlib\nFILE = {module.name!r}\n{line}\ndef bend(z):\n    return z\n")
    found = []
    for text in ("1.0", "2.0", "1.0"):
        helper.write_text(text)
        found.append(expand(one(tmp_path, grid=grid_of(f"{module.stem}:bend")))[0].fingerprint)
    assert found[0] == found[2] != found[1]


def test_an_own_initializer_is_fed_and_no_part_of_the_program(tmp_path: Path, module: Path) -> None:
    module.write_text("def scaled(seed=None):\n    return 1\n")
    fixed = f"fixed: {{initializer: '{module.stem}:scaled'}}"
    before = expand(one(tmp_path, fixed=fixed))
    module.write_text("def scaled(seed=None):\n    return 2\n")
    after = expand(one(tmp_path, fixed=fixed))
    assert all(a.fingerprint != b.fingerprint for a, b in zip(after, before, strict=True))
    assert [a.program for a in after] == [b.program for b in before]


def test_editing_what_a_component_imports_from_its_folder_changes_its_cells(tmp_path: Path, module: Path) -> None:
    helper = tmp_path / "own_helper.py"
    helper.write_text("value = 1\n")
    module.write_text("from own_helper import value\nimport numpy\n" + SOURCE)
    before = expand(one(tmp_path, grid=grid_of(f"{module.stem}:bend")))
    helper.write_text("value = 2\n")
    after = expand(one(tmp_path, grid=grid_of(f"{module.stem}:bend")))
    assert all(a.fingerprint != b.fingerprint for a, b in zip(after, before, strict=True))


def test_editing_deep_inside_a_package_changes_its_cells(tmp_path: Path, module: Path) -> None:
    package = tmp_path / "own_package"
    (package / "deep").mkdir(parents=True)
    for file, text in (
        ("__init__.py", ""),
        ("deep/__init__.py", "from .inner import bend\n"),
        ("deep/inner.py", "from ..base import scale\n\n\ndef bend(z):\n    return scale * z\n"),
        ("base.py", "scale = 1.0\n"),
    ):
        (package / file).write_text(text)
    module.write_text("from own_package.deep import bend\n")
    before = expand(one(tmp_path, grid=grid_of(f"{module.stem}:bend")))
    (package / "base.py").write_text("scale = 2.0\n")
    after = expand(one(tmp_path, grid=grid_of(f"{module.stem}:bend")))
    assert all(a.fingerprint != b.fingerprint for a, b in zip(after, before, strict=True))


def test_a_component_must_take_what_its_kind_is_given(tmp_path: Path, module: Path) -> None:
    module.write_text("def bend(z, alpha):\n    return z\n\n\ndef scale():\n    return None\n")
    (fault,) = import_faults(tmp_path, f"{module.stem}:bend", f"{{name: '{module.stem}:bend', alpha: 1}}")
    assert (
        "raises TypeError: bend() missing 1 required positional argument: 'alpha' in a network with one layer, "
        in fault.message
    )
    benchmark = one(tmp_path, fixed=f"fixed: {{depth: 2, normalization: '{module.stem}:scale'}}")
    with pytest.raises(SpecError, match=r"scale\(\) got an unexpected keyword argument 'name'"):
        try_components(expand(benchmark), benchmark)


def test_moving_the_folder_changes_no_fingerprint(tmp_path: Path, module: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (moved / module.name).write_text(SOURCE)
    cells, others = (expand(one(folder, grid=grid_of(f"{module.stem}:bend"))) for folder in (tmp_path, moved))
    assert [cell.fingerprint for cell in cells] == [cell.fingerprint for cell in others]


def test_what_cannot_be_imported_is_told_at_its_line_of_the_spec(tmp_path: Path, module: Path) -> None:
    module.write_text(SOURCE.replace("import math", "import math\nimport no_such_library"))
    (problem,) = import_faults(tmp_path, "relu", f"{module.stem}:bend")
    column = len("grid: {activation: [relu, ") + 1
    assert (problem.file, problem.line, problem.column) == (str(tmp_path / "spec.yaml"), 7, column)
    assert problem.key == "grid.activation"
    cause = f"ModuleNotFoundError: No module named 'no_such_library' ({module.name}, line 2)"
    assert problem.message == f"{module.stem}:bend cannot be imported: {cause}"
    module.write_text("import sys\nsys.exit(3)\ndef bend(z): ...\n")
    (problem,) = import_faults(tmp_path, f"{module.stem}:bend")
    assert problem.message.endswith(f"cannot be imported: SystemExit: 3 ({module.name}, line 2)")


def test_what_is_no_function_or_takes_no_such_argument_is_told(tmp_path: Path, module: Path) -> None:
    names = [f"{module.stem}:scale", f"{{name: '{module.stem}:bend', beta: 1}}", f"{module.stem}:Bent.x"]
    scale, bend, missing = (problem.message for problem in import_faults(tmp_path, *names))
    assert "raises TypeError: 'float' object is not callable" in scale
    assert "raises TypeError: bend() got an unexpected keyword argument 'beta'" in bend
    assert missing.endswith(f"cannot be imported: ImportError: module {module.stem!r} has no attribute 'Bent.x'")


def test_a_module_of_the_same_name_from_elsewhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text(SOURCE)
    (problem,) = import_faults(tmp_path, "'json:bend'")
    assert problem.message.startswith("json:bend is shadowed by another module named json (")
    assert problem.message.endswith("json/__init__.py); rename yours")


def test_a_name_that_no_module_has_is_not_proposed_to_itself(tmp_path: Path) -> None:
    (tmp_path / "mine.py").mkdir()
    told = fault_of("mine:f", [str(tmp_path)])
    assert told is not None
    assert told.endswith("on Python's path")


def test_a_binary_file_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_bytes(b"\xff\xfe\x00")
    told = fault_of("mine:f", [str(tmp_path)])
    assert told is not None
    assert "is not Python" in told
    assert "None" not in told
