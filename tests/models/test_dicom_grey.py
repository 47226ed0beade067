"""Windows, tables and slopes, by hand."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from models.dicom_grey import grey_table, windowed
from models.imaging import UnreadableImage
from tests.dicom_files import table_item


def shares(values: list[float | int], *, center: float, width: float, function: str) -> list[float]:
    found = windowed(np.array(values, dtype=float), center, width, function=function)
    assert found is not None
    return [round(float(share), 6) for share in found]


def grey(stored: list[int], header: Dataset, *, inverted: bool = False) -> list[int]:
    values = np.array(stored, dtype=np.int64)
    seen = np.ones(len(values), dtype=bool)
    return grey_table(header, values, seen, frame=1, inverted=inverted).tolist()


def header(**elements: object) -> Dataset:
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


def test_a_linear_window_ends_half_a_value_before_its_borders() -> None:
    # Center 2048, width 4096: the standard's own example runs from 0 to 4095.
    found = shares([-1, 0, 2047.5, 4095, 4096], center=2048.0, width=4096.0, function="LINEAR")
    assert found == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_a_linear_window_of_one_is_a_threshold() -> None:
    assert shares([9, 9.5, 10], center=10.0, width=1.0, function="LINEAR") == [0.0, 0.0, 1.0]


def test_an_exact_window_runs_from_border_to_border() -> None:
    found = shares([0, 25, 50, 100, 101], center=50.0, width=100.0, function="LINEAR_EXACT")
    assert found == [0.0, 0.25, 0.5, 1.0, 1.0]


def test_a_sigmoid_follows_its_formula() -> None:
    # 1 / (1 + exp(-4 (x - c) / w)): at c ± w / 4 that is 1 / (1 + e^∓1)
    found = shares([25, 50, 75], center=50.0, width=100.0, function="SIGMOID")
    assert found == [0.268941, 0.5, 0.731059]


def test_a_sigmoid_far_from_its_center_is_finite() -> None:
    assert shares([-1e9, 1e9], center=0.0, width=1e-3, function="SIGMOID") == [0.0, 1.0]


@pytest.mark.parametrize(
    ("width", "function"),
    [(0.5, "LINEAR"), (0.0, "LINEAR_EXACT"), (-1.0, "SIGMOID"), (100.0, "SOMETHING")],
)
def test_a_window_that_means_nothing_is_none(width: float, function: str) -> None:
    assert windowed(np.zeros(1), 0.0, width, function=function) is None


def test_the_first_of_several_windows_is_taken() -> None:
    both = header(WindowCenter=[50, 500], WindowWidth=[100, 10], VOILUTFunction="LINEAR_EXACT")
    assert grey([0, 20, 100], both) == [0, 51, 255]


def test_a_window_is_applied_behind_the_slope() -> None:
    scaled = header(
        RescaleSlope=2, RescaleIntercept=-100, VOILUTFunction="LINEAR_EXACT",
        WindowCenter=50, WindowWidth=100,
    )  # fmt: skip
    assert grey([50, 60, 100], scaled) == [0, 51, 255]


def test_the_window_is_inverted_last() -> None:
    exact = header(VOILUTFunction="LINEAR_EXACT", WindowCenter=50, WindowWidth=100)
    assert grey([0, 20, 100], exact, inverted=True) == [255, 204, 0]


def test_a_table_takes_its_ends_beyond_its_range() -> None:
    table = header(VOILUTSequence=[table_item([0, 51, 255], first=10, bits=8)])
    assert grey([0, 10, 11, 12, 99], table) == [0, 0, 51, 255, 255]


def test_a_table_wins_over_a_window() -> None:
    both = header(
        VOILUTSequence=[table_item([255, 0], first=0, bits=8)], WindowCenter=1, WindowWidth=2
    )
    assert grey([0, 1], both) == [255, 0]


def test_a_table_may_begin_below_zero() -> None:
    table = header(VOILUTSequence=[table_item([0, 51, 255], first=-1, bits=8)])
    assert grey([-1, 0, 1], table) == [0, 51, 255]


def test_a_falling_slope_turns_the_picture() -> None:
    assert grey([0, 5, 10], header(RescaleSlope=-1, RescaleIntercept=0)) == [255, 128, 0]


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(UnreadableImage, match="lookup table"):
        grey([0, 1], header(VOILUTSequence=[table_item([], first=0, bits=8)]))
