"""A BYOL training step as a PyTorch user would write it at his best: autocast, channels_last, cuDNN's search, fused or foreach
updates; on a card also resident uint8 images with views made there, and torch.compile where that is asked for.

Reads one JSON object from stdin (StepSpec of lib/bench/step-spec.ts), then answers each line with a line of JSON: 'run N' with
[seconds, seconds without views] of N steps each, 'memory' with the most bytes that tensors held since it was asked last. Staying
alive lets the caller take turns with the other side. No code is shared with the product.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

from gpu_views import Views
from networks import Encoder, mlp
from optimizers import optimizer_of

IMAGES = 1024


class Byol(nn.Module):
    """Online and target network, predictor and online classifier; forward gives the loss of both directions."""

    def __init__(self, spec):
        super().__init__()
        self.precision = spec["precision"]
        self.device_type = spec["device"].split(":")[0]

        def network():
            encoder = Encoder(**spec["encoder"])
            return nn.Sequential(encoder, mlp(encoder.features, **spec["projector"]))

        self.online, self.target = network(), network().requires_grad_(False)
        self.predictor = mlp(spec["projector"]["output"], **spec["predictor"])
        self.classifier = nn.Linear(self.online[0].features, spec["classes"]) if spec["classes"] else None

    def forward(self, first, second, labels):
        with torch.autocast(self.device_type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            with torch.no_grad():
                t1, t2 = self.target(first), self.target(second)
            y1 = self.online[0](first)
            p1 = self.predictor(self.online[1](y1))
            p2 = self.predictor(self.online(second))
            logits = None if self.classifier is None else self.classifier(y1.detach())
        loss = (loss_of(p1, t2) + loss_of(p2, t1)).mean()
        return loss if logits is None else loss + F.cross_entropy(logits.float(), labels)


def loss_of(prediction, projection):
    return 2 - 2 * F.cosine_similarity(prediction.float(), projection.float(), dim=1)


class Trainer:
    def __init__(self, spec):
        torch.manual_seed(0)
        torch.set_num_threads(spec["threads"])
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        self.spec, self.device = spec, torch.device(spec["device"])
        self.cuda = self.device.type == "cuda"
        compiled = (lambda f: f) if spec["mode"] == "eager" else (lambda f: torch.compile(f, mode=spec["mode"]))
        model = Byol(spec).to(self.device, memory_format=torch.channels_last)
        self.losses = compiled(model)
        learnt = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = optimizer_of(learnt, **spec["optimizer"], cuda=self.cuda)
        self.follow = list(model.target.parameters()), list(model.online.parameters())
        self.parameters = sum(p.numel() for p in learnt)
        self.pixels = self.views = None
        if spec["augment"] is not None:
            self.resident(spec["augment"], compiled)
        batch, size = spec["batch"], spec["size"]
        self.fixed = [torch.randn(batch, 3, size, size, device=self.device) for _ in range(2)]
        self.fixed = [view.contiguous(memory_format=torch.channels_last) for view in self.fixed]
        self.labels = torch.randint(spec["classes"] or 1, (IMAGES if self.views else batch,), device=self.device)

    def resident(self, augment, compiled):
        shape, side = augment["shape"], augment["side"]
        self.pixels = torch.randint(0, 256, (IMAGES, 3, side, side), dtype=torch.uint8, device=self.device)
        self.views = [compiled(Views(**shape, view=view).to(self.device)) for view in augment["views"]]

    def batch(self):
        if self.views is None:
            return self.fixed, self.labels
        rows = torch.randint(IMAGES, (self.spec["batch"],), device=self.device)
        images = self.pixels[rows]
        return [view(images).contiguous(memory_format=torch.channels_last) for view in self.views], self.labels[rows]

    def step(self, augmented=lambda: None):
        if self.cuda and self.spec["mode"] != "eager":
            torch.compiler.cudagraph_mark_step_begin()
        (first, second), labels = self.batch()
        augmented()
        loss = self.losses(first, second, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(*self.follow, 0.01)

    def timed(self, steps):
        return self.timed_on_device(steps) if self.cuda else [self.timed_here() for _ in range(steps)]

    def timed_here(self):
        start, views = time.perf_counter(), []
        self.step(lambda: views.append(time.perf_counter() - start))
        seconds = time.perf_counter() - start
        return [seconds, seconds - views[0]]

    def timed_on_device(self, steps):
        """From one step's beginning to the next one's, on the device's clock: what launching costs is in it."""
        events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(steps + 1)]
        for begin, views in events[:-1]:
            begin.record()
            self.step(views.record)
        events[-1][0].record()
        torch.cuda.synchronize()
        milliseconds = lambda start, end: start.elapsed_time(end)
        return [
            [milliseconds(begin, after[0]) / 1e3, milliseconds(views, after[0]) / 1e3]
            for (begin, views), after in zip(events, events[1:])
        ]

    def memory(self):
        if not self.cuda:
            return 0
        peak = torch.cuda.max_memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        return peak


def main():
    trainer = Trainer(json.loads(sys.stdin.readline()))
    facts = {"torch": torch.__version__, "parameters": trainer.parameters, "device": str(trainer.device)}
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        command, *words = line.split()
        print(json.dumps(trainer.memory() if command == "memory" else trainer.timed(int(words[0]))), flush=True)


if __name__ == "__main__":
    main()
