"""The monitored model of the detection benchmark: a small convolutional network, trained for each seed."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

BATCH = 128
STEPS = 700
STEP_LIMIT = 128
"""Grey levels beyond which the adversarial search gives up."""


def as_tensor(images: NDArray[np.uint8]) -> torch.Tensor:
    """(n, h, w) or (n, h, w, 3) uint8 → (n, c, h, w) float32 in [0, 1]."""
    planes = images[:, None] if images.ndim == 3 else np.moveaxis(images, 3, 1)
    return torch.from_numpy(np.ascontiguousarray(planes)).float() / 255.0


def new_network(shape: tuple[int, ...], classes: int) -> nn.Sequential:
    """Return an untrained network for images of `shape`, (h, w) or (h, w, 3)."""
    channels, side = (1 if len(shape) == 2 else 3), min(shape[:2])
    blocks: list[nn.Module] = []
    width = 16
    while side >= 8 and width < 128:
        blocks += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        blocks += [nn.MaxPool2d(2)]
        channels, width, side = width, width * 2, side // 2
    blocks += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    blocks += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(4 * width, classes)]
    return nn.Sequential(*blocks)


def train_classifier(
    images: NDArray[np.uint8], labels: NDArray[np.int64], classes: int, *, seed: int, steps: int = STEPS
) -> nn.Sequential:
    """Train on batches drawn at random, with one cycle of the learning rate; the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = new_network(images.shape[1:], classes)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps)
    target = torch.from_numpy(labels)
    network.train()
    for _ in range(steps):
        rows = torch.randint(len(images), (min(BATCH, len(images)),), generator=generator)
        loss = nn.functional.cross_entropy(network(as_tensor(images[rows.numpy()])), target[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def scores_of(network: nn.Sequential, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (n, k) softmax scores."""
    parts = [np.empty((0, network[-1].out_features), np.float32)]
    with torch.inference_mode():
        parts += [
            network(as_tensor(images[start : start + 500])).softmax(dim=1).numpy()
            for start in range(0, len(images), 500)
        ]
    return np.concatenate(parts)


def adversarial(network: nn.Sequential, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fast gradient sign, the smallest whole grey level at which the network changes its mind.

    Images that withstand `STEP_LIMIT` keep that step.
    """
    changed = images.copy()
    for start in range(0, len(images), 500):
        part = images[start : start + 500]
        batch = as_tensor(part).requires_grad_(True)
        logits = network(batch)
        said = logits.argmax(dim=1)
        nn.functional.cross_entropy(logits, said, reduction="sum").backward()
        gradient = batch.grad
        assert gradient is not None
        signs = gradient.sign().numpy()
        signs = signs[:, 0] if images.ndim == 3 else np.moveaxis(signs, 1, 3)
        left, before = np.arange(len(part)), said.numpy()
        for step in range(1, STEP_LIMIT + 1):
            moved = np.clip(part[left].astype(np.int16) + step * signs[left].astype(np.int16), 0, 255)
            changed[start + left] = moved.astype(np.uint8)
            now = scores_of(network, changed[start + left]).argmax(axis=1)
            left = left[now == before[left]]
            if not len(left):
                break
    return changed
