"""Steps of fine-tuning in float64 PyTorch, as fixtures: what an encoder and a linear head are after them.

    python write_tuning_steps.py FOLDER

Written with torch.nn, torch.optim.SGD and torch.nn.functional alone, not from the product. Of each case a safetensors file: the images
and labels, the weights before (torchvision's names, float32), and after each step the loss, weights, momentum (after the first step:
the gradient) and running statistics. What is not torch.optim's or torch.nn's own: weight decay leaves out biases and norms, and
the running variance is the biased one (the official code's, byol-facts 1.3).
"""

import json
import math
import struct
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

MEAN, STD = [0.5, 0.4, 0.3], [0.25, 0.3, 0.2]
RATES, HEAD_RATE, MOMENTUM, DECAY = [0.05, 0.025], 10.0, 0.9, 0.02


class BatchNorm(nn.Module):
    def __init__(self, channels, decay):
        super().__init__()
        self.decay = decay
        self.weight = nn.Parameter(torch.empty(channels).uniform_(0.5, 1.5))
        self.bias = nn.Parameter(torch.empty(channels).uniform_(-0.3, 0.3))
        self.register_buffer("running_mean", torch.empty(channels).uniform_(-0.5, 0.5))
        self.register_buffer("running_var", torch.empty(channels).uniform_(0.5, 1.5))

    def forward(self, x):
        with torch.no_grad():
            self.running_mean.mul_(self.decay).add_((1 - self.decay) * x.mean([0, 2, 3]))
            self.running_var.mul_(self.decay).add_((1 - self.decay) * x.var([0, 2, 3], unbiased=False))
        return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=1e-5)


def convolution(inputs, outputs, kernel, stride):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)


class Block(nn.Module):
    """torchvision's BasicBlock and Bottleneck, with the stride on the 3 x 3."""

    def __init__(self, inputs, width, stride, bottleneck, decay):
        super().__init__()
        outputs = 4 * width if bottleneck else width
        shapes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        if not bottleneck:
            shapes = [(inputs, width, 3, stride), (width, width, 3, 1)]
        for i, shape in enumerate(shapes, start=1):
            setattr(self, f"conv{i}", convolution(*shape))
            setattr(self, f"bn{i}", BatchNorm(shape[1], decay))
        self.count = len(shapes)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(convolution(inputs, outputs, 1, stride), BatchNorm(outputs, decay))

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.count:
                y = F.relu(y)
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Network(nn.Module):
    def __init__(self, width, blocks, bottleneck, small, classes, decay):
        super().__init__()
        self.small = small
        self.conv1 = convolution(3, width, 3, 1) if small else convolution(3, width, 7, 2)
        self.bn1 = BatchNorm(width, decay)
        channels = width
        for group, count in enumerate(blocks, start=1):
            inner = width * 2 ** (group - 1)
            layers = []
            for index in range(count):
                layers.append(Block(channels, inner, 2 if group > 1 and index == 0 else 1, bottleneck, decay))
                channels = 4 * inner if bottleneck else inner
            setattr(self, f"layer{group}", nn.Sequential(*layers))
        self.groups = len(blocks)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if not self.small:
            x = F.max_pool2d(x, 3, 2, 1)
        for group in range(1, self.groups + 1):
            x = getattr(self, f"layer{group}")(x)
        return self.fc(x.mean([2, 3]))


def write(path, tensors):
    kinds = {torch.float32: "F32", torch.float64: "F64", torch.uint8: "U8", torch.int32: "I32"}
    header, data = {}, b""
    for name, tensor in tensors.items():
        flat = bytes(tensor.detach().contiguous().view(torch.uint8).flatten().tolist())
        header[name] = {"dtype": kinds[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(flat)]}
        data += flat
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def case(path, seed, many, size, rows, **shape):
    torch.manual_seed(seed)
    classes = shape["classes"]
    network = Network(**shape)
    for parameter in network.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=1 / math.sqrt(parameter[0].numel()))
    out = {f"before.{name}": tensor.clone() for name, tensor in network.state_dict().items()}
    network.double()
    pixels = torch.randint(0, 256, [2 * rows, size, size, 3], dtype=torch.uint8)
    if many:
        labels = torch.randint(0, 2, [2 * rows, classes], dtype=torch.int32)
        labels[1, 0] = labels[rows + 2, 2] = -1  # not known
    else:
        labels = torch.randint(0, classes, [2 * rows], dtype=torch.int32)
        labels[2] = -1  # not labelled
    out |= {"pixels": pixels, "labels": labels}
    mean, std = torch.tensor(MEAN, dtype=torch.float64), torch.tensor(STD, dtype=torch.float64)
    images = ((pixels.double() / 255 - mean) / std).permute(0, 3, 1, 2)

    is_head = lambda name: name.startswith("fc.")
    groups = [
        {"params": [p], "lr": 1.0, "weight_decay": DECAY if p.dim() > 1 else 0.0, "factor": HEAD_RATE if is_head(name) else 1.0}
        for name, p in network.named_parameters()
    ]
    optimizer = torch.optim.SGD(groups, momentum=MOMENTUM, nesterov=True)
    losses = []
    for step, rate in enumerate(RATES):
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        batch = slice(step * rows, (step + 1) * rows)
        scores, told = network(images[batch]), labels[batch].long()
        if many:
            known = told >= 0
            loss = F.binary_cross_entropy_with_logits(scores[known], told[known].double())
        else:
            loss = F.cross_entropy(scores, told, ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        for name, parameter in network.named_parameters():
            out[f"step{step + 1}.{name}"] = parameter.detach().float()
            out[f"step{step + 1}.momentum.{name}"] = optimizer.state[parameter]["momentum_buffer"].float()
        for name, buffer in network.named_buffers():
            out[f"step{step + 1}.{name}"] = buffer.float()
    out["losses"] = torch.tensor(losses, dtype=torch.float64)
    write(path, out)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    case(folder / "tuning-class.safetensors", 1, False, size=20, rows=7, width=4, blocks=[1, 1], bottleneck=True, small=False, classes=5, decay=0.9)
    case(folder / "tuning-many.safetensors", 2, True, size=10, rows=6, width=4, blocks=[1, 2], bottleneck=False, small=True, classes=4, decay=0.95)


if __name__ == "__main__":
    main()
