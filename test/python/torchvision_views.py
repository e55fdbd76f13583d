"""Executes plans with torchvision's own functions in float64: torchvision_views.py CASES.json prints the views."""

import json
import sys
from itertools import permutations

import torch
import torchvision.transforms.functional as F


def execute(image, row, view):
    box = [int(row[name]) for name in ("cropTop", "cropLeft", "cropHeight", "cropWidth")]
    mode = getattr(F.InterpolationMode, view["resampling"].upper())
    x = F.resized_crop(image, *box, [view["height"], view["width"]], mode, antialias=view["antialias"])
    x = (x / 255).clamp(0, 1)
    if row["flip"]:
        x = F.hflip(x)
    if row["jitterOrder"] >= 0:
        steps = [
            lambda x: F.adjust_brightness(x, row["brightness"]),
            lambda x: F.adjust_contrast(x, row["contrast"]),
            lambda x: F.adjust_saturation(x, row["saturation"]),
            lambda x: F.adjust_hue(x, row["hue"]),
        ]
        for step in list(permutations(range(4)))[int(row["jitterOrder"])]:
            x = steps[step](x)
    if row["grayscale"]:
        x = F.rgb_to_grayscale(x, 3)
    if row["blurSigma"] > 0:
        x = F.gaussian_blur(x, 2 * view["blurRadius"] + 1, row["blurSigma"])
    if row["solarize"]:
        x = F.solarize(x, 0.5)
    return F.normalize(x, view["mean"], view["std"])


def views_of(case):
    images = torch.tensor(case["pixels"], dtype=torch.float64)
    images = images.view(-1, case["height"], case["width"], 3).permute(0, 3, 1, 2)
    views = [execute(images[index], row, case["view"]) for index, row in zip(case["indices"], case["rows"])]
    return torch.stack(views).permute(0, 2, 3, 1).flatten().tolist()


with open(sys.argv[1]) as file:
    print(json.dumps([views_of(case) for case in json.load(file)]))
