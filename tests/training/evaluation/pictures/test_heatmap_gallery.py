"""The gallery shows each image, its map and its boxes, and picks nothing."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from models.aga import AGA
from models.heatmap import render_overlay
from models.imaging import read_image_file
from training.data.manifest import ImageReportPair
from training.evaluation.pictures.canvas import save_picture
from training.evaluation.pictures.heatmap_gallery import Exhibit, choose_exhibits, draw_gallery
from training.evaluation.regions import read_marks
from training.evaluation.word_maps import Question, WordFinder, map_words


def test_the_first_image_of_each_phrase_is_shown(pairs: list[ImageReportPair]) -> None:
    chosen = choose_exhibits(
        read_marks(pairs, Path()), asked_as={"cardiomediastinum": "heart"}, per_phrase=1
    )
    assert [(one.row, one.words) for one in chosen] == [
        (1, "heart"),
        (3, "fracture"),
        (2, "mass"),
        (0, "pleural effusion"),
    ]
    assert chosen[3].boxes == ((0.0, 32.0, 32.0, 64.0),)


def test_an_image_stands_above_its_map_with_its_box(
    model: AGA, pairs: list[ImageReportPair]
) -> None:
    box = (0.0, 0.0, 20.0, 30.0)
    figure = draw_gallery(model, pairs, [Exhibit(2, "mass", (box,))], title="Maps")
    above, below = figure.axes
    grey = read_image_file(pairs[2].image)
    finder = WordFinder(model.tokenizer)
    places = finder.find("mass", pairs[2].report) or ()
    (heatmap,) = map_words(model, pairs, [Question(2, pairs[2].report, places)])
    np.testing.assert_array_equal(above.images[0].get_array(), np.stack([grey] * 3, axis=-1))
    np.testing.assert_array_equal(below.images[0].get_array(), render_overlay(grey, heatmap))
    for axes in (above, below):
        (drawn,) = axes.patches
        assert isinstance(drawn, Rectangle)
        assert drawn.get_bbox().bounds == (-0.5, -0.5, 20.0, 30.0)
    assert figure.get_suptitle() == "Maps\nNot for clinical use. Blue: the marked region"


def test_words_outside_the_report_are_read_alone(model: AGA, pairs: list[ImageReportPair]) -> None:
    figure = draw_gallery(model, pairs, [Exhibit(3, "heart")], title="Maps")
    (heatmap,) = map_words(model, pairs, [Question(3, "heart", (0,))])
    overlay = render_overlay(read_image_file(pairs[3].image), heatmap)
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), overlay)


@pytest.mark.slow
def test_six_pictures_take_two_lines_and_are_the_same_file_each_time(
    model: AGA, pairs: list[ImageReportPair], tmp_path: Path
) -> None:
    exhibits = [Exhibit(row % 4, "mass") for row in range(6)]
    files = []
    for name in ("one", "two"):
        figure = draw_gallery(model, pairs, exhibits, title="Maps")
        assert len(figure.axes) == 20
        files.append([f.read_bytes() for f in save_picture(figure, tmp_path / name / "gallery")])
    assert files[0] == files[1]


def test_a_gallery_needs_something_to_show(model: AGA, pairs: list[ImageReportPair]) -> None:
    with pytest.raises(ValueError, match="exhibit"):
        draw_gallery(model, pairs, [], title="Maps")
    with pytest.raises(ValueError, match=r"'\.' holds no word"):
        draw_gallery(model, pairs, [Exhibit(0, ".")], title="Maps")
