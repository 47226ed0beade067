"""A network small enough for a test, and its checkpoint."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import torch

from models.aga import AGA, save_checkpoint
from models.config import (
    GateConfig,
    ImageEncoderConfig,
    ModelConfig,
    PreprocessingConfig,
    TextEncoderConfig,
)
from models.prompts import find_prompt_set
from models.tokenizing import ReportTokenizer
from training.encoders import train_tokenizer

REPORTS = (
    "Large left pleural effusion. No pneumothorax.",
    "The heart is normal in size. Lungs are clear.",
    "There is a 3.2 cm mass in the right upper lobe; follow-up is advised.",
    "Cardiomegaly with edema, consolidation and atelectasis.",
    "A nodule, a fracture and a support device are seen.",
)
ROOT = Path(__file__).parents[1]
TINY = (  # settings that make a recipe small enough for a test
    "model.preprocessing.size=64",
    "model.dim=16",
    "model.text.bert.hidden_size=32",
    "model.text.bert.num_attention_heads=2",
    "model.text.bert.intermediate_size=48",
    "optimization.batch_size=8",
    "optimization.epochs=1",
)
LOCAL = "http://127.0.0.1"  # the server answers to its own names alone
BERT = {
    "model_type": "bert",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
}


def tiny_tokenizer(max_pieces: int = 97) -> ReportTokenizer:
    """Make a tokenizer from a handful of reports."""
    return ReportTokenizer(train_tokenizer(REPORTS, vocabulary=400), max_pieces=max_pieces)


Recipe = Literal["paper", "aga"]


def tiny_model(
    recipe: Recipe = "paper", *, size: int = 64, initial: float | None = 0.4, seed: int = 0
) -> AGA:
    """Make an untrained network: ResNet-18 at 64 px, two text layers, d = 16.

    Args:
        recipe: whose encoders are meant: `paper` with 4 x 4 patches, `aga` with 8 x 8.
    """
    torch.manual_seed(seed)
    ours = recipe == "aga"
    tokenizer = tiny_tokenizer()
    config = ModelConfig(
        dim=16,
        preprocessing=PreprocessingConfig(size=size, stride=8 if ours else 16),
        image=ImageEncoderConfig(
            backbone="resnet18", norm="group", patches="fused" if ours else "cut"
        ),
        text=TextEncoderConfig(
            bert=BERT | {"vocab_size": tokenizer.vocabulary_size},
            last_layers=3,
            context="sentence" if ours else "report",
        ),
        gates=GateConfig(momentum=0.9, initial=initial),
    )
    return AGA(config, tokenizer).eval()


def tiny_checkpoint(
    path: Path, recipe: Recipe = "paper", *, seed: int = 0, export: bool = True
) -> Path:
    """Write the checkpoint of an untrained network, with graphs and a prompt set."""
    prompts = find_prompt_set("phantom-chest")
    extras = {"prompts/phantom-chest.yaml": prompts.model_dump_json()}
    save_checkpoint(tiny_model(recipe, seed=seed), path, extras=extras)
    if export:  # in a process of its own: the exporter's symbols are no shapes to check
        subprocess.run([sys.executable, "-m", "models.export", path], check=True)
    return path
