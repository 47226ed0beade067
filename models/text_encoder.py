"""A BERT whose last layers become word embeddings and one embedding per report (section 3.1)."""

from collections.abc import Sequence
from typing import Any

import torch
from einops import einsum
from huggingface_hub.errors import StrictDataclassError
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel

from models.config import TextEncoderConfig

# What transformers raises on a value of a wrong type, sign or name.
_REFUSALS = (
    ArithmeticError,
    LookupError,
    RuntimeError,
    StrictDataclassError,
    TypeError,
    ValueError,
)
# They take a mask of who sees whom as it is; others would read another meaning into it.
_MASKED_BY_PAIR = ("bert", "roberta", "distilbert", "mpnet", "electra", "albert")


class TextEncoder(nn.Module):
    """Sum a BERT's last layers into pieces, and the pieces of each word into the word.

    Args:
        config: the BERT's own configuration, and how many layers count.
        dim: d, the size of an embedding.
        context_ends: the pieces that end a sentence or clause, where a word knows no more than it.

    Raises:
        ValueError: transformers can make no network of the configuration, or it has fewer layers
            or places than are asked for.
    """

    def __init__(
        self, config: TextEncoderConfig, *, dim: int, context_ends: Sequence[int] = ()
    ) -> None:
        super().__init__()
        self.last_layers = config.last_layers
        self.context_ends = tuple(context_ends)
        self.bert = _network(config.bert)
        bert = self.bert.config
        _check(config, bert)
        self.bert.pooler = None  # no loss reaches it
        self.word_head = nn.Linear(bert.hidden_size, dim)
        self.pooled_head = nn.Linear(bert.hidden_size, dim)

    def forward(
        self,
        pieces: Int64[Tensor, "batch pieces"],
        piece_mask: Bool[Tensor, "batch pieces"],
        piece_to_word: Int64[Tensor, "batch pieces"],
        word_mask: Bool[Tensor, "batch words"],
    ) -> tuple[Float[Tensor, "batch words dim"], Float[Tensor, "batch dim"]]:
        """Return the word embeddings and the global embeddings.

        Args:
            piece_to_word: the index of a piece's word; -1 for special pieces and punctuation.
        """
        seen = piece_mask.long()
        if self.context_ends:
            seen = self._same_context(pieces, piece_mask, piece_to_word)
        output = self.bert(input_ids=pieces, attention_mask=seen, output_hidden_states=True)
        layers = torch.stack(output.hidden_states[-self.last_layers :]).sum(dim=0)
        words = _sum_pieces(layers, piece_to_word, words=word_mask.shape[1])
        lengths = word_mask.sum(dim=1, keepdim=True).clamp_min(1)
        mean = (words * word_mask[..., None]).sum(dim=1) / lengths
        return self.word_head(words), self.pooled_head(mean)

    def _same_context(
        self,
        pieces: Int64[Tensor, "batch pieces"],
        piece_mask: Bool[Tensor, "batch pieces"],
        piece_to_word: Int64[Tensor, "batch pieces"],
    ) -> Float[Tensor, "batch 1 pieces pieces"]:
        """Return what is added to the attention scores: 0 within a context, very little across.

        A context's end belongs to it; a point within a word, as in 2.0, ends none. Padding attends
        to itself, so that no row is empty.
        """
        ends = torch.zeros_like(pieces)
        for end in self.context_ends:
            ends = ends + ((pieces == end) & (piece_to_word < 0)).long()
        context = ends.cumsum(dim=1) - ends
        itself = torch.eye(pieces.shape[1], dtype=torch.bool, device=pieces.device)
        together = context[:, :, None] == context[:, None, :]
        visible = (together & piece_mask[:, None, :]) | itself
        added = torch.zeros_like(visible, dtype=self.word_head.weight.dtype)
        return added.masked_fill(~visible, torch.finfo(added.dtype).min)[:, None]


def _network(settings: dict[str, Any]) -> PreTrainedModel:
    """Make a network of transformers; whatever it raises on settings becomes a ValueError."""
    if not isinstance(settings.get("model_type"), str):
        raise ValueError('text.bert: model_type is missing; it may be "bert"')
    try:
        config = AutoConfig.for_model(**settings)
        return AutoModel.from_config(config, attn_implementation="eager")
    except _REFUSALS as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"text.bert: {type(error).__name__}: {reason}") from error


def _check(config: TextEncoderConfig, bert: PretrainedConfig) -> None:
    if not hasattr(bert, "hidden_size") or not hasattr(bert, "num_hidden_layers"):
        raise ValueError(f"text.bert: {bert.model_type!r} is no text encoder of BERT's kind")
    if config.context != "report" and bert.model_type not in _MASKED_BY_PAIR:
        raise ValueError(
            f"text.context is {config.context}, which {bert.model_type!r} cannot; "
            f"these can: {', '.join(_MASKED_BY_PAIR)}"
        )
    states = bert.num_hidden_layers + 1  # the embeddings below the layers count as one
    if config.last_layers > states:
        raise ValueError(
            f"last_layers is {config.last_layers}, the text encoder has {states} hidden states"
        )
    places = getattr(bert, "max_position_embeddings", config.max_pieces)  # some have no such limit
    if config.max_pieces > places:
        raise ValueError(
            f"max_pieces is {config.max_pieces}, the text encoder has places for {places} "
            "(max_position_embeddings)"
        )


def _sum_pieces(
    layers: Float[Tensor, "batch pieces hidden"],
    piece_to_word: Int64[Tensor, "batch pieces"],
    *,
    words: int,
) -> Float[Tensor, "batch words hidden"]:
    """Sum each word's pieces by one matrix product, without a loop over words."""
    index = torch.arange(words, device=piece_to_word.device)
    belongs = piece_to_word[:, None, :] == index[None, :, None]
    return einsum(
        belongs.to(layers.dtype), layers, "batch words pieces, batch pieces h -> batch words h"
    )
