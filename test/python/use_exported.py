"""Runs the Python that `byol export` tells with a file, and embeds photos with the `model` that it makes. Argument: a JSON file with a list
of jobs, each with `use` (lines of Python), `images` (file of uint8 NHWC), `shape`, `mean`, `std`. Standard output: JSON, for each job the
features, or a text: what went wrong."""

import json
import sys

import torch


def features_of(job):
    names = {}
    exec(job["use"], names)
    with open(job["images"], "rb") as file:
        pixels = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).reshape(job["shape"])
    images = ((pixels.float() / 255 - torch.tensor(job["mean"])) / torch.tensor(job["std"])).permute(0, 3, 1, 2)
    with torch.no_grad():
        return names["model"](images.contiguous()).tolist()


def tried(job):
    try:
        return features_of(job)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main():
    torch.set_num_threads(1)
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    json.dump([tried(job) for job in jobs], sys.stdout)


main()
