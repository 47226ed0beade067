"""Prompt sets parse, or say which key is wrong."""

import re
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


def test_these_sets_ship() -> None:
    assert prompt_set_names() == [
        "body-region",
        "chest-14",
        "chexpert-5x200",
        "phantom-5x200",
        "phantom-chest",
        "phantom-effusion",
        "phantom-eus",
        "rsna-pneumonia",
        "smt-eus",
    ]


@pytest.mark.parametrize("name", prompt_set_names())
def test_no_prompt_of_a_shipped_set_stands_for_two_classes(name: str) -> None:
    found = find_prompt_set(name)
    texts = [text for prompts in found.positive for text in prompts]
    assert len(set(texts)) == len(texts)
    assert not any("{" in text or "  " in text for text in texts)


def test_the_chexpert_set_has_the_sizes_it_states() -> None:
    found = find_prompt_set("chexpert-5x200")
    for label, prompts in zip(found.labels, found.positive, strict=True):
        assert re.search(rf"{label} [\dx ]+ = {len(prompts)}\b", found.description)


def test_the_yes_no_sets_have_as_many_negatives_as_positives() -> None:
    for name in ("chest-14", "rsna-pneumonia"):
        found = find_prompt_set(name)
        assert found.negative
        assert [len(one) for one in found.positive] == [len(one) for one in found.negative]
    assert len(find_prompt_set("chest-14").labels) == 14


def test_the_fourth_class_of_smt_is_other() -> None:
    assert find_prompt_set("smt-eus").labels == ("GIST", "leiomyoma", "NET", "other")


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
        ("name: x\nclasses: {heart: {templates: ['{a} b']}}", "heart: words"),
        ("name: x\nclasses: {heart: {templates: ['{a} {b}'], words: {a: [c]}}}", "heart: .*'b'"),
        ("name: x\nclasses: {h: {positive: {words: {a: [c]}}, negative: [n]}}", "h.positive"),
        ("- a list", "content"),
        ("a: [", "not YAML"),
        ("", "content"),
    ],
)
def test_an_error_names_source_and_key(text: str, key: str) -> None:
    with pytest.raises(BadPromptSet, match=rf"^my\.yaml: .*{key}"):
        parse_prompt_set(text, source="my.yaml")


def test_templates_become_prompts_of_a_class_and_of_each_side() -> None:
    filled = "{templates: ['{a} edema'], words: {a: [mild, severe]}}"
    classes = parse_prompt_set(f"name: x\nclasses: {{edema: {filled}}}", source="x")
    assert classes.positive == (("mild edema", "severe edema"),)
    sides = f"{{positive: [edema], negative: {filled}}}"
    pairs = parse_prompt_set(f"name: x\nclasses: {{edema: {sides}}}", source="x")
    assert pairs.negative == (("mild edema", "severe edema"),)


def test_a_class_may_be_called_templates() -> None:
    found = parse_prompt_set("name: x\nclasses: {templates: [a], words: [b]}", source="x")
    assert found.labels == ("templates", "words")


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


@pytest.mark.parametrize("name", ["phantom-chest", "chexpert-5x200", "chest-14"])
def test_a_set_survives_writing_and_reading(name: str, tmp_path: Path) -> None:
    found = find_prompt_set(name)
    (tmp_path / "copy.yaml").write_text(found.model_dump_json())
    assert read_prompt_set(tmp_path / "copy.yaml") == found
