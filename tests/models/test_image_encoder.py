"""The maps kept of torchvision's networks: patches, and one embedding per image."""

import pytest
import torch
from torch import Tensor, nn

from models.config import ImageEncoderConfig, PreprocessingConfig
from models.image_encoder import TESTED_BACKBONES, ImageEncoder, network_of


def encoder_of(backbone: str = "resnet18", norm: str = "frozen", size: int = 64) -> ImageEncoder:
    torch.manual_seed(0)
    config = ImageEncoderConfig.model_validate({"backbone": backbone, "norm": norm})
    return ImageEncoder(config, PreprocessingConfig(size=size), dim=8)


def pictures(batch: int = 2, size: int = 64) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (batch, 1, size, size), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module")
def grouped() -> ImageEncoder:
    return encoder_of(norm="group")


@pytest.mark.slow
@pytest.mark.parametrize("backbone", TESTED_BACKBONES)
def test_a_tested_backbone_gives_a_patch_for_16_pixels(backbone: str) -> None:
    encoder = encoder_of(backbone, size=96).eval()
    with torch.no_grad():
        patches, pooled = encoder(pictures(size=96))
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
        patches, _ = encoder_of(size=size).eval()(pictures(1, size))
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
        patches, _ = grouped(pictures(1))
        corner = grouped.backbone(grouped._standardize(pictures(1)))["near"][:, :, 1, 3]
        torch.testing.assert_close(patches[:, 1 * 4 + 3], grouped.heads.patch_head(corner))


def test_the_type_of_the_levels_does_not_matter(grouped: ImageEncoder) -> None:
    with torch.no_grad():
        whole, floats = grouped(pictures()), grouped(pictures().float())
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
    encoder(pictures())
    assert all(torch.equal(before[name], value) for name, value in encoder.named_buffers())


@pytest.mark.slow
def test_batch_statistics_move_while_training() -> None:
    encoder = encoder_of(norm="batch").train()
    before = {name: value.clone() for name, value in encoder.named_buffers()}
    encoder(pictures())
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
        together, alone = encoder(pictures(3)), encoder(pictures(3)[:1])
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
@pytest.mark.parametrize("backbone", TESTED_BACKBONES)
def test_a_tested_backbone_gives_a_fused_patch_for_8_pixels(backbone: str) -> None:
    with torch.no_grad():
        patches, pooled = fused(backbone, size=96)(pictures(size=96))
    assert (patches.shape, pooled.shape) == ((2, 144, 8), (2, 8))


def test_the_fused_image_is_the_mean_and_the_maximum_of_its_patches() -> None:
    encoder = fused()
    with torch.no_grad():
        patches, pooled = encoder(pictures())
        both = torch.cat([patches.mean(dim=1), patches.amax(dim=1)], dim=-1)
        torch.testing.assert_close(pooled, encoder.heads.pooled_head(both))


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["resnet18", "shufflenet_v2_x1_0"])
def test_a_fused_patch_looks_around_its_own_middle(backbone: str) -> None:
    encoder = fused(backbone, norm="batch", size=128)  # GroupNorm would look everywhere
    pixels = pictures(16, size=128).float().requires_grad_()
    encoder(pixels)[0][:, 16 * 7 + 9].square().sum().backward()
    assert pixels.grad is not None
    seen = pixels.grad.square().sum(dim=(0, 1))  # by the patch in row 7 and column 9
    places = torch.arange(128.0)
    for along, patch in ((seen.sum(dim=1), 7), (seen.sum(dim=0), 9)):
        middle = float((along * places).sum() / along.sum())
        assert middle == pytest.approx(8 * patch + 3.5, abs=2.0)


def test_the_fine_map_alone_decides_what_the_coarse_one_cannot() -> None:
    encoder = fused()
    fine = torch.zeros(1, 128, 8, 8)
    fine[0, :, 2, 5] = 100.0
    with torch.no_grad():
        lit, _ = encoder.heads(fine, torch.zeros(1, 256, 4, 4))
        dark, _ = encoder.heads(torch.zeros(1, 128, 8, 8), torch.zeros(1, 256, 4, 4))
    changed = (lit - dark).norm(dim=-1).reshape(8, 8)
    assert divmod(int(changed.argmax()), 8) in {(y, x) for y in (1, 2, 3) for x in (4, 5, 6)}


def test_a_size_that_leaves_no_map_of_twice_the_stride_is_refused() -> None:
    with pytest.raises(ValueError, match="no feature map of stride 32"):
        fused(size=32, stride=16)
