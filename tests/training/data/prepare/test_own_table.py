"""Tables with columns of other names, and what is said where one is not named."""

from pathlib import Path

import pytest

from models.manifest import ManifestError
from training.data.prepare.own_table import read_cells


def table(folder: Path, text: str) -> Path:
    (folder / "table.csv").write_text(text)
    return folder / "table.csv"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_columns_are_read_under_our_names(tmp_path: Path, mark: str) -> None:
    path = table(tmp_path, f"Datei{mark}Befund{mark}split\na.png{mark} Normal. {mark}\n")
    cells = list(read_cells(path, ["image=Datei", "report=Befund"]))
    assert cells == [{"image": "a.png", "report": "Normal."}]


def test_what_is_not_named_is_not_taken(tmp_path: Path) -> None:
    path = table(tmp_path, "image,report,born,sex\na.png,Normal.,1.1.1900,F\n")
    assert list(read_cells(path, ["gender=sex"])) == [
        {"image": "a.png", "report": "Normal.", "gender": "F"}
    ]


def test_all_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    path = table(tmp_path, "Datei,Befund\na.png,Normal.\n")
    with pytest.raises(ManifestError, match=r"'Datei', 'Befund'; .* report=.* image=.* study_id="):
        list(read_cells(path, []))


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = table(tmp_path, "image,report\na.png,Normal.\n")
    with pytest.raises(ManifestError, match="has no column Befund"):
        list(read_cells(path, ["report=Befund"]))


@pytest.mark.parametrize("column", ["report", "=Befund", "report="])
def test_a_column_without_both_names_is_refused(tmp_path: Path, column: str) -> None:
    with pytest.raises(ManifestError, match="takes OURS=YOURS"):
        list(read_cells(table(tmp_path, "image,report\n"), [column]))


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"none\.csv: No such file"):
        list(read_cells(tmp_path / "none.csv", []))
