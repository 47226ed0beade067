"""Kernels whose two sides count alike, so that what a unit sees lies around its middle."""

import pytest
import torch
from torch import nn

from models.centering import center_kernels
from models.config import ImageEncoderConfig, PreprocessingConfig
from models.image_encoder import ImageEncoder


def conv(kernel: list[list[float]]) -> nn.Conv2d:
    weight = torch.tensor(kernel)[None, None]
    made = nn.Conv2d(1, 1, kernel_size=(weight.shape[2], weight.shape[3]), bias=False)
    made.weight.data.copy_(weight)
    return made


def test_both_sides_get_the_mean_energy_and_keep_their_signs() -> None:
    made = conv([[0.0, 0.0, 0.0], [-1.0, 5.0, 7.0], [0.0, 0.0, 0.0]])
    center_kernels(made)  # energies 1 and 49: 25 each
    torch.testing.assert_close(made.weight[0, 0, 1], torch.tensor([-5.0, 5.0, 5.0]))


@pytest.mark.parametrize(
    "kernel", [[[-1.0, 0.0, 1.0]] * 3, [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]]
)
def test_edges_and_blurs_stay_as_they_are(kernel: list[list[float]]) -> None:
    made = conv(kernel)
    center_kernels(made)
    torch.testing.assert_close(made.weight[0, 0], torch.tensor(kernel))


def test_a_dark_side_is_not_blown_up_at_once() -> None:
    made = conv([[0.0] * 3, [1e-4, 0.0, 1.0], [0.0] * 3])
    center_kernels(made)
    assert made.weight[0, 0, 1, 0].item() == pytest.approx(1e-3)
    assert torch.isfinite(made.weight).all()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_center_of_energy_is_the_middle(size: int) -> None:
    torch.manual_seed(0)
    made = nn.Conv2d(4, 6, size)
    for _ in range(5):  # one axis moves the other a little
        center_kernels(made)
    energy = made.weight.detach().pow(2).sum(dim=1)
    places = torch.arange(size) - (size - 1) / 2
    for center in ((energy.sum(dim=1) @ places), (energy.sum(dim=2) @ places)):
        torch.testing.assert_close(center, torch.zeros(6), atol=1e-3, rtol=0)


@pytest.mark.parametrize(("patches", "moved"), [("fused", True), ("cut", False)])
def test_only_fused_patches_are_centered(patches: str, moved: bool) -> None:
    torch.manual_seed(0)
    config = ImageEncoderConfig.model_validate({"backbone": "resnet18", "patches": patches})
    square = PreprocessingConfig.model_validate({"size": 64, "stride": 8})
    encoder = ImageEncoder(config, square, dim=8)
    before = encoder.backbone.conv1.weight.detach().clone()
    encoder.center()
    assert (not torch.equal(before, encoder.backbone.conv1.weight)) == moved
