"""The album draws what there is to draw."""

import json
from pathlib import Path

import numpy as np

from models.aga import AGA
from tests.training.evaluation.conftest import REPORTS
from training.data.manifest import ImageReportPair
from training.evaluation.pictures.album import ShownSet, draw_album


def test_without_log_marks_and_a_third_image_nothing_is_drawn(
    model: AGA, pairs: list[ImageReportPair], tmp_path: Path
) -> None:
    two = ShownSet(pairs[:2], np.eye(2, 16), marks=[])
    assert draw_album(model, tmp_path / "metrics.jsonl", {"two": two}, tmp_path / "drawn") == []
    assert not (tmp_path / "drawn").exists()


def test_a_method_without_thresholds_has_its_other_pictures(
    model: AGA, pairs: list[ImageReportPair], tmp_path: Path
) -> None:
    log = tmp_path / "metrics.jsonl"
    log.write_text(json.dumps({"event": "step", "total": 1.0}))
    shown = ShownSet(pairs, np.eye(len(REPORTS), 16), marks=[])
    assert draw_album(model, log, {"few": shown}, tmp_path) == [tmp_path / "few-embeddings.png"]
    assert (tmp_path / "few-embeddings.svg").is_file()
