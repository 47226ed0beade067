"""The maps kept of torchvision's networks: patches, and one embedding per image."""

import pytest
import torch
from torch import Tensor, nn

from models.config import ImageEncoderConfig, PreprocessingConfig
from models.image_encoder import FUSED_BACKBONES, TESTED_BACKBONES, ImageEncoder, network_of
from models.image_heads import _between


def encoder_of(backbone: str = "resnet18", norm: str = "frozen", size: int = 64) -> ImageEncoder:
    torch.manual_seed(0)
    config = ImageEncoderConfig.model_validate({"backbone": backbone, "norm": norm})
    return ImageEncoder(config, PreprocessingConfig(size=size), dim=8)


def pictures(batch: int = 2, size: int = 64) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (batch, 1, size, size), dtype=torch.uint8, generator=generator)


def everywhere(pixels: Tensor, stride: int = 16) -> Tensor:
    """A mask for pictures that fill their square."""
    return torch.ones(len(pixels), (pixels.shape[-1] // stride) ** 2, dtype=torch.bool)


def seen(encoder: ImageEncoder, pixels: Tensor) -> tuple[Tensor, Tensor]:
    patches, pooled = encoder(pixels, everywhere(pixels, encoder.preprocessing.stride))
    return patches, pooled


@pytest.fixture(scope="module")
def grouped() -> ImageEncoder:
    return encoder_of(norm="group")


@pytest.mark.slow
@pytest.mark.parametrize("backbone", TESTED_BACKBONES)
def test_a_tested_backbone_gives_a_patch_for_16_pixels(backbone: str) -> None:
    encoder = encoder_of(backbone, size=96).eval()
    with torch.no_grad():
        patches, pooled = seen(encoder, pictures(size=96))
    assert (patches.shape, pooled.shape) == ((2, 36, 8), (2, 8))


@pytest.mark.slow
@pytest.mark.parametrize("backbone", TESTED_BACKBONES)
def test_a_tested_backbone_takes_group_norm(backbone: str) -> None:
    modules = list(encoder_of(backbone, norm="group").modules())
    assert any(isinstance(module, nn.GroupNorm) for module in modules)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in modules)


@pytest.mark.slow
@pytest.mark.parametrize("size", [48, 64, 112])
def test_every_whole_size_has_its_patches(size: int) -> None:
    with torch.no_grad():
        patches, _ = seen(encoder_of(size=size).eval(), pictures(1, size))
    assert patches.shape[1] == PreprocessingConfig(size=size).patches


def test_a_size_that_leaves_no_last_stage_is_refused() -> None:
    with pytest.raises(ValueError, match="larger size"):
        encoder_of(size=32)


@pytest.mark.slow
def test_resnet50_is_cut_after_its_third_block() -> None:
    encoder = encoder_of("resnet50")
    assert (encoder.heads.patch_head.in_features, encoder.heads.pooled_head.in_features) == (
        1024,
        2048,
    )


def test_patches_lie_row_by_row(grouped: ImageEncoder) -> None:
    with torch.no_grad():
        patches, _ = seen(grouped, pictures(1))
        corner = grouped.backbone(grouped._standardize(pictures(1)))["near"][:, :, 1, 3]
        torch.testing.assert_close(patches[:, 1 * 4 + 3], grouped.heads.patch_head(corner))


def test_the_type_of_the_levels_does_not_matter(grouped: ImageEncoder) -> None:
    with torch.no_grad():
        whole, floats = seen(grouped, pictures()), seen(grouped, pictures().float())
    torch.testing.assert_close(whole, floats, rtol=0, atol=0)


def test_the_mean_level_is_standardized_to_zero(grouped: ImageEncoder) -> None:
    mean = torch.full((1, 1, 2, 2), 255 * grouped.preprocessing.mean)
    torch.testing.assert_close(
        grouped._standardize(mean), torch.zeros(1, 3, 2, 2), rtol=0, atol=1e-6
    )


@pytest.mark.slow
def test_frozen_statistics_stay_while_training() -> None:
    encoder = encoder_of(norm="frozen").train()
    before = {name: value.clone() for name, value in encoder.named_buffers()}
    seen(encoder, pictures())
    assert all(torch.equal(before[name], value) for name, value in encoder.named_buffers())


@pytest.mark.slow
def test_batch_statistics_move_while_training() -> None:
    encoder = encoder_of(norm="batch").train()
    before = {name: value.clone() for name, value in encoder.named_buffers()}
    seen(encoder, pictures())
    assert not all(torch.equal(before[name], value) for name, value in encoder.named_buffers())


def test_a_frozen_norm_still_learns_its_scale() -> None:
    norms = [m for m in encoder_of().train().modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert all(not norm.training and norm.weight.requires_grad for norm in norms)


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["frozen", "group"])
def test_an_image_does_not_depend_on_its_batch(norm: str) -> None:
    encoder = encoder_of(norm=norm).train()
    with torch.no_grad():
        together, alone = seen(encoder, pictures(3)), seen(encoder, pictures(3)[:1])
    for many, one in zip(together, alone, strict=True):
        torch.testing.assert_close(many[:1], one, rtol=1e-4, atol=1e-5)


def test_an_unknown_network_is_named() -> None:
    with pytest.raises(ValueError, match="resnet19"):
        network_of("resnet19")


def test_a_network_without_maps_of_stride_16_is_refused() -> None:
    with pytest.raises(ValueError, match="no feature map of stride 16"):
        encoder_of("alexnet")


def fused(
    backbone: str = "resnet18", norm: str = "group", *, size: int = 64, stride: int = 8
) -> ImageEncoder:
    torch.manual_seed(0)
    config = ImageEncoderConfig.model_validate(
        {"backbone": backbone, "norm": norm, "patches": "fused"}
    )
    square = PreprocessingConfig.model_validate({"size": size, "stride": stride})
    return ImageEncoder(config, square, dim=8).eval()


@pytest.mark.slow
@pytest.mark.parametrize("backbone", FUSED_BACKBONES)
def test_a_backbone_gives_a_fused_patch_for_8_pixels(backbone: str) -> None:
    with torch.no_grad():
        patches, pooled = seen(fused(backbone, size=96), pictures(size=96))
    assert (patches.shape, pooled.shape) == ((2, 144, 8), (2, 8))


def test_the_fused_image_is_the_mean_and_the_maximum_of_its_patches() -> None:
    encoder = fused()
    with torch.no_grad():
        patches, pooled = seen(encoder, pictures())
        both = torch.cat([patches.mean(dim=1), patches.amax(dim=1)], dim=-1)
        torch.testing.assert_close(pooled, encoder.heads.pooled_head(both))


@pytest.mark.slow
@pytest.mark.parametrize("backbone", FUSED_BACKBONES)
def test_the_middle_patches_look_around_the_middle_of_the_picture(backbone: str) -> None:
    encoder = fused(backbone, norm="batch", size=128)  # GroupNorm would look everywhere
    pixels = pictures(16, size=128).float().requires_grad_()
    middle = [16 * row + column for row in (7, 8) for column in (7, 8)]
    seen(encoder, pixels)[0][:, middle].square().sum().backward()
    assert pixels.grad is not None
    felt, places = pixels.grad.square().sum(dim=(0, 1)), torch.arange(128.0)
    both = felt.sum(dim=0) + felt.sum(dim=1)  # by column and by row: an untrained network leans
    center = float((both * places).sum() / both.sum())
    assert center == pytest.approx(63.5, abs=2.0)  # half a patch beside it would be 4 off


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "first", "second"),
    [
        ("resnet18", "layer3.0", "layer3.1"),
        ("resnet50", "layer3.0", "layer3.1"),
        ("shufflenet_v2_x1_0", "stage3.0", "stage3.1"),
        ("mobilenet_v2", "features.7", "features.8"),
        ("efficientnet_b0", "features.4.0", "features.4.1"),
    ],
)
def test_fused_patches_take_the_first_map_of_twice_the_stride(
    backbone: str, first: str, second: str
) -> None:
    kept = dict(fused(backbone, size=96).backbone.named_modules())
    assert first in kept
    assert second not in kept


