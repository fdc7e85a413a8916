"""The house stands: imports point down only, and heavy libraries stay in their rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "listening"

#: Room -> floor. A room is a module or a package of `listening`; what is listed later lies higher.
FLOORS = {
    "transcript": 0,
    "findings": 0,
    "scorecard": 0,
    "errors": 0,
    "settings": 0,
    "registry": 0,
    "corrections": 0,
    "progress": 0,
    "audio": 1,
    "formats": 1,
    "models": 1,
    "_fetch": 1,
    "sidecars": 1,
    "gold": 1,
    "recognizers": 2,
    "speakers": 2,
    "transcription": 3,
    "language": 3,
    "analyzers": 4,
    "scoring": 5,
    "store": 6,
    "reports": 6,
    "listen": 7,
    "batch": 7,
    "bench": 7,
    "evaluation": 7,
    "reviews": 7,
    "cli": 8,
    "web": 8,
    "__main__": 9,
}
#: Rooms on one floor that may be used by a neighbour: values see each other, and these pairs are one job in two files.
NEIGHBOURS = {
    ("models", "_fetch"),
    ("audio", "models"),
    ("batch", "listen"),
    ("bench", "listen"),
    ("cli", "web"),
    ("bench", "batch"),
    ("reviews", "evaluation"),
}
#: Library -> rooms that may import it (anywhere in the file).
HEAVY = {
    "torch": {"recognizers", "speakers"},
    "whisper": {"recognizers", "bench"},
    "faster_whisper": {"recognizers"},
    "spacy": {"language"},
    "onnxruntime": {"audio", "speakers", "language"},
    "av": {"audio", "reports"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "distributed": {"batch"},
    "starlette": {"web"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path.name} has a relative import"
            if node.module == "listening":
                yield from (f"listening.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down_and_heavy_libraries_stay_in_their_rooms(path: Path) -> None:
    relative = path.relative_to(PACKAGE).with_suffix("")
    room = relative.parts[0]
    if room == "__init__":
        return
    floor = FLOORS[room]
    for name in imported(path):
        top = name.split(".")[0]
        if top in HEAVY:
            assert room in HEAVY[top], f"{relative} imports {name}"
        if top != "listening" or name == "listening" or name == "listening.__version__":
            continue
        other = room_of(name)
        assert other in FLOORS, f"{relative} imports {name}, which is on no floor"
        if other == room or floor == 0 == FLOORS[other] or (room, other) in NEIGHBOURS:
            continue
        assert FLOORS[other] < floor, f"{relative} (floor {floor}) imports {name} (floor {FLOORS[other]})"


def loaded_after(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after running the code."""
    program = f"import sys\n{code}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_and_asking_for_help_load_nothing_heavy() -> None:
    loaded = loaded_after(
        "import listening\nfrom click.testing import CliRunner\nfrom listening.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0"
    )
    assert loaded.isdisjoint({*HEAVY, "numpy", "scipy", "rich"})
