"""Pairs of a manifest: what a row must hold, and what becomes of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.manifest import ManifestError
from tests.dicom_files import dicom_bytes
from training.data.manifest import read_pairs


def written(folder: Path, *rows: dict[str, Any]) -> Path:  # Any: JSON
    path = folder / "pairs.jsonl"
    path.write_text(
        "".join(json.dumps({"image": "a.png", "report": "A."} | r) + "\n" for r in rows)
    )
    return path


@pytest.mark.parametrize("labels", ["edema", {"edema": True}, 3, ["edema", 3], [["edema"]]])
def test_labels_that_are_no_list_of_strings_are_named(tmp_path: Path, labels: object) -> None:
    manifest = written(tmp_path, {}, {"labels": labels})
    with pytest.raises(ManifestError, match=r"row 2: labels: takes a list of strings"):
        read_pairs(manifest)


def test_labels_become_a_set_and_a_row_may_have_none(tmp_path: Path) -> None:
    manifest = written(tmp_path, {"labels": ["a", "b"]}, {"label": "a"}, {"labels": []}, {})
    labels = [pair.labels for pair in read_pairs(manifest)]
    assert labels == [frozenset("ab"), frozenset("a"), frozenset(), None]


def test_a_tables_cell_holds_labels_as_json(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text('image,report,labels\na.png,A.,"[""edema""]"\nb.png,B.,\n')
    assert [pair.labels for pair in read_pairs(path)] == [frozenset(["edema"]), None]


def test_a_row_names_the_frame_that_is_read(tmp_path: Path) -> None:
    frames = [np.array([[0, number]], dtype=np.uint8) for number in (1, 2, 255)]
    window = {"VOILUTFunction": "LINEAR_EXACT", "WindowCenter": 127.5, "WindowWidth": 255}
    (tmp_path / "film.dcm").write_bytes(dicom_bytes(frames, **window))
    manifest = written(tmp_path, *({"image": "film.dcm"} | row for row in ({}, {"frame": 3})))
    assert [pair.read_grey().tolist() for pair in read_pairs(manifest)] == [[[0, 2]], [[0, 255]]]


@pytest.mark.parametrize("frame", [0, -1, 1.5, "second", True])
def test_a_frame_that_is_no_number_from_one_is_named(tmp_path: Path, frame: object) -> None:
    with pytest.raises(ManifestError, match="row 1: frame: takes a whole number from 1"):
        read_pairs(written(tmp_path, {"frame": frame}))
