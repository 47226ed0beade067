"""COVID-style collections: notes, labels and patients as their table has them."""

import json
from argparse import Namespace
from pathlib import Path

from tests.training.data.prepare.published import covid
from training.data.prepare import SOURCES
from training.data.prepare.writing import write_manifest


def test_rows_carry_note_label_and_patient_and_the_others_are_told(tmp_path: Path) -> None:
    covid(tmp_path)
    told: list[str] = []
    out = tmp_path / "pairs.jsonl"
    counts = write_manifest(SOURCES["covid"].rows(tmp_path, Namespace(), told.append), out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert counts.total() == len(rows) == 40
    assert rows[3] == {
        "image": "images/3.jpg",
        "report": "Cough for 3 days, opacities in the left lung.",
        "patient_id": "3",
        "split": rows[3]["split"],
        "label": "No Finding",
        "view": "PA",
        "modality": "X-ray",
    }
    assert told == ["left out 2 rows without a note or without their image"]
