"""Building a model: the tokenizer made from reports, and settings that fit no network."""

import pytest

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
        ("init.text=/nowhere", "init.text: .*nowhere"),
        ("init.image=/nowhere.pth", "init.image: .*nowhere"),
    ],
)
def test_settings_that_fit_no_network_are_named(override: str, message: str) -> None:
    config = read_config(recipe_path("phantom"), [override])
    with pytest.raises(ConfigError, match=message):
        build_model(config, REPORTS)
