"""Reports become pieces, and pieces become words with their places in the text."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE, Unigram

from models.tokenizing import EmptyReport, PieceCount, ReportTokenizer
from tests.helpers import REPORTS, tiny_tokenizer

SPECIAL = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
TOKENIZER = tiny_tokenizer()


@pytest.fixture(scope="module")
def tokenizer() -> ReportTokenizer:
    return TOKENIZER


def short(max_pieces: int) -> ReportTokenizer:
    """Make the same tokenizer with less room."""
    return ReportTokenizer.from_json(TOKENIZER.to_json(), max_pieces=max_pieces)


def texts_of(tokenizer: ReportTokenizer, text: str) -> list[str]:
    return [word.text for word in tokenizer.words(text)]


def test_bare_punctuation_is_no_word(tokenizer: ReportTokenizer) -> None:
    assert texts_of(tokenizer, "Heart, (lungs) . - clear!") == ["Heart", "lungs", "clear"]


@pytest.mark.parametrize("hyphen", ["-", "\u2010", "\u2011"])
def test_a_hyphenated_compound_is_one_word(tokenizer: ReportTokenizer, hyphen: str) -> None:
    text = f"A follow{hyphen}up is advised"
    assert texts_of(tokenizer, text) == ["A", f"follow{hyphen}up", "is", "advised"]


def test_a_longer_compound_is_one_word(tokenizer: ReportTokenizer) -> None:
    assert texts_of(tokenizer, "state-of-the-art CT") == ["state-of-the-art", "CT"]


@pytest.mark.parametrize("text", ["left -right", "left- right", "left - right"])
def test_a_hyphen_beside_a_space_joins_nothing(tokenizer: ReportTokenizer, text: str) -> None:
    assert texts_of(tokenizer, text) == ["left", "right"]


def test_a_decimal_is_one_word_and_ends_no_sentence(tokenizer: ReportTokenizer) -> None:
    text = "No new 1.5 cm nodule. 2 masses .5 3."
    assert texts_of(tokenizer, text)[2:] == ["1.5", "cm", "nodule", "2", "masses", "5", "3"]
    tokens = tokenizer([text])
    points = np.isin(tokens.pieces, tokenizer.ends("sentence"))
    within = points & (tokens.piece_to_word >= 0)
    assert (points.sum(), within.sum()) == (4, 1)


def test_a_clause_ends_at_commas_and_colons_too(tokenizer: ReportTokenizer) -> None:
    pieces = tokenizer(["FINDINGS: no mass, no 2,5 cm nodule. Nothing else."]).pieces
    assert np.isin(pieces, tokenizer.ends("sentence")).sum() == 2
    assert np.isin(pieces, tokenizer.ends("clause")).sum() > 3
    assert tokenizer.ends("report") == ()


@pytest.mark.parametrize("text", ["left-.", "left-(right", "left--right"])
def test_a_hyphen_joins_no_punctuation(tokenizer: ReportTokenizer, text: str) -> None:
    assert all(word.isalnum() for word in texts_of(tokenizer, text))


def test_the_pieces_of_a_word_share_its_index(tokenizer: ReportTokenizer) -> None:
    cut = tokenizer(["heart follow-up."])
    owners = cut.piece_to_word[0].tolist()
    assert owners[:2] == [-1, 0]
    assert owners[2:-2] == [1] * (len(owners) - 4)
    assert owners[-2:] == [-1, -1]  # the full stop and [SEP]


def test_every_word_of_the_mask_has_a_piece(tokenizer: ReportTokenizer) -> None:
    cut = tokenizer(REPORTS)
    for owners, mask in zip(cut.piece_to_word, cut.word_mask, strict=True):
        assert set(owners[owners >= 0].tolist()) == set(range(int(mask.sum())))


def test_padding_belongs_to_no_word(tokenizer: ReportTokenizer) -> None:
    cut = tokenizer(REPORTS)
    assert (cut.piece_to_word[~cut.piece_mask] == -1).all()


def test_a_report_is_cut_the_same_alone_and_in_a_batch(tokenizer: ReportTokenizer) -> None:
    alone, together = tokenizer(REPORTS[:1]), tokenizer(REPORTS)
    length = alone.pieces.shape[1]
    np.testing.assert_array_equal(alone.pieces[0], together.pieces[0, :length])


def test_the_masks_count_what_is_there(tokenizer: ReportTokenizer) -> None:
    cut = tokenizer(REPORTS)
    assert cut.word_mask.sum(axis=1).tolist() == [len(words) for words in cut.words]


def test_a_long_report_fits(tokenizer: ReportTokenizer) -> None:
    assert tokenizer([" ".join(REPORTS * 20)]).pieces.shape == (1, tokenizer.max_pieces)


@pytest.mark.parametrize("pieces", range(4, 12))
def test_a_long_report_ends_at_a_whole_word(tokenizer: ReportTokenizer, pieces: int) -> None:
    text = "no edema pneumothoraces xylophone"
    whole = tokenizer([text])
    cut = short(pieces)([text])
    for word in range(len(cut.words[0])):
        have, want = (report.piece_to_word[0] == word for report in (cut, whole))
        assert have.sum() == want.sum()


def test_a_cut_report_keeps_both_ends(tokenizer: ReportTokenizer) -> None:
    cut, whole = short(5)(REPORTS[:1]), tokenizer(REPORTS[:1])
    assert cut.pieces[0, [0, -1]].tolist() == whole.pieces[0, [0, -1]].tolist()


@pytest.mark.parametrize("text", ["xylophonexylophone", "(xylophonexylophone", "(", ""])
def test_a_first_word_too_long_keeps_its_beginning(text: str) -> None:
    words = texts_of(short(4), text + "xylophone heart")
    assert len(words) == 1


@pytest.mark.parametrize("text", ["", "   ", "\n", "...", "___", "- . -", "\u200b"])
def test_a_text_without_words_is_refused_by_number(tokenizer: ReportTokenizer, text: str) -> None:
    with pytest.raises(EmptyReport, match="text 2 of 2"):
        tokenizer(["Heart.", text])


@pytest.mark.parametrize("special", sorted(SPECIAL))
def test_a_special_piece_in_the_text_is_plain_text(
    tokenizer: ReportTokenizer, special: str
) -> None:
    alone = tokenizer(["heart"]).pieces[0]
    cut = tokenizer([f"heart {special} heart"])
    name = special.strip("[]")
    assert texts_of(tokenizer, f"heart {special} heart") == ["heart", name, "heart"]
    reserved = {0, int(alone[0]), int(alone[-1])}
    assert not reserved & set(cut.pieces[0, 1:-1].tolist())


@given(text=st.text(max_size=40))
@example("Ménière\u2019s “große” 氣胸 ½ e\u0301dema İ ﬁbrosis")
@example("emoji 👩‍⚕️ heart\x00s\ufeff-up")
@settings(max_examples=150, deadline=None)
def test_offsets_give_back_the_word(text: str) -> None:
    words = TOKENIZER.words(text)
    assert [word.text for word in words] == [text[word.start : word.end] for word in words]


@given(text=st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_words_stand_in_order_and_apart(text: str) -> None:
    words = TOKENIZER.words(text)
    edges = [edge for word in words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert all(word.start < word.end for word in words)


def test_a_tokenizer_read_back_cuts_alike(tokenizer: ReportTokenizer) -> None:
    copy = ReportTokenizer.from_json(tokenizer.to_json(), max_pieces=tokenizer.max_pieces)
    np.testing.assert_array_equal(copy(REPORTS).pieces, tokenizer(REPORTS).pieces)


def test_pieces_are_counted_before_a_text_is_cut() -> None:
    long = "The heart is normal in size. " * 40
    (whole,) = TOKENIZER.count_pieces([long])
    assert whole == short(8).count_pieces([long])[0]
    assert whole.pieces > TOKENIZER.max_pieces
    assert TOKENIZER([long]).pieces.shape[1] <= TOKENIZER.max_pieces


def test_unknown_pieces_are_counted() -> None:
    known, unknown = TOKENIZER.count_pieces(["heart", "heart \u2603"])
    assert (known.unknown, unknown.unknown) == (0, 1)


def test_a_unigram_tokenizer_names_its_unknown_piece_by_its_place() -> None:
    unigram = Tokenizer(Unigram([("[UNK]", 0.0), ("a", -1.0)], unk_id=0))
    (count,) = ReportTokenizer(unigram, max_pieces=9).count_pieces(["a\u2603"])
    assert count == PieceCount(pieces=2, unknown=1)


def test_a_tokenizer_of_bytes_knows_everything() -> None:
    (count,) = ReportTokenizer(Tokenizer(BPE()), max_pieces=9).count_pieces(["a"])
    assert count.unknown == 0