STEM = 1 * 1 + 1 * 2  # 3 x 3 filters reach one unit further: a convolution and the pooling
NEAR = STEM + 1 * 4 + 3 * 8  # stage 2: one such filter a block, the first at half the stride
FAR = NEAR + 1 * 8  # the first block of stage 3, and none of the seven after it


@pytest.mark.parametrize(("row", "reach"), [(9, FAR), (10, FAR + 8)])  # on a coarse unit, between
def test_a_fused_patch_sees_no_more_than_39_or_47_pixels_to_each_side_of_160(
    row: int, reach: int
) -> None:
    encoder = fused("shufflenet_v2_x1_0", norm="batch", size=160)
    pixels = pictures(1, size=160).float().requires_grad_()
    seen(encoder, pixels)[0][0, 20 * row + row].square().sum().backward()
    assert pixels.grad is not None
    away = pixels.grad[0, 0].nonzero() - (8 * row + 4)
    assert int(away.abs().max()) == reach


def test_a_coarse_map_lies_on_each_second_unit_by_hand() -> None:
    coarse = torch.tensor([[[[0.0, 4.0], [8.0, 20.0]]]])
    whole = [[0.0, 2.0, 4.0], [4.0, 8.0, 12.0], [8.0, 14.0, 20.0]]
    assert _between(coarse, rows=3, columns=3)[0, 0].tolist() == whole
    edge = [[*row, row[-1]] for row in [*whole, whole[-1]]]
    assert _between(coarse, rows=4, columns=4)[0, 0].tolist() == edge


def test_patches_outside_the_picture_have_no_say_in_the_fused_image() -> None:
    encoder, mask = fused(norm="batch"), torch.zeros(1, 8, 8, dtype=torch.bool)
    mask[:, :5] = True
    near, far = torch.randn(1, 128, 9, 9), torch.randn(1, 256, 5, 5)
    other = near.clone()
    other[:, :, 8:] = 100.0  # of the last patches, whose neighbors are outside as well
    with torch.no_grad():
        one, two = (encoder.heads(n, far, mask.flatten(1))[1] for n in (near, other))
        whole = encoder.heads(near, far, torch.ones(1, 64, dtype=torch.bool))[1]
    torch.testing.assert_close(one, two)
    assert not torch.allclose(one, whole)


@pytest.mark.parametrize("backbone", ["densenet121", "vgg11"])
def test_a_backbone_whose_units_are_not_known_has_no_fused_patches(backbone: str) -> None:
    with pytest.raises(ValueError, match="no fused patches; these have: resnet18"):
        fused(backbone)


def test_a_size_that_leaves_no_map_of_twice_the_stride_is_refused() -> None:
    with pytest.raises(ValueError, match="no feature map of stride 32"):
        fused(size=32, stride=16)
