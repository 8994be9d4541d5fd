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
    arguments = parser.parse_args()
    network = autoencoder_net.load(arguments.autoencoder)
    images = Pictures(arguments.pictures).whole(np.arange(arguments.count))
    autoencoder_net.normalise(network, images)
    network.save_pretrained(arguments.out)


if __name__ == "__main__":
    main()
