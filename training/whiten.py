"""Settle the latents of a trained autoencoder: python -m training.whiten --autoencoder DIR --pictures DIR --out DIR"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from training import autoencoder_net
from training.pictures import Pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=512)
    parser.add_argument(
        "--evenness",
        type=float,
        default=0.5,
        help="how far the channels' spreads are brought together; 0 for an autoencoder that was settled before",
    )
    arguments = parser.parse_args()
    network = autoencoder_net.load(arguments.autoencoder)
    pictures = Pictures(arguments.pictures)
    images = pictures.whole(np.arange(min(arguments.count, len(pictures))))
    autoencoder_net.normalise(network, images, arguments.evenness)
    network.save_pretrained(arguments.out)


if __name__ == "__main__":
    main()
