"""A picture says what its images are, and is the same file each time."""

from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.data.manifest import ImageReportPair
from training.evaluation.pictures.canvas import image_note, new_figure, save_picture


def pair(synthetic: object) -> ImageReportPair:
    metadata = {"synthetic": synthetic}
    return ImageReportPair(Path("x.png"), "", "s", "p", "train", None, metadata)


def line() -> Figure:
    figure = new_figure("A line", "Synthetic images.", width=2.0, height=2.0)
    figure.add_subplot().plot([0, 1], [0, 1])
    return figure


@pytest.mark.parametrize(
    ("made", "note"),
    [
        ([True, "true"], "Synthetic images. Not for clinical use"),
        ([True, False, None], "1 of 3 images synthetic. Not for clinical use"),
        ([None], "Not for clinical use"),
    ],
)
def test_the_note_says_what_is_synthetic(made: list[object], note: str) -> None:
    assert image_note([pair(one) for one in made]) == note


def test_a_picture_is_two_files_with_its_title(tmp_path: Path) -> None:
    png, svg = save_picture(line(), tmp_path / "new" / "v1.2")
    assert (png.name, svg.name) == ("v1.2.png", "v1.2.svg")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "<svg" in svg.read_text()


def test_the_same_picture_is_the_same_file(tmp_path: Path) -> None:
    once = save_picture(line(), tmp_path / "one" / "line")
    again = save_picture(line(), tmp_path / "two" / "line")
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]
    assert "<dc:date>" not in once[1].read_text()


def test_a_note_wider_than_the_picture_is_wrapped() -> None:
    figure = new_figure("A line", "Synthetic images. " * 4, width=3.0, height=2.0)
    FigureCanvasAgg(figure).draw()
    (title,) = figure.texts
    extent = title.get_window_extent()
    assert 0 <= extent.x0 < extent.x1 <= figure.bbox.width
