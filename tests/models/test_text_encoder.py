"""Words are sums of their pieces over the last layers."""

import pytest
import torch
from torch import Tensor

from models.config import TextEncoderConfig
from models.text_encoder import TextEncoder, _sum_pieces
from tests.helpers import BERT


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    torch.manual_seed(0)
    config = TextEncoderConfig(bert=BERT | {"vocab_size": 50}, last_layers=2)
    return TextEncoder(config, dim=8).eval()


PIECES = torch.tensor([[2, 10, 11, 12, 3]])
OWNERS = torch.tensor([[-1, 0, 0, 1, -1]])


def everything(*shape: int) -> Tensor:
    return torch.ones(shape, dtype=torch.bool)


def padded(tensor: Tensor, value: int, by: int = 2) -> Tensor:
    return torch.nn.functional.pad(tensor, (0, by), value=value)


def test_pieces_are_summed_by_hand() -> None:
    layers = torch.tensor([[[100.0], [1.0], [2.0], [4.0], [200.0]]])
    assert _sum_pieces(layers, OWNERS, words=3).tolist() == [[[3.0], [4.0], [0.0]]]


def test_words_are_the_last_layers_of_their_pieces(encoder: TextEncoder) -> None:
    with torch.no_grad():
        words, _ = encoder(PIECES, everything(1, 5), OWNERS, everything(1, 2))
        states = encoder.bert(
            input_ids=PIECES, attention_mask=torch.ones(1, 5), output_hidden_states=True
        ).hidden_states
        first = sum(states[layer][0, piece] for layer in (-1, -2) for piece in (1, 2))
        torch.testing.assert_close(words[0, 0], encoder.word_head(first))


def test_the_global_embedding_is_the_mean_of_the_words(encoder: TextEncoder) -> None:
    with torch.no_grad():
        _, pooled = encoder(PIECES, everything(1, 5), OWNERS, everything(1, 2))
        states = encoder.bert(
            input_ids=PIECES, attention_mask=torch.ones(1, 5), output_hidden_states=True
        ).hidden_states
        mean = (states[-1] + states[-2])[:, 1:4].sum(dim=1) / 2  # three pieces are two words
        torch.testing.assert_close(pooled, encoder.pooled_head(mean))


def test_padding_changes_nothing(encoder: TextEncoder) -> None:
    with torch.no_grad():
        short = encoder(PIECES, everything(1, 5), OWNERS, everything(1, 2))
        long = encoder(
            padded(PIECES, 0),
            torch.arange(7)[None] < 5,
            padded(OWNERS, -1),
            torch.arange(4)[None] < 2,
        )
    torch.testing.assert_close(long[0][:, :2], short[0])
    torch.testing.assert_close(long[1], short[1])


def test_a_report_of_padding_gives_no_nan(encoder: TextEncoder) -> None:
    with torch.no_grad():
        found = encoder(PIECES, ~everything(1, 5), -everything(1, 5).long(), ~everything(1, 2))
    assert all(bool(value.isfinite().all()) for value in found)


def test_an_unknown_kind_of_text_encoder_is_refused() -> None:
    with pytest.raises(ValueError, match="birt"):
        TextEncoder(TextEncoderConfig(bert={"model_type": "birt"}), dim=8)


