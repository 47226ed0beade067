"""Build a model for a run: tokenizer, network, and the encoders' starting weights."""

from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer

from models.aga import AGA
from models.config import ModelConfig
from models.image_encoder import network_of
from models.tokenizing import ReportTokenizer
from training.config import ConfigError, RunConfig

SPECIAL_PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def build_model(config: RunConfig, reports: Sequence[str]) -> AGA:
    """Make the network of a run and give its encoders their starting weights.

    Args:
        reports: the training reports; a tokenizer is made from them where no text encoder is given.

    Raises:
        ConfigError: settings fit no network, or weights cannot be read or do not fit; the message
            names key and value.
    """
    text = config.model.text
    if config.init.text is None:
        wordpiece = train_tokenizer(reports, vocabulary=config.init.vocabulary)
        bert = text.bert | {"vocab_size": wordpiece.get_vocab_size()}
    else:
        wordpiece, bert = _pretrained_text(config.init.text)
    tokenizer = ReportTokenizer(wordpiece, max_pieces=text.max_pieces)
    full = config.model.model_copy(update={"text": text.model_copy(update={"bert": bert})})
    try:
        model = AGA(ModelConfig.model_validate(full.model_dump()), tokenizer)
    except ValueError as error:
        raise ConfigError(f"model: {_first_line(error)}") from error
    _load_image_weights(model, config)
    _load_text_weights(model, config)
    return model


def train_tokenizer(reports: Sequence[str], *, vocabulary: int) -> Tokenizer:
    """Make a lower-case WordPiece tokenizer from reports, as BERT's.

    The same reports give the same pieces. The trainer breaks ties by the order in which it met the
    letters, which is random; naming them beforehand fixes that order.
    """
    learner = _wordpiece_tokenizer({})
    letters = sorted({c for text in reports for c in _normalized(learner, text) if not c.isspace()})
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary,
        special_tokens=[*SPECIAL_PIECES, *letters, *(f"##{letter}" for letter in letters)],
        show_progress=False,
    )
    learner.train_from_iterator(reports, trainer)
    tokenizer = _wordpiece_tokenizer(learner.get_vocab())  # in which letters are not special
    tokenizer.add_special_tokens(list(SPECIAL_PIECES))
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    return tokenizer


def _wordpiece_tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _normalized(tokenizer: Tokenizer, text: str) -> str:
    return str(tokenizer.normalizer.normalize_str(text))


def _pretrained_text(source: str) -> tuple[Tokenizer, dict[str, Any]]:
    """Read a BERT's tokenizer and configuration from a folder or the hub."""
    try:
        fast = AutoTokenizer.from_pretrained(source)
        bert = AutoConfig.from_pretrained(source).to_diff_dict()
    except (OSError, ValueError) as error:
        raise ConfigError(f"init.text: no encoder at {source!r}: {_first_line(error)}") from error
    kept = {name: value for name, value in bert.items() if name not in _NOT_OF_THE_NETWORK}
    return fast.backend_tokenizer, kept


def _load_text_weights(model: AGA, config: RunConfig) -> None:
    if config.init.text is None:
        return
    pretrained = AutoModel.from_pretrained(config.init.text, dtype=torch.float32)
    wanted = model.text_encoder.bert.state_dict()
    have = {name: value for name, value in pretrained.state_dict().items() if name in wanted}
    model.text_encoder.bert.load_state_dict(have)


def _load_image_weights(model: AGA, config: RunConfig) -> None:
    """Load a whole torchvision network and take over the part that the cut keeps."""
    source, backbone = config.init.image, config.model.image.backbone
    if source is None:
        return
    network = _imagenet(backbone) if source == "imagenet" else _from_file(Path(source), backbone)
    state = network.state_dict()  # complete, where an older file lacks num_batches_tracked
    wanted = model.image_encoder.backbone.state_dict()
    model.image_encoder.backbone.load_state_dict({name: state[name] for name in wanted})


def _imagenet(backbone: str) -> nn.Module:
    """Make a network with torchvision's first ImageNet weights, which papers mean by the word."""
    try:
        network: nn.Module = torchvision.models.get_model(backbone, weights="IMAGENET1K_V1")
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ConfigError(f"init.image: imagenet: {backbone}: {_first_line(error)}") from error
    return network


def _from_file(path: Path, backbone: str) -> nn.Module:
    network = network_of(backbone)
    try:
        network.load_state_dict(_read_state(path))
    except RuntimeError as error:
        raise ConfigError(f"init.image: '{path}' does not fit {backbone}") from error
    return network


def _read_state(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)  # Any: a pickle
    except _UNREADABLE as error:
        raise ConfigError(f"init.image: cannot read '{path}': {_first_line(error)}") from error
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ConfigError(f"init.image: '{path}' is no dictionary of tensors")
    return state


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


# What torch and safetensors raise on a file that holds no weights.
_UNREADABLE = (
    OSError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    UnpicklingError,
    SafetensorError,
)
_NOT_OF_THE_NETWORK = {"architectures", "transformers_version", "_name_or_path", "dtype"}
