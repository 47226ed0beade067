"""The documents say what the code does."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from service.errors import ServiceError
from service.settings import Settings
from service.telemetry import BARE
from tests.helpers import ROOT

OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
GUIDE = (ROOT / "docs/architecture.md").read_text("utf-8")


def summary(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0].rstrip(".")


@pytest.mark.parametrize("room", ["models", "training", "service"])
def test_the_guide_describes_each_file_of_a_room_as_it_does_itself(room: str) -> None:
    section = GUIDE.split(f"### `{room}/`")[1].split("###")[0]
    rows = dict(re.findall(r"\| `([^`]+\.py)` \| (.*) \|", section))
    files = sorted((ROOT / room).rglob("*.py"))
    assert rows == {str(path.relative_to(ROOT / room)): summary(path) for path in files}


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    rows = dict(re.findall(r"\| `AGA_(\w+)` \| `?([^`|]*?)`? \|", OPERATIONS))
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    said = {"ALLOW_REMOTE": "0", "ALLOWED_HOSTS": "none"}
    assert rows == {name: said.get(name, str(value)) for name, value in defaults.items()}


def test_every_error_code_stands_in_the_table() -> None:
    codes = [(kind.status, kind.code) for kind in ServiceError.__subclasses__()]
    codes += [(status, code) for status, (code, _) in BARE.items()]
    for status, code in codes:
        assert f"| {status} | `{code}` |" in OPERATIONS


def test_every_kind_of_manifest_is_promised_and_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert any(package.startswith("pyarrow") for package in project["dependencies"])
    assert "a JSONL, CSV or Parquet file" in (ROOT / "README.md").read_text("utf-8")