@pytest.mark.parametrize(
    ("settings", "bert", "message"),
    [
        ({"last_layers": 4}, {}, "last_layers is 4, the text encoder has 3 hidden states"),
        (
            {"last_layers": 2, "max_pieces": 97},
            {"max_position_embeddings": 64},
            "max_pieces is 97, the text encoder has places for 64",
        ),
    ],
)
def test_more_than_the_network_has_is_refused(
    settings: dict[str, int], bert: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        TextEncoder(TextEncoderConfig(bert=BERT | bert, **settings), dim=8)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (BERT | {"hidden_size": "abc"}, r"text\.bert: .*'hidden_size' expected int, got str"),
        (BERT | {"hidden_size": -2}, r"text\.bert: .*negative dimension"),
        (BERT | {"num_attention_heads": 0}, r"text\.bert: ZeroDivisionError"),
        (BERT | {"hidden_act": "gulu"}, r"text\.bert: .*gulu"),
        ({"hidden_size": 32}, r"text\.bert: model_type is missing"),
        ({"model_type": "resnet"}, r"text\.bert: 'resnet' is no text encoder"),
    ],
)
def test_settings_that_transformers_cannot_use_are_refused_in_one_line(
    settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        TextEncoder(TextEncoderConfig(bert=settings, last_layers=2), dim=8)
    assert "\n" not in str(refused.value)


def test_all_hidden_states_may_count() -> None:
    assert TextEncoder(TextEncoderConfig(bert=BERT, last_layers=3), dim=8).last_layers == 3


def by_sentence(*context_ends: int) -> TextEncoder:
    torch.manual_seed(0)
    bert = BERT | {"vocab_size": 50}
    config = TextEncoderConfig.model_validate(
        {"bert": bert, "last_layers": 2, "context": "sentence"}
    )
    return TextEncoder(config, dim=8, context_ends=context_ends).eval()


STOP = 7
TWO_SENTENCES = torch.tensor([[2, 10, 11, STOP, 12, 13, STOP, 3]])
THEIR_WORDS = torch.tensor([[-1, 0, 1, -1, 2, 3, -1, -1]])


def words_of(encoder: TextEncoder, pieces: Tensor) -> Tensor:
    with torch.no_grad():
        words, _ = encoder(pieces, everything(1, 8), THEIR_WORDS, everything(1, 4))
    return words[0]


def test_within_a_sentence_words_know_of_each_other_and_of_no_other_sentence() -> None:
    encoder, changed = by_sentence(STOP), TWO_SENTENCES.clone()
    changed[0, 5] = 20  # in the second sentence
    before, after = words_of(encoder, TWO_SENTENCES), words_of(encoder, changed)
    torch.testing.assert_close(before[:2], after[:2], rtol=0, atol=0)
    assert not torch.allclose(before[2], after[2])


def test_where_no_piece_ends_a_sentence_the_report_is_one() -> None:
    encoder, whole = by_sentence(STOP + 1), by_sentence()
    torch.testing.assert_close(words_of(encoder, TWO_SENTENCES), words_of(whole, TWO_SENTENCES))


def test_a_point_within_a_word_ends_no_sentence() -> None:
    encoder, changed = by_sentence(STOP), TWO_SENTENCES.clone()
    changed[0, 5] = 20
    owners = torch.tensor([[-1, 0, 1, 1, 1, 2, -1, -1]])  # the first point is a part of word 1
    with torch.no_grad():
        before, after = (
            encoder(pieces, everything(1, 8), owners, everything(1, 3))[0][0]
            for pieces in (TWO_SENTENCES, changed)
        )
    assert not torch.allclose(before[0], after[0])


def test_an_encoder_that_reads_masks_its_own_way_is_refused() -> None:
    config = TextEncoderConfig.model_validate(
        {
            "bert": {"model_type": "deberta-v2", "hidden_size": 32, "num_attention_heads": 2}
            | {"num_hidden_layers": 1, "intermediate_size": 48, "vocab_size": 50},
            "last_layers": 1,
            "context": "sentence",
        }
    )
    with pytest.raises(ValueError, match="sentence, which 'deberta-v2' cannot"):
        TextEncoder(config, dim=8)


def test_padding_changes_no_sentence() -> None:
    encoder = by_sentence(STOP)
    with torch.no_grad():
        short = encoder(TWO_SENTENCES, everything(1, 8), THEIR_WORDS, everything(1, 4))
        long = encoder(
            padded(TWO_SENTENCES, 0),
            padded(everything(1, 8), 0),
            padded(THEIR_WORDS, -1),
            everything(1, 4),
        )
    for one, other in zip(short, long, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
