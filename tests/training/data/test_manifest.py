"""Pairs of a manifest: what a row must hold, and what becomes of it."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.manifest import ManifestError
from tests.dicom_files import dicom_bytes
from training.data.manifest import ImageReportPair, Pairs, Reports, keep, read_pairs


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


def test_a_patient_in_two_splits_is_refused(tmp_path: Path) -> None:
    rows = [{"patient_id": "p"}, {}, {"patient_id": "p", "split": "test"}]
    with pytest.raises(ManifestError, match="patient 'p' stands in two splits"):
        read_pairs(written(tmp_path, *rows), splits=("train",))


def test_only_pairs_of_the_splits_asked_for_are_returned(tmp_path: Path) -> None:
    manifest = written(tmp_path, {"split": "test"}, {"report": "B."}, {"split": "validation"})
    assert [pair.report for pair in read_pairs(manifest, splits=("train",))] == ["B."]


WORDS = st.text(max_size=8)
CELLS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS
PAIRS = st.lists(
    st.builds(
        ImageReportPair,
        image=st.text("ab./", min_size=1, max_size=6).map(Path),
        report=WORDS,
        study_id=WORDS,
        patient_id=WORDS,
        split=st.sampled_from(["train", "test"]),
        labels=st.none() | st.frozensets(WORDS, max_size=3),
        metadata=st.dictionaries(WORDS, CELLS | st.lists(CELLS, max_size=3), max_size=3),
    ),
    max_size=6,
)


@given(PAIRS, st.slices(6))
def test_packed_pairs_are_those_that_were_given(plain: list[ImageReportPair], part: slice) -> None:
    pairs = Pairs(plain)
    assert [*pairs] == plain
    assert [pairs[row] for row in range(-len(plain), len(plain))] == [*plain, *plain]
    assert [*pairs[part]] == plain[part]
    assert [*Reports(pairs)[part]] == [pair.report for pair in plain[part]]
    assert [*pickle.loads(pickle.dumps(pairs))] == plain


@given(PAIRS)
def test_pairs_are_kept_by_what_they_hold(plain: list[ImageReportPair]) -> None:
    tests = Pairs(plain).filter(lambda pair: pair.split == "test")
    assert [*tests] == [pair for pair in plain if pair.split == "test"]
    assert [*tests[1:]] == [*tests][1:]


def test_no_pair_stands_behind_the_last() -> None:
    with pytest.raises(IndexError):
        Pairs([])[0]


def test_columns_choose_the_rows(tmp_path: Path) -> None:
    rows = [{"sex": "F", "age": 40}, {"sex": "M", "age": 40}, {"sex": "F", "age": 50}, {}]
    pairs = read_pairs(written(tmp_path, *rows))
    kept = keep(pairs, where={"sex": ("F",), "age": ("40", "60")})
    assert [pair.metadata["age"] for pair in kept] == [40]
