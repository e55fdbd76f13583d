"""A ResNet in plain PyTorch with torchvision's parameter names (He et al. 2015, stride on the 3x3 convolution), written from
their descriptions for machines without torchvision, plus the variants that torchvision lacks: any width, a stem for small
images, a projection shortcut in the first block of every group, TensorFlow's SAME padding."""

import torch
from torch import nn
from torch.nn import functional as F


def same(x, kernel, stride, value=0.0):
    """Pads height and width so that the output has ceil(n / stride) rows; the smaller half goes before."""
    pads = []
    for n in (x.shape[3], x.shape[2]):
        total = max((-(-n // stride) - 1) * stride + kernel - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


class Conv(nn.Conv2d):
    def __init__(self, inputs, outputs, kernel, stride, padding):
        super().__init__(inputs, outputs, kernel, stride, 0 if padding == "same" else kernel // 2, bias=False)
        self.same = padding == "same"

    def forward(self, x):
        return super().forward(same(x, self.kernel_size[0], self.stride[0]) if self.same else x)


class Block(nn.Module):
    def __init__(self, kind, inputs, inner, stride, project, padding, norm):
        super().__init__()
        self.depth = 3 if kind == "bottleneck" else 2
        outputs = inner * (4 if kind == "bottleneck" else 1)
        shapes = [(inputs, inner, 3, stride), (inner, outputs, 3, 1)]
        if kind == "bottleneck":
            shapes = [(inputs, inner, 1, 1), (inner, inner, 3, stride), (inner, outputs, 1, 1)]
        for i, (a, b, kernel, s) in enumerate(shapes, 1):
            setattr(self, f"conv{i}", Conv(a, b, kernel, s, padding))
            setattr(self, f"bn{i}", norm(b))
        self.downsample = None
        if project or stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(Conv(inputs, outputs, 1, stride, padding), norm(outputs))

    def forward(self, x):
        y = x
        for i in range(1, self.depth + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.depth:
                y = F.relu(y)
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """`encoder`: the fields of EncoderSpec; `norm`: makes the norm of so many channels. The output is that of the average pool."""

    def __init__(self, encoder, norm):
        super().__init__()
        padding, width = encoder["padding"], encoder["width"]
        self.same, self.pools = padding == "same", encoder["stem"] == "imagenet"
        kernel, stride = (7, 2) if self.pools else (3, 1)
        self.conv1, self.bn1 = Conv(3, width, kernel, stride, padding), norm(width)
        if encoder["stem"] == "small-padded":  # symmetric in any case
            self.conv1.padding, self.conv1.same = (2, 2), False
        self.groups = len(encoder["blocks"])
        inputs = width
        for group, count in enumerate(encoder["blocks"]):
            blocks = []
            for index in range(count):
                project = index == 0 and encoder["shortcut"] == "official"
                stride = 2 if index == 0 and group > 0 else 1
                blocks.append(Block(encoder["block"], inputs, width << group, stride, project, padding, norm))
                inputs = (width << group) * (4 if encoder["block"] == "bottleneck" else 1)
            setattr(self, f"layer{group + 1}", nn.Sequential(*blocks))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.pools:
            x = F.max_pool2d(same(x, 3, 2, float("-inf")), 3, 2) if self.same else F.max_pool2d(x, 3, 2, 1)
        for group in range(self.groups):
            x = getattr(self, f"layer{group + 1}")(x)
        return torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)
