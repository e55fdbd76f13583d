"""BYOL on CIFAR-10 as users of lightly run it, without lightly, which need not be installed: the recipe of its published benchmark
(docs/source/getting_started/benchmarks/cifar10_benchmark.py), with what it takes from torchvision and PyTorch taken from there.

That is: PNG images decoded and augmented one by one by eight worker processes of a DataLoader (BYOLTransform without blur), ResNet-18
with a 3x3 stem, heads of 1024 and 256, a momentum update over the parameters one by one before the forward pass, SGD 0.06 per
128 images, batches of 512, and PyTorch's own defaults for everything else: float32, channels first. Written from the description
of the recipe; no code of lightly's. PNG files lie in memory here, so that no disk is measured.

Prints JSON: images per second end to end over the steps after the first ones.
"""

import argparse
import copy
import glob
import io
import json
import time

import numpy as np
import torch
import torch.nn.functional as F
from networks import Encoder
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms as T

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
MOMENTUM = 0.99


def view(solarize):
    return T.Compose(
        [
            T.RandomResizedCrop(32, scale=(0.08, 1.0)),
            T.RandomHorizontalFlip(0.5),
            T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
            T.RandomGrayscale(0.2),
            *([T.RandomSolarize(128, p=solarize)] if solarize else []),
            T.ToTensor(),
            T.Normalize(MEAN, STD),
        ]
    )


class Pngs(Dataset):
    """As a folder of PNG files is read, two views each."""

    def __init__(self, batches):
        self.files = []
        for batch in batches:
            for row in np.fromfile(batch, dtype=np.uint8).reshape(-1, 3073):
                file = io.BytesIO()
                Image.fromarray(row[1:].reshape(3, 32, 32).transpose(1, 2, 0)).save(file, "PNG")
                self.files.append((file.getvalue(), int(row[0])))
        self.views = view(0.0), view(0.2)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        file, label = self.files[index]
        with Image.open(io.BytesIO(file)) as image:
            image = image.convert("RGB")
        return [make(image) for make in self.views], label


def head(cin, hidden, output):
    return nn.Sequential(nn.Linear(cin, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, output))


class Byol(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.backbone = Encoder("basic", [2, 2, 2, 2], width, "small")
        self.projector = head(self.backbone.features, 1024, 256)
        self.predictor = head(256, 1024, 256)
        self.backbone_momentum = copy.deepcopy(self.backbone).requires_grad_(False)
        self.projector_momentum = copy.deepcopy(self.projector).requires_grad_(False)

    def online(self, x):
        return self.predictor(self.projector(self.backbone(x)))

    @torch.no_grad()
    def target(self, x):
        return self.projector_momentum(self.backbone_momentum(x)).detach()

    @torch.no_grad()
    def follow(self):
        for online, momentum in ((self.backbone, self.backbone_momentum), (self.projector, self.projector_momentum)):
            for p, m in zip(online.parameters(), momentum.parameters()):
                m.data = m.data * MOMENTUM + p.data * (1 - MOMENTUM)


def negative_cosine(x, y):
    return -F.cosine_similarity(x, y, dim=1).mean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="folder of the binary batches")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--json")
    given = parser.parse_args()

    dataset = Pngs(sorted(glob.glob(f"{given.data}/data_batch_*.bin")))
    loader = DataLoader(
        dataset, given.batch, shuffle=True, drop_last=True, num_workers=given.workers, persistent_workers=True
    )
    device = torch.device(given.device)
    model = Byol(given.width).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06 * given.batch / 128, momentum=0.9, weight_decay=5e-4)
    synchronize = torch.cuda.synchronize if device.type == "cuda" else lambda: None

    done, start = 0, None
    while start is None or done < given.warm_up + given.steps:
        for (first, second), _ in loader:
            if done == given.warm_up:
                synchronize()
                start = time.perf_counter()
            first, second = first.to(device, non_blocking=True), second.to(device, non_blocking=True)
            model.follow()
            loss = 0.5 * (
                negative_cosine(model.online(first), model.target(second))
                + negative_cosine(model.online(second), model.target(first))
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            done += 1
            if done == given.warm_up + given.steps:
                break
    synchronize()
    seconds = time.perf_counter() - start
    result = {
        "recipe": "lightly's CIFAR-10 benchmark of BYOL: its recipe without its package",
        "imagesPerSecond": given.batch * given.steps / seconds,
        "secondsPerStep": seconds / given.steps,
        "batch": given.batch,
        "workers": given.workers,
        "steps": given.steps,
        "loss": loss.item(),
        "torch": torch.__version__,
        "peakBytes": torch.cuda.max_memory_allocated() if device.type == "cuda" else 0,
    }
    print(json.dumps(result))
    if given.json:
        with open(given.json, "w") as file:
            json.dump(result, file, indent=2)


if __name__ == "__main__":
    main()
