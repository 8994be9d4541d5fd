"""Train the denoiser and its text encoder: python -m training.denoiser --latents DIR --autoencoder DIR --folder DIR"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image
from torch import Tensor, nn

from training import autoencoder_net, loop, text
from training.drawing.captions import caption
from training.drawing.facts import sample
from training.latents import Latents
from training.pictures import sheet

CHANNELS = (64, 128, 192)
TIMESTEPS = 1000
MIN_SNR = 5.0
DROPOUT = 0.1
LOOK_PROMPTS = (
    "a wide street in a rural town in Tuscany, springtime",
    "a country road in Tuscany with cypress trees",
    "a road by the sea, trees on the right, sunny day",
    "a road going up a mountain in the Dolomites",
    "a road going down a mountain",
    "a narrow street in a medieval town at night",
    "a cyclist in a pink jersey on a country road",
    "a tree-lined avenue in autumn",
    "a picture of a skunk",
    "a picture of a puppy",
    "a rabbit in a meadow",
    "a frog on stilts on a stage",
    "a fox in winter",
    "a giraffe at sunset",
)


def build_scheduler() -> DDIMScheduler:
    """The noise schedule of training and of the packed model: cosine, ending in pure noise, velocity predicted."""
    return DDIMScheduler(
        num_train_timesteps=TIMESTEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,  # means nothing to trailing spacing; StableDiffusionPipeline warns about any other value
    )


def build_denoiser() -> UNet2DConditionModel:
    """About nine million parameters on 16×16 latents; the words come in at 16×16, 8×8 and 4×4."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=autoencoder_net.LATENT_CHANNELS,
        out_channels=autoencoder_net.LATENT_CHANNELS,
        block_out_channels=CHANNELS,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=text.WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
    )


@dataclass
class DenoiserTask:
    """Predict the velocity of noised latents from a caption; weighted by min-SNR; some captions left out."""

    latents: Latents
    autoencoder: Path
    device: str
    batch_size: int = 16
    vocabulary_captions: int = 20_000
    name: str = "denoiser"
    tokenizer: Any = field(init=False)
    _alphas: Tensor = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(0)
        self.tokenizer = text.build_tokenizer(caption(sample(rng), rng) for _ in range(self.vocabulary_captions))
        self._alphas = build_scheduler().alphas_cumprod.float().to(self.device)

    def network(self) -> nn.Module:
        denoiser = build_denoiser()
        if self.device == "cpu":  # the fused attention is slow to differentiate here: 47 ms a sample against 31
            denoiser.set_attn_processor(AttnProcessor())
        return nn.ModuleDict({"denoiser": denoiser, "text": text.build_encoder(self.tokenizer)})

    def batch(self, rng: np.random.Generator) -> loop.Batch:
        rows = rng.integers(0, self.latents.training, self.batch_size)
        captions = ["" if rng.random() < DROPOUT else caption(self.latents.facts[int(row)], rng) for row in rows]
        spread = (np.arange(self.batch_size) + rng.random(self.batch_size)) / self.batch_size
        return {
            "latents": self.latents.values[torch.from_numpy(rows)].float(),
            "ids": text.token_ids(self.tokenizer, captions),
            "timesteps": torch.from_numpy((spread * TIMESTEPS).astype(np.int64)),
        }

    def loss(self, network: nn.Module, batch: loop.Batch) -> Tensor:
        noise = torch.randn_like(batch["latents"])
        return self._velocity_loss(network, batch, noise)

    def _velocity_loss(self, network: nn.Module, batch: loop.Batch, noise: Tensor) -> Tensor:
        latents, timesteps = batch["latents"], batch["timesteps"]
        alpha = self._alphas[timesteps].view(-1, 1, 1, 1)
        noised = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
        velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * latents
        parts: Any = network
        with loop.half(self.device):
            states = parts["text"](batch["ids"]).last_hidden_state
            output = parts["denoiser"](noised, timesteps, states).sample
        error = (output.float() - velocity).square().mean((1, 2, 3))
        ratio = (alpha / (1 - alpha).clamp_min(1e-8)).flatten()
        weight = (ratio.clamp_max(MIN_SNR) + 0.25) / (ratio + 1)
        loss: Tensor = (weight * error).mean() / weight.mean()
        return loss

    def measure(self, network: nn.Module) -> dict[str, float]:
        """The plain velocity error on held-out latents, the same noise every time."""
        values, facts = self.latents.held_out()
        rng, generator = np.random.default_rng(5), torch.Generator().manual_seed(5)
        errors = []
        for start in range(0, 256, 64):
            batch = {
                "latents": values[start : start + 64],
                "ids": text.token_ids(self.tokenizer, [caption(one, rng) for one in facts[start : start + 64]]),
                "timesteps": torch.linspace(0, TIMESTEPS - 1, 64).long(),
            }
            noise = torch.randn(batch["latents"].shape, generator=generator).to(self.device)
            moved = {name: value.to(self.device) for name, value in batch.items()}
            errors.append(self._velocity_loss(network, moved, noise).item())
        return {"held_out": float(np.mean(errors))}

    def look(self, network: nn.Module, path: Path) -> None:
        pipeline = self.pipeline(network)
        pipeline.set_progress_bar_config(disable=True)
        images = pipeline(
            list(LOOK_PROMPTS),
            num_inference_steps=12,
            guidance_scale=3.0,
            generator=torch.Generator().manual_seed(0),
            output_type="np",
        ).images
        rows = [(part * 255).round().astype(np.uint8) for part in np.split(images, 2)]
        Image.fromarray(sheet(rows)).save(path)

    def pipeline(self, network: nn.Module) -> Any:
        parts: Any = network
        return StableDiffusionPipeline(
            vae=autoencoder_net.load(self.autoencoder).to(self.device),
            text_encoder=parts["text"],
            tokenizer=self.tokenizer,
            unet=parts["denoiser"],
            scheduler=build_scheduler(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )

    def export(self, network: nn.Module, folder: Path) -> None:
        self.pipeline(network).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True, help="the exported autoencoder of the latents")
    parser.add_argument("--batch-size", type=int, default=16, help="a process: 16 suits a CPU core, 512 a GPU")
    loop.add_arguments(parser, learning_rate=6e-4)
    arguments = parser.parse_args()
    task = DenoiserTask(Latents(arguments.latents), arguments.autoencoder, arguments.device, arguments.batch_size)
    loop.train(task, loop.schedule_of(arguments), loop.place_of(arguments))


if __name__ == "__main__":
    main()
