"""BYOL's training step in float64 PyTorch, written from the paper and the official code's definitions (not from the product).

    python byol_reference.py JOB.json

The job names a safetensors training state to start from, raw float32 views, the encoder, the optimiser and the steps'
scalars. It writes the state after the last step as raw float64 files, one per tensor, and prints the losses as JSON.
"""

import json
import math
import struct
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

from objective_reference import Objective


def read_safetensors(path):
    blob = Path(path).read_bytes()
    (size,) = struct.unpack("<Q", blob[:8])
    header = json.loads(blob[8 : 8 + size])
    kinds = {"U8": torch.uint8, "F32": torch.float32, "F64": torch.float64, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        data = bytearray(blob[start:end])
        tensors[name] = torch.frombuffer(data, dtype=kinds[entry["dtype"]]).reshape(entry["shape"]).clone() if data else None
    return tensors


def pad_same(x, kernel, stride, value=0.0):
    pads = []
    for n in (x.shape[3], x.shape[2]):
        total = max((math.ceil(n / stride) - 1) * stride + kernel - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


class Network:
    """Functional network over a dictionary of float64 parameters with the product's names."""

    def __init__(self, job, parameters):
        self.job, self.p = job, parameters
        self.statistics = []  # per forward pass: [(mean, biased variance)] in order of the layers
        self.folding = False

    def weight(self, name):
        """Of a layer before a norm: with weight standardisation where the job has it."""
        weight = self.p[name + ".weight"]
        if not self.job["weightStandardization"]:
            return weight
        variance, mean = torch.var_mean(weight.flatten(1), 1, unbiased=False, keepdim=True)
        return ((weight.flatten(1) - mean) / torch.sqrt(variance + 1e-4)).reshape(weight.shape)

    def convolution(self, x, name, stride):
        weight = self.weight(name)
        kernel = weight.shape[-1]
        if self.job["padding"] == "same":
            return F.conv2d(pad_same(x, kernel, stride), weight, stride=stride)
        return F.conv2d(x, weight, stride=stride, padding=kernel // 2)

    def norm(self, x, name):
        kind = self.job["norms"][name.split(".")[0]]
        if kind == "none":
            return x
        if kind in ("group", "layer"):
            scale, shift = self.p[f"{name}.weight"], self.p[f"{name}.bias"]
            return F.group_norm(x, self.job["groups"] if kind == "group" else 1, scale, shift, self.job["epsilon"])
        axes = [0, 2, 3] if x.dim() == 4 else [0]
        shape = [1, -1, 1, 1] if x.dim() == 4 else [1, -1]
        if kind == "affine":
            if self.folding:
                # Scale and offset that compute what batch normalisation would of this batch.
                scale = self.p[f"{name}.weight"] / torch.sqrt(x.var(axes, unbiased=False) + self.job["epsilon"])
                self.p[f"{name}.bias"] = self.p[f"{name}.bias"] - x.mean(axes) * scale
                self.p[f"{name}.weight"] = scale
            return x * self.p[f"{name}.weight"].reshape(shape) + self.p[f"{name}.bias"].reshape(shape)
        mean, variance = x.mean(axes, keepdim=True), x.var(axes, keepdim=True, unbiased=False)
        self.statistics[-1].append((name, mean.detach().flatten(), variance.detach().flatten()))
        scale, shift = (self.p[f"{name}.{part}"].reshape(shape) for part in ("weight", "bias"))
        return (x - mean) / torch.sqrt(variance + self.job["epsilon"]) * scale + shift

    def block(self, x, name, stride):
        bottleneck = self.job["block"] == "bottleneck"
        strides = [1, stride, 1] if bottleneck else [stride, 1]
        shortcut = x
        if f"{name}.downsample.0.weight" in self.p:
            shortcut = self.norm(self.convolution(x, f"{name}.downsample.0", stride), f"{name}.downsample.1")
        y = x
        for i, s in enumerate(strides, start=1):
            y = self.norm(self.convolution(y, f"{name}.conv{i}", s), f"{name}.bn{i}")
            if i < len(strides):
                y = F.relu(y)
        return F.relu(y + shortcut)

    def encode(self, x):
        small = self.job["stem"] == "small"
        y = F.relu(self.norm(self.convolution(x, "encoder.conv1", 1 if small else 2), "encoder.bn1"))
        if not small:
            if self.job["padding"] == "same":
                y = F.max_pool2d(pad_same(y, 3, 2, -math.inf), 3, 2)
            else:
                y = F.max_pool2d(y, 3, 2, 1)
        for group, count in enumerate(self.job["blocks"], start=1):
            for index in range(count):
                y = self.block(y, f"encoder.layer{group}.{index}", 2 if group > 1 and index == 0 else 1)
        return y.mean([2, 3])

    def head(self, x, prefix):
        index = 0
        while f"{prefix}.linear{index + 1}.weight" in self.p:
            x = F.linear(x, self.weight(f"{prefix}.linear{index}"), self.p.get(f"{prefix}.linear{index}.bias"))
            x = F.relu(self.norm(x, f"{prefix}.norm{index}"))
            index += 1
        output_norm = self.job["outputNorm"][prefix]
        weight = self.weight(f"{prefix}.linear{index}") if output_norm else self.p[f"{prefix}.linear{index}.weight"]
        x = F.linear(x, weight, self.p.get(f"{prefix}.linear{index}.bias"))
        return self.norm(x, f"{prefix}.norm{index}") if output_norm else x


def initialize_affine(job, online, target, view):
    """The modified initialisation of BYOL without batch statistics: one pass of each network over the first view."""
    for parameters in (online, target):
        network = Network(job, parameters)
        network.folding = True
        z = network.head(network.encode(view), "projector")
        if parameters is online and job["predictor"]:
            network.head(z, "predictor")


def update(job, name, p, g, m):
    """One parameter's step; returns the new value and momentum. `excluded`: biases and norm parameters."""
    optimizer = job["optimizer"]
    excluded = p.dim() == 1
    if not excluded or optimizer.get("decayNormAndBias"):
        g = g + optimizer["weightDecay"] * p
    if optimizer["kind"] == "lars" and not excluded:
        pn, gn = p.norm(), g.norm()
        g = g * (optimizer["trustCoefficient"] * pn / gn if pn > 0 and gn > 0 else 1.0)
    m = optimizer["momentum"] * m + g
    d = g + optimizer["momentum"] * m if optimizer.get("nesterov") else m
    return p - job["rate"] * d, m


def main():
    job = json.loads(Path(sys.argv[1]).read_text())
    state = read_safetensors(job["state"])
    double = lambda prefix: {
        name[len(prefix) :]: tensor.double()
        for name, tensor in state.items()
        if name.startswith(prefix) and "statistics" not in name and "initialized" not in name and tensor is not None
    }
    online, target, momentum = double("online."), double("target."), double("momentum.")
    own = {name[len("own.") :]: online.pop(name) for name in list(online) if name.startswith("own.")}
    online.update(own)
    shape = [-1, job["size"], job["size"], 3]
    losses, hidden = [], {}
    rows = job["batch"] * job["microBatches"]
    data = [torch.frombuffer(bytearray(Path(path).read_bytes()), dtype=torch.float32).reshape(shape).double() for path in job["views"]]
    labels, supervised = torch.tensor(job["labels"]), torch.tensor(job["supervisedLabels"])
    if "affine" in job["norms"].values():
        initialize_affine(job, online, target, data[0][: job["batch"]].permute(0, 3, 1, 2))
    queue, position = state.get("queue.rows"), 0
    objective = Objective(job, None if queue is None else queue.double())
    for step, scalars in enumerate(job["steps"]):
        leaves = {name: tensor.clone().requires_grad_(True) for name, tensor in online.items()}
        net, frozen = Network(job, leaves), Network(job, target)
        total_loss = 0.0
        for micro in range(job["microBatches"]):
            begin = step * rows + micro * job["batch"]
            pick = lambda t: t[begin : begin + job["batch"]]
            views = [pick(view).permute(0, 3, 1, 2) for view in data]

            def online_pass(view):
                net.statistics.append([])
                y = net.encode(view)
                z = net.head(y, "projector")
                return y, z, net.head(z, "predictor") if job["predictor"] else z

            def target_pass(view):
                frozen.statistics.append([])
                return (frozen.head(frozen.encode(view), "projector"),)

            features, loss, total = objective(online_pass, target_pass, views, pick(supervised), scalars["objectiveWeight"])
            logits = F.linear(features.detach(), leaves["classifier.weight"], leaves["classifier.bias"])
            ((total + F.cross_entropy(logits, pick(labels))) / job["microBatches"]).backward()
            total_loss += loss.item() / job["microBatches"]
        losses.append(total_loss)
        for side, network in (("online", net), ("target", frozen)):
            for forward in network.statistics:
                for name, mean, variance in forward:
                    key = (side, name)
                    old = hidden.get(key, (torch.zeros_like(mean), torch.zeros_like(variance), 0))
                    d = job["decay"]
                    hidden[key] = (d * old[0] + (1 - d) * mean, d * old[1] + (1 - d) * variance, old[2] + 1)
        position = objective.enqueue(position)
        for name in online:
            factor = {"projector": "projectorRate", "predictor": "predictorRate"}.get(name.split(".")[0])
            job["rate"] = scalars["learningRate"] * (scalars[factor] if factor else 1.0)
            online[name], momentum[name] = update(job, name, online[name], leaves[name].grad, momentum[name])
        tau = scalars["tau"] if job["objective"]["target"] == "ema" else 1.0
        target = {name: tau * xi + (1 - tau) * online[name] for name, xi in target.items()}
    out = Path(job["out"])
    out.mkdir(parents=True, exist_ok=True)
    write = lambda name, tensor: (out / f"{name}.f64").write_bytes(bytes(tensor.contiguous().view(torch.uint8).flatten().tolist()))
    for name, tensor in online.items():
        write("online." + ("own." if name in own else "") + name, tensor)
        write("momentum." + name, momentum[name])
    for name, tensor in target.items():
        write("target." + name, tensor)
    if objective.queue is not None:
        write("queue.rows", objective.queue)
    for (side, name), (mean, variance, count) in hidden.items():
        if side == "online" and name.startswith("encoder."):
            debias = 1 - job["decay"] ** count
            write(f"{name[len('encoder.'):]}.running_mean", mean / debias)
            write(f"{name[len('encoder.'):]}.running_var", variance / debias)
    print(json.dumps({"losses": losses}))


if __name__ == "__main__":
    main()
