"""RSNA Pneumonia: boxes as corners, patients by hash or by lists of ids."""

from collections import Counter
from pathlib import Path

import pytest

from models.manifest import ManifestError
from tests.training.data.prepare.files import write_table
from tests.training.data.prepare.prepared import prepared
from tests.training.data.prepare.published_chest import rsna_pneumonia


def patient(number: int) -> str:
    return f"{number:08x}-aaaa-bbbb-cccc-000000000000"


def test_boxes_have_corners_and_an_image_without_one_shows_nothing(tmp_path: Path) -> None:
    rows, told = prepared("rsna-pneumonia", tmp_path)
    assert rows[0] == {
        "image": f"stage_2_train_images/{patient(0)}.dcm",
        "patient_id": patient(0),
        "split": rows[0]["split"],
        "labels": ["pneumonia"],
        "boxes": {"pneumonia": [[4.0, 8.0, 24.0, 38.0], [36.5, 8.0, 56.5, 38.0]]},
    }
    assert rows[1]["labels"] == []
    assert "boxes" not in rows[1]
    assert (len(rows), told) == (24, [])


def test_lists_of_ids_give_the_splits(tmp_path: Path) -> None:
    rsna_pneumonia(tmp_path)
    for name, numbers in (("train", range(12)), ("val", range(12, 16)), ("test", range(16, 20))):
        lines = "".join(f"{patient(number)}.dcm\n" for number in numbers)
        (tmp_path / f"{name}.txt").write_text(lines)
    rows, told = prepared("rsna-pneumonia", tmp_path, f"--splits={tmp_path}", write=False)
    assert Counter(row["split"] for row in rows) == {"train": 12, "validation": 4, "test": 4}
    assert told == ["left out 4 images that no split file has"]


def test_lists_that_overlap_or_are_empty_are_errors(tmp_path: Path) -> None:
    rsna_pneumonia(tmp_path)
    with pytest.raises(ManifestError, match=r"holds no patients in train\.txt"):
        prepared("rsna-pneumonia", tmp_path, f"--splits={tmp_path}", write=False)
    for name in ("train", "test"):
        (tmp_path / f"{name}.txt").write_text("a\n")
    with pytest.raises(ManifestError, match=r"test\.txt: a stands in train too"):
        prepared("rsna-pneumonia", tmp_path, f"--splits={tmp_path}", write=False)


def test_the_finer_class_goes_along_where_it_was_fetched(tmp_path: Path) -> None:
    rsna_pneumonia(tmp_path)
    classes = [{"patientId": patient(1), "class": "No Lung Opacity / Not Normal"}]
    write_table(tmp_path / "stage_2_detailed_class_info.csv", classes)
    rows, _ = prepared("rsna-pneumonia", tmp_path, write=False)
    assert rows[1]["class"] == "No Lung Opacity / Not Normal"


@pytest.mark.parametrize(
    ("cells", "message"),
    [({"Target": 2}, "Target: takes 0 or 1, got '2'"), ({"x": "a"}, "a box takes four numbers")],
)
def test_a_wrong_cell_is_told(tmp_path: Path, cells: dict[str, object], message: str) -> None:
    rsna_pneumonia(tmp_path)
    row: dict[str, object] = {"patientId": "a", "x": 1, "y": 1, "width": 1, "height": 1}
    write_table(tmp_path / "stage_2_train_labels.csv", [row | {"Target": 1} | cells])
    with pytest.raises(ManifestError, match=message):
        prepared("rsna-pneumonia", tmp_path, write=False)
