"""Two BYOL views per image as a torchvision user would make them: PIL images, one after the other, in N processes.

Reads one JSON object from stdin, {pixels: file of uint8 [count, size, size, 3], count, size, processes}, then answers
every line "run" with the seconds in which the processes together made both views of all images, as JSON. Staying alive
lets the caller interleave it with the other side. No code is shared with the product.
"""

import json
import multiprocessing
import sys
import time

import numpy as np
import torch
from PIL import Image
from torchvision import transforms as T


def pipeline(size, blur, solarize):
    return T.Compose(
        [
            T.RandomResizedCrop(size, scale=(0.08, 1.0), interpolation=T.InterpolationMode.BICUBIC),
            T.RandomHorizontalFlip(),
            T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
            T.RandomGrayscale(p=0.2),
            T.RandomApply([T.GaussianBlur(2 * (size // 20) + 1, (0.1, 2.0))], p=blur),
            T.RandomSolarize(128, p=solarize),
            T.ToTensor(),
            T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )


def worker(connection, pixels, size):
    torch.set_num_threads(1)
    views = [pipeline(size, 1.0, 0.0), pipeline(size, 0.1, 0.2)]
    images = [Image.fromarray(image) for image in pixels]
    connection.send("ready")
    while connection.recv() == "run":
        for image in images:
            for view in views:
                view(image)
        connection.send("done")


def main():
    case = json.loads(sys.stdin.readline())
    size, processes = case["size"], case["processes"]
    pixels = np.fromfile(case["pixels"], dtype=np.uint8).reshape(case["count"], size, size, 3)
    context = multiprocessing.get_context("fork")
    connections = []
    for part in np.array_split(pixels, processes):
        ours, theirs = context.Pipe()
        context.Process(target=worker, args=(theirs, part, size), daemon=True).start()
        connections.append(ours)
    for connection in connections:
        connection.recv()
    print(json.dumps({"torch": torch.__version__, "torchvision": __import__("torchvision").__version__}), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for connection in connections:
            connection.send(line.strip())
        for connection in connections:
            connection.recv()
        print(json.dumps(time.perf_counter() - start), flush=True)


main()
