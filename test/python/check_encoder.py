"""Loads exported encoders strictly and embeds images with them. Argument: a JSON file with a list of jobs, each with `path`
(safetensors), `encoder` (EncoderSpec), `norm` (NormSpec), `mean`, `std`, `images` (file of uint8 NHWC), `shape`. Standard output:
JSON, for each job `network` (whose ResNet it was), `parameters` and `features`, or `error`: a key that is missing, unexpected
or of another shape."""

import json
import struct
import sys

import torch
from torch import nn

from resnet import ResNet

try:
    import torchvision
except (ImportError, RuntimeError):  # absent, or built for another torch
    torchvision = None

TYPES = {"F32": torch.float32, "I64": torch.int64}


def read_safetensors(path):
    """By hand from the format's description, so that the package safetensors is not needed."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=TYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def norm_layer(norm):
    """As the notes in an encoder file's metadata say."""
    kind, eps = norm["encoder"], norm["epsilon"]
    if kind == "none":
        return lambda channels: nn.Identity()
    if kind in ("group", "layer"):
        return lambda channels: nn.GroupNorm(1 if kind == "layer" else norm["groups"], channels, eps=eps)
    return lambda channels: nn.BatchNorm2d(channels, eps=eps)


def torchvision_network(encoder, norm):
    """torchvision's own class where it can build this network, else None. It has no option for the padding."""
    odd_shortcut = encoder["shortcut"] == "official" and encoder["block"] == "basic"
    if torchvision is None or encoder["width"] != 64 or len(encoder["blocks"]) != 4 or odd_shortcut or encoder["padding"] == "same":
        return None
    resnet = torchvision.models.resnet
    block = resnet.BasicBlock if encoder["block"] == "basic" else resnet.Bottleneck
    model = resnet.ResNet(block, encoder["blocks"], norm_layer=norm_layer(norm))
    model.fc = nn.Identity()
    if encoder["stem"] == "small":
        model.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        model.maxpool = nn.Identity()
    return model


def embed(job):
    model = torchvision_network(job["encoder"], job["norm"])
    network = "plain PyTorch" if model is None else f"torchvision {torchvision.__version__}"
    if model is None:
        model = ResNet(job["encoder"], norm_layer(job["norm"]))
    model.load_state_dict(read_safetensors(job["path"]), strict=True)
    model.eval()
    with open(job["images"], "rb") as file:
        pixels = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).reshape(job["shape"])
    images = (pixels.float() / 255 - torch.tensor(job["mean"])) / torch.tensor(job["std"])
    with torch.no_grad():
        features = model(images.permute(0, 3, 1, 2).contiguous())
    parameters = sum(p.numel() for p in model.parameters())
    return {"network": network, "parameters": parameters, "features": features.tolist()}


def try_embed(job):
    try:
        return embed(job)
    except RuntimeError as error:
        return {"error": str(error)}


def main():
    torch.set_num_threads(1)
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    json.dump([try_embed(job) for job in jobs], sys.stdout)


main()
