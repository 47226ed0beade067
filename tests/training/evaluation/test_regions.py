"""What a manifest marks: boxes and masks, and how wrong ones are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.manifest import ManifestError
from training.data.manifest import ImageReportPair
from training.evaluation.regions import Mark, read_marks


def pair(**metadata: Any) -> ImageReportPair:  # Any: a manifest's further columns
    return ImageReportPair(Path("a.png"), "text", "study", "patient", "test", None, metadata)


def only(marks: list[Mark]) -> Mark:
    (mark,) = marks
    return mark


def marked_by(boxes: Any, height: int = 4, width: int = 6) -> list[list[int]]:
    mark = only(read_marks([pair(boxes={"mass": boxes})], Path()))
    return mark.region(height, width).astype(int).tolist()


def test_a_box_ends_before_its_last_coordinates() -> None:
    assert marked_by([1, 0, 3, 2]) == [[0, 1, 1, 0, 0, 0]] * 2 + [[0] * 6] * 2


def test_several_boxes_are_one_region() -> None:
    assert marked_by([[0, 0, 2, 1], [1, 0, 4, 1]]) == [[1, 1, 1, 1, 0, 0]] + [[0] * 6] * 3


def test_a_pixel_is_marked_where_its_center_is() -> None:
    assert marked_by([0.4, 0, 2.6, 1])[0] == [1, 1, 1, 0, 0, 0]
    assert marked_by([0.6, 0, 2.4, 1])[0] == [0, 1, 0, 0, 0, 0]


def test_a_box_past_the_edge_ends_there() -> None:
    assert marked_by([4, -3, 99, 1])[0] == [0, 0, 0, 0, 1, 1]


def test_a_pair_marks_each_phrase_of_its_columns(tmp_path: Path) -> None:
    Image.new("L", (6, 4), 255).save(tmp_path / "mask.png")
    first = pair(boxes={"mass": [0, 0, 1, 1], "nodule": [[0, 0, 1, 1]]})
    second = pair(masks={"left lung": "mask.png"})
    marks = read_marks([first, pair(), second], tmp_path)
    assert [(m.row, m.phrase) for m in marks] == [(0, "mass"), (0, "nodule"), (2, "left lung")]


def test_a_mask_is_read_beside_the_manifest(tmp_path: Path) -> None:
    pixels = np.zeros((4, 6), dtype=bool)
    pixels[2, 3] = True
    Image.fromarray(pixels).save(tmp_path / "mask.png")  # one bit a pixel
    mark = only(read_marks([pair(masks={"lung": "mask.png"})], tmp_path))
    np.testing.assert_array_equal(mark.region(4, 6), pixels)


def test_a_mask_wins_over_boxes(tmp_path: Path) -> None:
    Image.new("L", (6, 4), 255).save(tmp_path / "mask.png")
    both = pair(boxes={"lung": [0, 0, 1, 1]}, masks={"lung": "mask.png"})
    assert only(read_marks([both], tmp_path)).region(4, 6).all()


def test_a_phrase_without_a_region_is_left_out() -> None:
    assert read_marks([pair(boxes={"mass": None})], Path()) == []  # as Parquet reads


@pytest.mark.parametrize(
    "boxes", [[1, 2, 3], [3, 0, 3, 2], [0, 2, 1, 1], ["a", 0, 1, 1], "box", [[0, 0, 1, 1], 5], []]
)
def test_what_is_no_box_is_refused_with_its_phrase(boxes: Any) -> None:
    with pytest.raises(ManifestError, match=r"a\.png: boxes: 'mass'"):
        read_marks([pair(boxes={"mass": boxes})], Path())


def test_a_column_that_is_no_object_is_refused() -> None:
    with pytest.raises(ManifestError, match="boxes: takes an object"):
        read_marks([pair(boxes=[[0, 0, 1, 1]])], Path())


def test_a_missing_mask_is_named() -> None:
    with pytest.raises(ManifestError, match=r"nowhere\.png"):
        read_marks([pair(masks={"lung": "nowhere.png"})], Path())


def test_a_mask_that_is_no_path_is_refused() -> None:
    with pytest.raises(ManifestError, match="masks: 'lung': takes a path, got 3"):
        read_marks([pair(masks={"lung": 3})], Path())


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    Image.new("L", (5, 4), 255).save(tmp_path / "mask.png")
    mark = only(read_marks([pair(masks={"lung": "mask.png"})], tmp_path))
    with pytest.raises(ManifestError, match=r"5 x 4 pixels, the image 6 x 4"):
        mark.region(4, 6)


def test_a_region_without_a_pixel_is_refused() -> None:
    mark = only(read_marks([pair(boxes={"mass": [9, 9, 12, 12]})], Path()))
    with pytest.raises(ManifestError, match="'mass' marks no pixel"):
        mark.region(4, 6)
