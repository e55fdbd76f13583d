"""Whole models as their libraries write them, with random weights, and what they make of images. Arguments: a folder to write to, a
file of uint8 images, their number, their side. Standard output: JSON, by file, `features` of each image in float32, and `missing`,
the libraries that are not there."""

import json
import sys

import torch
from torch import nn

torch.manual_seed(1)
torch.set_num_threads(1)
# A torchvision that was built for another torch has no operators, and needs none here.
torch.library.register_fake = lambda *_, **__: lambda function: function


def like_trained(model):
    with torch.no_grad():
        for name, value in model.named_buffers():
            if name.endswith("running_mean"):
                value.normal_(0, 0.2)
            elif name.endswith("running_var"):
                value.uniform_(0.7, 1.5)
            elif name.endswith("num_batches_tracked"):
                value.fill_(1000)
        for value in model.parameters():
            if value.dim() == 1:
                value.add_(0.1 * torch.randn_like(value))
    return model.eval()


def of_torchvision(folder):
    import torchvision

    small = like_trained(torchvision.models.resnet18())
    torch.save(small.state_dict(), f"{folder}/torchvision-resnet18.pth")
    pooled = nn.Sequential(*list(small.children())[:-1])
    model = like_trained(torchvision.models.resnet50())
    torch.save(model.state_dict(), f"{folder}/torchvision-resnet50.pth")
    sequential = nn.Sequential(*list(model.children())[:-1])
    lightly = {f"backbone.{name}": value for name, value in sequential.state_dict().items()}
    torch.save({"state_dict": lightly}, f"{folder}/lightly-resnet50.ckpt")
    run = lambda images: sequential(images).flatten(1)
    return {
        "torchvision-resnet18.pth": lambda images: pooled(images).flatten(1),
        "torchvision-resnet50.pth": run,
        "lightly-resnet50.ckpt": run,
    }


def of_timm(folder):
    import timm
    from safetensors.torch import save_file

    model = like_trained(timm.create_model("resnet18", pretrained=False))
    save_file(model.state_dict(), f"{folder}/timm-resnet18.safetensors")
    return {"timm-resnet18.safetensors": lambda images: model.global_pool(model.forward_features(images))}


def of_transformers(folder):
    from transformers import ResNetConfig, ResNetModel

    model = like_trained(ResNetModel(ResNetConfig()))
    model.save_pretrained(f"{folder}/transformers-resnet50")
    run = lambda images: model(images).pooler_output[:, :, 0, 0]
    return {"transformers-resnet50/model.safetensors": run}


def main():
    folder, path, count, side = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with open(path, "rb") as file:
        pixels = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).reshape(count, side, side, 3)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    images = ((pixels.float() / 255 - mean) / std).permute(0, 3, 1, 2).contiguous()
    features, missing = {}, []
    for name, write in {"torchvision": of_torchvision, "timm": of_timm, "transformers": of_transformers}.items():
        try:
            runs = write(folder)
        except (ImportError, RuntimeError):
            missing.append(name)
            continue
        with torch.no_grad():
            features.update({file: run(images).tolist() for file, run in runs.items()})
    json.dump({"features": features, "missing": missing}, sys.stdout)


main()
