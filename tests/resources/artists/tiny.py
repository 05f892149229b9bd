"""Tiny diffusion and CLIP models with random weights, made on the spot: real files, nothing of a hub.

What they draw is noise and what they see is chance: they show that the parts fit, never that a picture is good.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CARD = "---\nlicense: openrail++\ntags: [test]\n---\n\n# A tiny model\n"
WIDTH = 32


def tokenizer(folder: Path) -> Any:
    """CLIP's, with single bytes for a vocabulary."""
    from transformers import CLIPTokenizer
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = list(bytes_to_unicode().values())
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)


def text_config(**changes: int) -> Any:
    """Of a text model for that vocabulary, whose last token ends a text."""
    from transformers import CLIPTextConfig

    return CLIPTextConfig(
        vocab_size=514, hidden_size=WIDTH, intermediate_size=37, num_attention_heads=4, num_hidden_layers=2,
        projection_dim=WIDTH, bos_token_id=512, eos_token_id=513, pad_token_id=513, **changes,
    )  # fmt: skip


def unet(text_width: int, numbers: int) -> Any:
    """A U-Net like SDXL's: `numbers` numbers of size and crop, or of size, crop and beauty, beside the text."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        block_out_channels=(32, 64), layers_per_block=1, sample_size=32, in_channels=4, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4), use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=8, transformer_layers_per_block=(1, 2), cross_attention_dim=text_width,
        projection_class_embeddings_input_dim=numbers * 8 + WIDTH,
    )  # fmt: skip


def vae() -> Any:
    """Pixels to latents eight times smaller, as SDXL's."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(32, 32, 32, 32), in_channels=3, out_channels=3, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, sample_size=64,
    )  # fmt: skip


def scheduler() -> Any:
    """SDXL's own, and its noise schedule."""
    from diffusers import EulerDiscreteScheduler

    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading"
    )


def sdxl(folder: Path, seed: int = 0) -> Path:
    """A base model, saved to the folder."""
    import torch
    from diffusers import StableDiffusionXLPipeline
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(seed)
    words = tokenizer(folder.with_name(f"{folder.name}-words"))
    StableDiffusionXLPipeline(
        vae=vae(), text_encoder=CLIPTextModel(text_config()), tokenizer=words,
        text_encoder_2=CLIPTextModelWithProjection(text_config()), tokenizer_2=words,
        unet=unet(2 * WIDTH, 6), scheduler=scheduler(), add_watermarker=False,
    ).save_pretrained(folder)  # fmt: skip
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    return folder


def refiner(folder: Path) -> Path:
    """A refiner, which has one text model and is told how beautiful the picture is to be."""
    import torch
    from diffusers import StableDiffusionXLImg2ImgPipeline
    from transformers import CLIPTextModelWithProjection

    torch.manual_seed(7)
    StableDiffusionXLImg2ImgPipeline(
        vae=vae(), text_encoder=None, tokenizer=None,
        text_encoder_2=CLIPTextModelWithProjection(text_config()),
        tokenizer_2=tokenizer(folder.with_name(f"{folder.name}-words")),
        unet=unet(WIDTH, 5), scheduler=scheduler(), requires_aesthetics_score=True, add_watermarker=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def lora(folder: Path, base: Path) -> Path:
    """A style of rank 4 with random weights for the base model's attention."""
    import torch
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
    from diffusers.utils import convert_state_dict_to_diffusers
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(3)
    model = UNet2DConditionModel.from_pretrained(base, subfolder="unet")
    model.add_adapter(LoraConfig(r=4, init_lora_weights=False, target_modules=["to_k", "to_q", "to_v", "to_out.0"]))
    layers = convert_state_dict_to_diffusers(get_peft_model_state_dict(model))
    StableDiffusionXLPipeline.save_lora_weights(str(folder), unet_lora_layers=layers)
    return folder / "pytorch_lora_weights.safetensors"


def clip(folder: Path) -> Path:
    """A CLIP model that compares pictures of 32 pixels with texts."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPVisionConfig

    torch.manual_seed(1)
    seeing = CLIPVisionConfig(
        hidden_size=WIDTH, intermediate_size=37, num_attention_heads=4, num_hidden_layers=2, image_size=32,
        patch_size=8, projection_dim=WIDTH,
    )  # fmt: skip
    config = CLIPConfig(text_config=text_config().to_dict(), vision_config=seeing.to_dict(), projection_dim=WIDTH)
    CLIPModel(config).save_pretrained(folder)
    tokenizer(folder.with_name(f"{folder.name}-words")).save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    return folder
