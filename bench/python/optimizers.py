"""LARS with foreach operations: as few launches as Python comes to without a kernel of its own."""

import torch


class Lars(torch.optim.Optimizer):
    """Official LARS of BYOL: biases and normalisation (one dimension) without decay and without trust ratio."""

    def __init__(self, parameters, lr, momentum, weight_decay, trust):
        super().__init__(parameters, dict(lr=lr, momentum=momentum, weight_decay=weight_decay, trust=trust))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            gradients = [p.grad for p in parameters]
            adapted = [i for i, p in enumerate(parameters) if p.ndim > 1]
            weights, of_weights = [parameters[i] for i in adapted], [gradients[i] for i in adapted]
            torch._foreach_add_(of_weights, weights, alpha=group["weight_decay"])
            w, g = torch.stack(torch._foreach_norm(weights)), torch.stack(torch._foreach_norm(of_weights))
            ratios = torch.where((w > 0) & (g > 0), group["trust"] * w / g, 1.0)
            torch._foreach_mul_(of_weights, list(ratios.unbind()))
            for p in parameters:
                if "momentum" not in self.state[p]:
                    self.state[p]["momentum"] = torch.zeros_like(p)
            buffers = [self.state[p]["momentum"] for p in parameters]
            torch._foreach_mul_(buffers, group["momentum"])
            torch._foreach_add_(buffers, gradients)
            torch._foreach_add_(parameters, buffers, alpha=-group["lr"])


def optimizer_of(parameters, kind, momentum, weightDecay, nesterov=False, trustCoefficient=1e-3, cuda=False):
    if kind == "lars":
        return Lars(parameters, 0.05, momentum, weightDecay, trustCoefficient)
    fastest = {"fused": True} if cuda else {"foreach": True}
    return torch.optim.SGD(parameters, lr=0.05, momentum=momentum, weight_decay=weightDecay, nesterov=nesterov, **fastest)
