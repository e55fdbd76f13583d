"""torchvision's reference evaluation: evaluation_transform.py CASE.json prints [{tensor, pil}] of its files, each [H, W, 3] in [0, 1].

`tensor` in float64, with antialiasing; `pil` in PIL, which resizes in whole levels.
"""

import json
import sys

import torch
import torchvision.transforms.functional as F
from PIL import Image, ImageOps


def view(image, size, mode):
    image = F.resize(image, round(size * 256 / 224), mode, antialias=True)
    return F.center_crop(image, [size, size])


def views_of(path, size, mode):
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    whole = image.size == (size, size)
    tensor = F.pil_to_tensor(image).to(torch.float64)
    tensor = (tensor if whole else view(tensor, size, mode)).div(255).clamp(0, 1)
    pil = F.pil_to_tensor(image if whole else view(image, size, mode)).to(torch.float64).div(255)
    return {name: x.permute(1, 2, 0).flatten().tolist() for name, x in (("tensor", tensor), ("pil", pil))}


with open(sys.argv[1]) as file:
    case = json.load(file)
mode = getattr(F.InterpolationMode, case["resampling"].upper())
print(json.dumps([views_of(path, case["size"], mode) for path in case["files"]]))
