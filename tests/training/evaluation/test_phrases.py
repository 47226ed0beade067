"""Which words stand for a phrase, from the command line or a file."""

from pathlib import Path

import pytest

from training.config import ConfigError
from training.evaluation.phrases import read_phrases


def test_nothing_maps_nothing() -> None:
    assert read_phrases("") == {}


def test_pairs_are_read_from_the_command_line() -> None:
    found = read_phrases("cardiomediastinum=heart, ground glass opacities = opacities")
    assert found == {"cardiomediastinum": "heart", "ground glass opacities": "opacities"}


def test_pairs_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "phrases.yaml").write_text("cardiomediastinum: heart\nleft lung: left lung\n")
    found = read_phrases(str(tmp_path / "phrases.yaml"))
    assert found == {"cardiomediastinum": "heart", "left lung": "left lung"}


@pytest.mark.parametrize("text", ["heart", "cardiomediastinum=", "=heart", "a=b,heart"])
def test_a_half_pair_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="phrase=words"):
        read_phrases(text)


@pytest.mark.parametrize(
    ("content", "named"),
    [("- heart", "mapping"), ("heart: 3", "'heart': 3"), ("a: [", "no YAML"), ("", "mapping")],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str, named: str) -> None:
    path = tmp_path / "phrases.yml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=named):
        read_phrases(str(path))
