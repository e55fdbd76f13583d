"""Floating-point operations of a BYOL step as PyTorch counts them. Reads a StepSpec, prints those of an image."""

import json
import sys
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parents[2] / "bench" / "python"))
from byol_step import Byol  # noqa: E402

IMAGES = 4

spec = json.loads(sys.argv[1])
with torch.device("meta"), FlopCounterMode(display=False) as counter:
    view = torch.empty(IMAGES, 3, spec["size"], spec["size"])
    Byol(spec)(view, view, torch.zeros(IMAGES, dtype=torch.long)).backward()
print(counter.get_total_flops() / IMAGES)
