"""COVID-style collections: notes, labels and patients as their table has them."""

from pathlib import Path

from tests.training.data.prepare.prepared import prepared


def test_rows_carry_note_label_and_patient_and_the_others_are_told(tmp_path: Path) -> None:
    rows, told = prepared("covid", tmp_path)
    assert len(rows) == 40
    assert rows[3] == {
        "image": "images/3.jpg",
        "report": "Cough for 3 days, opacities in the left lung.",
        "patient_id": "3",
        "split": rows[3]["split"],
        "label": "No Finding",
        "view": "PA",
        "modality": "X-ray",
    }
    lost = tmp_path / "volumes" / "a.nii.gz"
    assert told == [
        "left out 1 images without a note",
        f"left out 1 images that are missing, as {lost}",
    ]
