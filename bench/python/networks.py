"""ResNets and heads as a PyTorch user writes them. No code is shared with the product."""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, cin, inner, stride, bottleneck):
        super().__init__()
        cout = inner * (4 if bottleneck else 1)
        conv = lambda a, b, k, s: nn.Conv2d(a, b, k, s, k // 2, bias=False)
        shapes = (
            [(cin, inner, 1, 1), (inner, inner, 3, stride), (inner, cout, 1, 1)]
            if bottleneck
            else [(cin, inner, 3, stride), (inner, cout, 3, 1)]
        )
        self.convs = nn.ModuleList(conv(*s) for s in shapes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(s[1]) for s in shapes)
        self.shortcut = None
        if stride != 1 or cin != cout:
            self.shortcut = nn.Sequential(conv(cin, cout, 1, stride), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = x
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            y = norm(conv(y))
            if i + 1 < len(self.convs):
                y = F.relu(y, inplace=True)
        y += x if self.shortcut is None else self.shortcut(x)
        return F.relu(y, inplace=True)


class Encoder(nn.Module):
    """stem 'small': a 3x3 convolution without stride or pooling, as for CIFAR, 'small-padded': padded by 2; 'imagenet': 7x7 with
    stride 2, then a pool."""

    def __init__(self, block, blocks, width, stem):
        super().__init__()
        bottleneck = block == "bottleneck"
        small = stem != "imagenet"
        padding = {"imagenet": 3, "small": 1, "small-padded": 2}[stem]
        layers = [
            nn.Conv2d(3, width, 3 if small else 7, 1 if small else 2, padding, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        ]
        if not small:
            layers.append(nn.MaxPool2d(3, 2, 1))
        cin = width
        for group, count in enumerate(blocks):
            inner = width << group
            for index in range(count):
                layers.append(Block(cin, inner, 2 if index == 0 and group else 1, bottleneck))
                cin = inner * (4 if bottleneck else 1)
        self.body = nn.Sequential(*layers)
        self.features = cin

    def forward(self, x):
        return torch.flatten(F.adaptive_avg_pool2d(self.body(x), 1), 1)


def mlp(cin, hidden, output):
    layers = []
    for width in hidden:
        layers += [nn.Linear(cin, width), nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
        cin = width
    return nn.Sequential(*layers, nn.Linear(cin, output, bias=False))
