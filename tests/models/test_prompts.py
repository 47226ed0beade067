"""Prompt sets parse, or say which key is wrong."""

from pathlib import Path

import pytest

from models.prompts import (
    BadPromptSet,
    UnknownPromptSet,
    find_prompt_set,
    parse_prompt_set,
    prompt_set_names,
    read_prompt_set,
    read_prompt_sets,
)

COMPETING = "name: organs\nclasses:\n  Heart: [the heart]\n  Lung: [a lung, both lungs]\n"
PAIRS = "name: p\nclasses:\n  edema: {positive: [edema], negative: [no edema, dry]}\n"


@pytest.mark.parametrize("name", prompt_set_names())
def test_a_shipped_set_parses_under_its_own_name(name: str) -> None:
    assert find_prompt_set(name).name == name


def test_three_sets_ship() -> None:
    assert prompt_set_names() == ["body-region", "phantom-chest", "phantom-eus"]


def test_classes_compete() -> None:
    found = parse_prompt_set(COMPETING, source="x")
    assert (found.mode, found.labels) == ("classes", ("Heart", "Lung"))


def test_competing_classes_have_no_negatives() -> None:
    found = parse_prompt_set(COMPETING, source="x")
    assert found.positive == (("the heart",), ("a lung", "both lungs"))
    assert found.negative is None


def test_pairs_have_both_sides() -> None:
    found = parse_prompt_set(PAIRS, source="x")
    assert found.mode == "pairs"
    assert (found.positive, found.negative) == ((("edema",),), (("no edema", "dry"),))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("classes: {a: [b]}", "name"),
        ("name: a/b\nclasses: {a: [b]}", "name"),
        ("name: x", "classes"),
        ("name: x\nclasses: {}", "classes"),
        ("name: x\nclasses: {heart: []}", "heart"),
        ("name: x\nclasses: {heart: [1]}", "heart"),
        ("name: x\nclasses: {heart: {positive: [a]}}", "heart"),
        ("name: x\nclasses: {a: [b]}\nversion: 0", "version"),
        ("name: x\nclasses: {a: [b]}\ntypo: 1", "typo"),
        ("- a list", "content"),
        ("a: [", "not YAML"),
        ("", "content"),
    ],
)
def test_an_error_names_source_and_key(text: str, key: str) -> None:
    with pytest.raises(BadPromptSet, match=rf"^my\.yaml: .*{key}"):
        parse_prompt_set(text, source="my.yaml")


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UnknownPromptSet, match="unknown prompt set 'x'; known: body-region, "):
        find_prompt_set("x")


def test_a_folder_adds_its_sets(tmp_path: Path) -> None:
    (tmp_path / "organs.yaml").write_text(COMPETING)
    assert "organs" in prompt_set_names([tmp_path])


def test_a_folder_hides_a_shipped_set(tmp_path: Path) -> None:
    (tmp_path / "body-region.yaml").write_text(COMPETING)
    assert find_prompt_set("body-region", [tmp_path]).labels == ("Heart", "Lung")


def test_every_set_is_read_in_the_order_of_the_names(tmp_path: Path) -> None:
    (tmp_path / "organs.yaml").write_text(COMPETING)
    read = read_prompt_sets([tmp_path])
    assert [one.name for one in read] == prompt_set_names([tmp_path])


def test_a_set_survives_writing_and_reading(tmp_path: Path) -> None:
    found = find_prompt_set("phantom-chest")
    (tmp_path / "copy.yaml").write_text(found.model_dump_json())
    assert read_prompt_set(tmp_path / "copy.yaml") == found
