"""Building a model: the tokenizer made from reports, and settings that fit no network."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from models.image_encoder import network_of
from training.config import ConfigError, read_config, recipe_path
from training.encoders import SPECIAL_PIECES, build_model, train_tokenizer

REPORTS = [
    "No pleural effusion. The heart is enlarged.",
    "Left basal atelectasis, 3.4 cm mass in the right upper lobe.",
    "Heart size normal; no edema, no pneumothorax.",
]


@pytest.mark.parametrize("vocabulary", [100, 150, 4000])
def test_the_same_reports_give_the_same_tokenizer(vocabulary: int) -> None:
    made = {train_tokenizer(REPORTS, vocabulary=vocabulary).to_str() for _ in range(5)}
    assert len(made) == 1


def test_a_tokenizer_starts_with_berts_special_pieces_and_respects_its_size() -> None:
    tokenizer = train_tokenizer(REPORTS, vocabulary=110)
    assert [tokenizer.id_to_token(i) for i in range(5)] == list(SPECIAL_PIECES)
    assert tokenizer.get_vocab_size() == 110


def test_pieces_spell_the_words_they_come_from() -> None:
    tokenizer = train_tokenizer(REPORTS, vocabulary=4000)
    encoded = tokenizer.encode("Enlarged HEART, enlargement [z]")
    assert encoded.tokens[:4] == ["[CLS]", "enlarged", "heart", ","]
    assert encoded.tokens[4] == "enlar"
    assert encoded.tokens[-4:] == ["[UNK]", "z", "[UNK]", "[SEP]"]  # "[" was never seen


def test_a_letter_is_an_ordinary_piece() -> None:
    tokenizer = train_tokenizer(REPORTS, vocabulary=4000)
    assert tokenizer.encode("heart").tokens == ["[CLS]", "heart", "[SEP]"]
    assert tokenizer.encode("##a").tokens[-2] == "a"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.image.backbone=resnet19", "model: .*resnet19"),
        ("model.text.bert.num_attention_heads=7", "model: .*"),
        ("model.text.bert.hidden_size=abc", "model: text.bert: .*hidden_size"),
        ("model.text.max_pieces=9999", "model: max_pieces is 9999"),
        ("init.text=/nowhere", "init.text: .*nowhere"),
        ("init.image=/nowhere.pth", "init.image: .*nowhere"),
    ],
)
def test_settings_that_fit_no_network_are_named(override: str, message: str) -> None:
    config = read_config(recipe_path("phantom"), [override])
    with pytest.raises(ConfigError, match=message):
        build_model(config, REPORTS)


RESNET = ("model.image.backbone=resnet18", "model.preprocessing.size=64")


def write_nothing(path: Path) -> None:
    path.write_bytes(b"")


def write_text(path: Path) -> None:
    path.write_text("no weights")


def write_list(path: Path) -> None:
    torch.save([torch.zeros(1)], path)


def write_names(path: Path) -> None:
    torch.save({"name": "resnet18"}, path)


def write_one_tensor(path: Path) -> None:
    save_file({"fc.weight": torch.zeros(1)}, path)


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("empty.pth", write_nothing, "cannot read .*empty.pth"),
        ("text.pth", write_text, "cannot read .*text.pth"),
        ("text.safetensors", write_text, "cannot read .*text.safetensors"),
        ("list.pth", write_list, "list.pth' is no dictionary of tensors"),
        ("names.pth", write_names, "names.pth' is no dictionary of tensors"),
        ("other.safetensors", write_one_tensor, "other.safetensors' does not fit resnet18"),
    ],
)
def test_a_file_without_a_networks_weights_is_named(
    tmp_path: Path, name: str, write: Callable[[Path], None], message: str
) -> None:
    write(tmp_path / name)
    config = read_config(recipe_path("phantom"), [*RESNET, f"init.image={tmp_path / name}"])
    with pytest.raises(ConfigError, match=f"^init.image: .*{message}"):
        build_model(config, REPORTS)


def test_a_file_older_than_the_count_of_batches_is_read(tmp_path: Path) -> None:
    state = network_of("resnet18").state_dict()
    old = {name: value for name, value in state.items() if "num_batches" not in name}
    torch.save(old, tmp_path / "old.pth")
    config = read_config(recipe_path("phantom"), [*RESNET, f"init.image={tmp_path / 'old.pth'}"])
    backbone = build_model(config, REPORTS).image_encoder.backbone
    torch.testing.assert_close(backbone.conv1.weight, old["conv1.weight"])


def test_imagenet_means_torchvisions_first_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def made(name: str, *, weights: str | None) -> nn.Module:
        asked.append((name, weights))
        return torchvision.models.resnet18()

    monkeypatch.setattr(torchvision.models, "get_model", made)  # the real one needs a network
    build_model(read_config(recipe_path("phantom"), [*RESNET, "init.image=imagenet"]), REPORTS)
    assert asked[-1] == ("resnet18", "IMAGENET1K_V1")
