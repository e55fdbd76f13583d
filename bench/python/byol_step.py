"""A BYOL training step as a PyTorch user would write it: eager modules, autocast, channels_last, foreach updates.

Reads one JSON object from stdin, {encoder: {block, blocks, width, stem}, hidden, output, size, batch, precision, threads},
then answers every line "run N" with the seconds of N steps each, as a JSON list. Staying alive lets the caller interleave
it with the other side. No code is shared with the product.
"""

import json
import sys
import time

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
    def __init__(self, block, blocks, width, stem):
        super().__init__()
        bottleneck = block == "bottleneck"
        small = stem == "small"
        layers = [
            nn.Conv2d(3, width, 3 if small else 7, 1 if small else 2, 1 if small else 3, bias=False),
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


def mlp(cin, hidden, out):
    return nn.Sequential(nn.Linear(cin, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), nn.Linear(hidden, out, bias=False))


def main():
    spec = json.loads(sys.stdin.readline())
    torch.set_num_threads(spec["threads"])
    torch.manual_seed(0)

    def network():
        encoder = Encoder(**spec["encoder"])
        return nn.Sequential(encoder, mlp(encoder.features, spec["hidden"], spec["output"])).to(memory_format=torch.channels_last)

    online, target = network(), network().requires_grad_(False)
    predictor = mlp(spec["output"], spec["hidden"], spec["output"])
    classifier = nn.Linear(online[0].features, 10)
    parameters = [*online.parameters(), *predictor.parameters(), *classifier.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=5e-4, foreach=True)
    shape = (spec["batch"], 3, spec["size"], spec["size"])
    views = [torch.randn(shape).to(memory_format=torch.channels_last) for _ in range(2)]
    labels = torch.randint(10, shape[:1])
    online_parameters, target_parameters = list(online.parameters()), list(target.parameters())

    def loss_of(prediction, projection):
        return 2 - 2 * F.cosine_similarity(prediction.float(), projection.float(), dim=1)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=spec["precision"] == "bfloat16"):
            with torch.no_grad():
                t1, t2 = target(views[0]), target(views[1])
            y1 = online[0](views[0])
            p1 = predictor(online[1](y1))
            p2 = predictor(online(views[1]))
            logits = classifier(y1.detach())
        loss = (loss_of(p1, t2) + loss_of(p2, t1)).mean() + F.cross_entropy(logits.float(), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        torch._foreach_lerp_(target_parameters, online_parameters, 0.01)

    print(json.dumps({"torch": torch.__version__, "parameters": sum(p.numel() for p in parameters)}), flush=True)
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line.split()[1])):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
