"""Writes test/import/fixtures: small checkpoints as the libraries themselves write them, and what their networks make of a few
images, computed by those libraries in float64. Needs torch, numpy, dill, jax, dm-haiku, omegaconf and transformers (safetensors comes with it):

    python test/python/write_checkpoints.py test/import/fixtures

The tests read the files that are committed, without Python."""

import argparse
import collections
import datetime
import json
import pathlib
import pickle
import sys
import types

import numpy as np
import torch
from torch import nn

from resnet import ResNet

SIZE = 32
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def pictures(count=3):
    """The same as in test/import/pictures.ts: [count, SIZE, SIZE, 3], uint8."""
    i, y, x, c = np.meshgrid(*map(np.arange, (count, SIZE, SIZE, 3)), indexing="ij")
    return ((i * 37 + x * (3 + i) + y * (7 - c) + (x * y * (c + 1)) % 61) % 256).astype(np.uint8)


def inputs():
    return (pictures() / 255 - MEAN) / STD


def fill(shapes, seed):
    """Numbers that are like a trained network's, in float32, by torchvision's names."""
    random = np.random.default_rng(seed)
    out = {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            out[name] = np.array(300, dtype=np.int64)
        elif name.endswith("running_var"):
            out[name] = random.uniform(0.5, 2, shape).astype(np.float32)
        elif len(shape) == 1:
            centre = 1 if name.endswith("weight") else 0
            out[name] = (centre + 0.2 * random.standard_normal(shape)).astype(np.float32)
        else:
            out[name] = (random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)
    return out


def stub(module, name, base=object):
    """A class of a module that is not installed, as far as pickle looks at it."""
    parts = module.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    made = type(name, (base,), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


class Files:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.features = {}

    def path(self, name, features=None):
        if features is not None:
            self.features[name] = np.asarray(features, dtype=np.float64).round(7).tolist()
        return self.folder / name


def arrays(files):
    """The same values by every protocol of pickle."""
    import ml_dtypes

    small = np.arange(12).reshape(3, 4) - 3.5
    values = {
        "f8": small,
        "f4": small.astype("f4"),
        "f2": small.astype("f2"),
        "big": small.astype(">f4"),
        "fortran": np.asfortranarray(small.astype("f4")),
        "bf16": small.astype(ml_dtypes.bfloat16),
        "i4": np.arange(-2, 3, dtype="i4"),
        "u1": np.array([0, 1, 128, 200, 255], dtype="u1"),
        "bool": np.array([True, False]),
        "empty": np.zeros((0, 3), dtype="f4"),
        "scalar": np.float32(2.5),
        "long": np.tile(np.linspace(-1, 1, 25), 80).astype("f4"),
        "nested": [{"é": np.ones(2, dtype="f4")}, (np.zeros(1, dtype="f4"), "text", None, True, 2**70, -1.5, b"\x00\xff")],
    }
    for protocol in range(6):
        files.path(f"arrays-{protocol}.pkl").write_bytes(pickle.dumps(values, protocol))


def torch_files(files):
    encoder = {"block": "bottleneck", "blocks": [1, 1], "width": 2, "stem": "imagenet", "padding": "symmetric", "shortcut": "torchvision"}
    network = ResNet(encoder, nn.BatchNorm2d)
    state = {k: torch.from_numpy(v) for k, v in fill({k: tuple(v.shape) for k, v in network.state_dict().items()}, 1).items()}
    other = {k: torch.from_numpy(v) for k, v in fill({k: tuple(v.shape) for k, v in state.items()}, 2).items()}

    def features(of):
        network.load_state_dict(of)
        with torch.no_grad():
            return network.eval().double()(torch.from_numpy(inputs()).permute(0, 3, 1, 2)).numpy()

    expected, moving = features(state), features(other)
    prefixed = lambda prefix, of: collections.OrderedDict((prefix + k, v) for k, v in of.items())
    head = {"fc.weight": torch.zeros(5, 16), "fc.bias": torch.zeros(5)}

    torch.save(collections.OrderedDict({**state, **head}), files.path("torchvision.pth", expected))
    wrapped = {"epoch": 7, "arch": "resnet", "state_dict": prefixed("module.", {**state, **head})}
    torch.save(wrapped, files.path("legacy.pth.tar", expected), _use_new_zipfile_serialization=False)

    moco = {**prefixed("module.encoder_q.", state), **prefixed("module.encoder_k.", other)}
    torch.save({"state_dict": moco}, files.path("moco.pth", expected))
    files.path("moco-target", moving)

    # One storage for all of the norms' numbers, kernels transposed in memory, other types.
    flat = torch.cat([v for v in state.values() if v.dim() == 1])
    odd, at = {}, 0
    for name, value in state.items():
        if value.dim() == 1:
            odd[name] = nn.Parameter(flat[at : at + len(value)])
            at += len(value)
        elif value.dim() == 4 and "conv2" in name:
            odd[name] = value.double()
        elif value.dim() == 4:
            odd[name] = value.contiguous(memory_format=torch.channels_last).permute(0, 1, 3, 2).contiguous().permute(0, 1, 3, 2)
        else:
            odd[name] = value
    torch.save({"model": odd}, files.path("strided.pth", expected))
    half = {k: v.half() if v.dim() == 4 else v for k, v in state.items()}
    torch.save(half, files.path("half.pt", features({k: v.float() for k, v in half.items()})))
    rounded = {k: v.bfloat16() if v.dim() == 4 else v for k, v in state.items()}
    torch.save(rounded, files.path("bfloat16.pt", features({k: v.float() for k, v in rounded.items()})))

    network.load_state_dict(state)
    network.float()
    sequential = nn.Sequential(
        network.conv1, network.bn1, nn.ReLU(), nn.MaxPool2d(3, 2, 1), network.layer1, network.layer2, nn.AdaptiveAvgPool2d(1)
    )
    online = {k: v.clone() for k, v in sequential.state_dict().items()}
    network.load_state_dict(other)
    target = {k: v.clone() for k, v in sequential.state_dict().items()}
    hyper = stub("pytorch_lightning.utilities.parsing", "AttributeDict", dict)
    optimizer = {"state": {0: {"momentum_buffer": torch.zeros(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    notes = {
        "epoch": 3,
        "global_step": 120,
        "pytorch-lightning_version": "2.1.0",
        "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": torch.tensor(0.5), "dirpath": "x"}},
        "optimizer_states": [optimizer],
        "lr_schedulers": [{"milestones": collections.Counter({3: 1}), "base_lrs": [0.1]}],
    }
    lightly = {**prefixed("backbone.", online), **prefixed("backbone_momentum.", target)}
    lightly["projection_head.layers.0.weight"] = torch.zeros(4, 16)
    settings = hyper({"lr": 0.1, "path": pathlib.PurePosixPath("/data"), "args": argparse.Namespace(a=1)})
    torch.save({**notes, "state_dict": lightly, "hyper_parameters": settings}, files.path("lightly.ckpt", expected))
    solo = {**prefixed("backbone.", state), **prefixed("momentum_backbone.", other), "classifier.weight": torch.zeros(5, 16)}
    torch.save({**notes, "state_dict": solo}, files.path("solo-learn.ckpt", expected))


def solo_learn_cifar(files):
    """For CIFAR its first convolution is padded by 2."""
    encoder = {"block": "basic", "blocks": [1, 1], "width": 4, "stem": "small-padded", "padding": "symmetric", "shortcut": "torchvision"}
    network = ResNet(encoder, nn.BatchNorm2d)
    state = {k: torch.from_numpy(v) for k, v in fill({k: tuple(v.shape) for k, v in network.state_dict().items()}, 6).items()}
    network.load_state_dict(state)
    with torch.no_grad():
        features = network.eval().double()(torch.from_numpy(inputs()).permute(0, 3, 1, 2)).numpy()
    solo = {**{f"backbone.{k}": v for k, v in state.items()}, "classifier.weight": torch.zeros(5, 8)}
    torch.save({"epoch": 1, "state_dict": solo}, files.path("solo-learn-cifar.ckpt", features))


def whole_training(files):
    """All that trainers keep beside the weights."""
    import omegaconf

    encoder = {"block": "basic", "blocks": [1], "width": 2, "stem": "imagenet", "padding": "symmetric", "shortcut": "torchvision"}
    network = ResNet(encoder, nn.BatchNorm2d)
    network.load_state_dict(
        {k: torch.from_numpy(v) for k, v in fill({k: tuple(v.shape) for k, v in network.state_dict().items()}, 7).items()}
    )
    optimizer = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
    images = torch.from_numpy(inputs()).permute(0, 3, 1, 2).float()
    network.eval()(images).sum().backward()
    optimizer.step()
    config = omegaconf.OmegaConf.create({"a": 1, "b": {"c": [1, 2.5, "x", None, True]}, "d": "${a}", "e": pathlib.Path("/x")})
    checkpoint = {
        "state_dict": {f"encoder.{k}": v for k, v in network.state_dict().items()},
        "hyper_parameters": config,
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "scaler": torch.amp.GradScaler("cpu", enabled=False).state_dict(),
        "random": [torch.get_rng_state(), np.random.get_state()],
        "loss": np.float64(3),
        "best": torch.nn.Parameter(torch.ones(2)),
        "args": argparse.Namespace(lr=0.1),
        "when": datetime.datetime(2026, 1, 1),
        "kinds": [torch.device("cpu"), torch.float32, torch.Size([1, 2]), {1, 2}, frozenset({3}), 1j, 2**80],
        "others": [torch.complex(torch.ones(2), torch.ones(2)), torch.eye(3).to_sparse(), torch.ones(2).to(torch.float8_e4m3fn)],
    }
    with torch.no_grad():
        features = network.double()(images.double()).numpy()
    network.float()
    torch.save(checkpoint, files.path("whole-training.ckpt", features))


def transformers_files(files):
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 2], layer_type="basic", num_labels=3)
    model = ResNetForImageClassification(config)
    shapes = {k: tuple(v.shape) for k, v in model.state_dict().items()}
    model.load_state_dict({k: torch.from_numpy(v) for k, v in fill(shapes, 3).items()})
    model.eval().double()
    with torch.no_grad():
        features = model.resnet(torch.from_numpy(inputs()).permute(0, 3, 1, 2)).pooler_output[:, :, 0, 0].numpy()
    model.float().save_pretrained(files.folder / "transformers")
    files.features["transformers/model.safetensors"] = features.round(7).tolist()


def haiku_files(files):
    import dill
    import haiku as hk
    import jax
    import jax.numpy as jnp
    from haiku._src.data_structures import FlatMap

    jax.config.update("jax_enable_x64", True)
    bn = {"decay_rate": 0.9, "eps": 1e-5, "create_scale": True, "create_offset": True}

    def forward(images, is_training):
        net = hk.nets.ResNet(
            [1, 2, 1, 1], 10, bn_config=bn, bottleneck=True, channels_per_group=(4, 8, 16, 32), use_projection=(True,) * 4,
            initial_conv_config={"output_channels": 1}, name="res_net50",
        )  # fmt: skip
        found = []

        def note(next_f, args, kwargs, context):
            if context.module.name == "logits":
                found.append(args[0])
            return next_f(*args, **kwargs)

        with hk.intercept_methods(note):
            net(images, is_training=is_training)
        return found[0]

    network = hk.without_apply_rng(hk.transform_with_state(forward))
    shapes = jax.eval_shape(lambda: network.init(jax.random.PRNGKey(0), jnp.zeros((1, SIZE, SIZE, 3)), True))

    def draw(seed):
        random = np.random.default_rng(seed)

        def parameter(leaf, like):
            spread = random.standard_normal(like.shape)
            if leaf == "w":
                return (spread * np.sqrt(2 / np.prod(like.shape[:-1]))).astype("f4")
            return ((1 if leaf == "scale" else 0) + 0.2 * spread).astype("f4")

        def statistic(module, leaf, like):
            if leaf == "counter":
                return np.array(500, dtype="i4")
            # The sum is not what the network computes with: telling them apart is part of the test.
            value = random.uniform(0.5, 2, like.shape) if "var" in module else 0.3 * random.standard_normal(like.shape)
            return (value * (0.7 if leaf == "hidden" else 1)).astype("f4")

        params = {m: {k: parameter(k, v) for k, v in leaves.items()} for m, leaves in shapes[0].items()}
        state = {m: {k: statistic(m, k, v) for k, v in leaves.items()} for m, leaves in shapes[1].items()}
        return params, state

    def features(params, state):
        wide = jax.tree_util.tree_map(lambda x: np.asarray(x, dtype="f8") if x.dtype == np.float32 else x, (params, state))
        return np.asarray(network.apply(*wide, jnp.asarray(inputs()), False)[0])

    online, target = draw(4), draw(5)
    byol = {}
    exec(  # as the official repository declares it, in a module that is not installed
        "from typing import Any, NamedTuple\n"
        "class _ByolExperimentState(NamedTuple):\n"
        "  online_params: Any\n  target_params: Any\n  online_state: Any\n  target_state: Any\n  opt_state: Any\n"
        "class ScaleByLarsState(NamedTuple):\n  mu: Any\n"
        "class AddWeightDecayState(NamedTuple):\n  '''Stateless.'''\n",
        byol,
    )
    modules = {"_ByolExperimentState": "byol.byol_experiment", "ScaleByLarsState": "byol.utils.optimizers", "AddWeightDecayState": "byol.utils.optimizers"}  # fmt: skip
    for name, module in modules.items():
        stub(module, name)
        byol[name].__module__ = module
        setattr(sys.modules[module], name, byol[name])
    heads = {"projector/linear": {"w": np.zeros((2, 2), "f4"), "b": np.zeros(2, "f4")}, "classifier": {"w": np.zeros((2, 2), "f4"), "b": np.zeros(2, "f4")}}  # fmt: skip
    checkpoint = {
        "experiment_state": byol["_ByolExperimentState"](
            FlatMap({**online[0], **heads}), FlatMap({**target[0], **heads}), FlatMap(online[1]), FlatMap(target[1]),
            (byol["AddWeightDecayState"](), byol["ScaleByLarsState"](FlatMap(online[0]))),
        ),  # fmt: skip
        "step": 300000,
        "rng": np.array([[0, 1]], dtype="u4"),
    }
    files.path("byol.pkl", features(*online)).write_bytes(dill.dumps(checkpoint, protocol=2))
    files.path("byol-target", features(*target))
    on_device = jax.tree_util.tree_map(jnp.asarray, {"params": online[0], "state": online[1]})
    files.path("haiku-jax.pkl", features(*online)).write_bytes(pickle.dumps(on_device))


def main():
    torch.set_num_threads(1)
    files = Files(sys.argv[1])
    arrays(files)
    torch_files(files)
    solo_learn_cifar(files)
    whole_training(files)
    transformers_files(files)
    haiku_files(files)
    files.path("features.json").write_text(json.dumps(files.features))


main()
