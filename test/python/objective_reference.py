"""The objectives around BYOL in float64 PyTorch, written from the papers (not from the product)."""

import torch
import torch.nn.functional as F


def normalize(x, similarity):
    d = x.shape[1]
    if similarity == "l2":
        # Official helpers.l2_normalize; F.normalize has another floor.
        return x * torch.rsqrt(torch.clamp((x**2).sum(1, keepdim=True), min=1e-12))
    if similarity == "layer":
        return F.layer_norm(x, (d,)) / d**0.5
    if similarity == "batch":
        return F.batch_norm(x, None, None, training=True) / d**0.5
    if similarity == "softmax":
        return F.softmax(x, dim=1) / d**0.5
    return x


def direction(spec, prediction, target, own, queue):
    """Mean over the batch of one direction: distance, and what pushes apart."""
    p, t = normalize(prediction, spec["similarity"]), normalize(target, spec["similarity"])
    loss = ((p - t) ** 2).sum(1)
    negatives = spec["negatives"]
    if negatives is not None:
        alpha = negatives["temperature"]
        if negatives["kind"] == "queue":
            logits = torch.cat([(p * t).sum(1, keepdim=True), p @ queue.T], dim=1)
        else:
            others = p @ normalize(own, spec["similarity"]).T
            keep = ~torch.eye(len(p), dtype=torch.bool)
            logits = torch.cat([others[keep].reshape(len(p), -1), p @ t.T], dim=1)
        loss = loss + negatives["weight"] * 2 * alpha * torch.logsumexp(logits / alpha, dim=1)
    return loss.mean()


def by_groups(forward, view, groups, dealt):
    """Each part of the rows through the network alone. `dealt`: like cards, else in runs."""
    n = len(view)
    parts = [range(g, n, groups) for g in range(groups)] if dealt else [range(g * n // groups, (g + 1) * n // groups) for g in range(groups)]
    rows = [None] * n
    for part in parts:
        out = forward(view[list(part)])
        for place, index in enumerate(part):
            rows[index] = tuple(t[place] for t in out)
    return tuple(torch.stack([row[i] for row in rows]) for i in range(len(rows[0])))


def by_views(spec, forward, views, dealt):
    """forward() gives a tuple of [B, ...] tensors; so does this for every view."""
    if spec["jointStatistics"] and len(views) == 2:
        out = forward(torch.cat(views))
        n = len(views[0])
        return [tuple(t[:n] for t in out), tuple(t[n:] for t in out)]
    return [by_groups(forward, view, spec["statisticsGroups"], dealt) for view in views]


class Objective:
    """Loss of one micro-batch. `online` gives (representation, projection, prediction), `target` (projection,)."""

    def __init__(self, job, queue):
        self.spec, self.supervision, self.job = job["objective"], job["supervision"], job
        self.queue, self.staged = queue, []

    def __call__(self, online, target, views, labels, weight):
        spec = self.spec
        wanted = self.supervision is None or self.supervision["target"]
        ema = spec["target"] == "ema"
        students = by_views(spec, online, views if spec["symmetric"] or (wanted and not ema) else views[:1], dealt=False)
        targets = [None, None]
        if wanted and ema:
            both = spec["symmetric"] or spec["jointStatistics"] or (spec["negatives"] or {}).get("kind") == "batch"
            with torch.no_grad():
                passes = by_views(spec, target, views if both else views[1:], dealt=True)
            targets = [p[0] for p in passes] if both else [None, passes[0][0]]
        elif wanted:
            targets = [s[1] if spec["target"] == "gradient" else s[1].detach() for s in students]
        loss, total = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
        if wanted:
            directions = [(0, 1), (1, 0)] if spec["symmetric"] else [(0, 1)]
            predictions = {i: students[i][2] for i, _ in directions}
            if self.job["ridge"] is not None:
                z = torch.cat([students[i][1] for i, _ in directions]).detach()
                t = torch.cat([targets[j] for _, j in directions]).detach()
                gram = z.T @ z
                gram = gram + self.job["ridge"] * gram.diagonal().mean() * torch.eye(len(gram), dtype=z.dtype)
                predictor = torch.linalg.solve(gram, z.T @ t)
                predictions = {i: students[i][1] @ predictor for i, _ in directions}
            for i, j in directions:
                loss = loss + direction(spec, predictions[i], targets[j], targets[i], self.queue)
                if self.queue is not None:
                    self.staged.append(normalize(targets[j], spec["similarity"]).detach())
            total = loss * spec["scale"] * weight
        if self.supervision is not None:
            rows = labels >= 0
            smoothing = self.supervision["labelSmoothing"]
            costs = [F.cross_entropy(s[1][rows], labels[rows], label_smoothing=smoothing) for s in students]
            total = total + sum(costs) / len(costs)
        return students[0][0], loss, total

    def enqueue(self, position):
        """The oldest rows make place; returns the next position."""
        for rows in self.staged:
            self.queue = self.queue.clone()
            self.queue[position : position + len(rows)] = rows
            position = (position + len(rows)) % len(self.queue)
        self.staged = []
        return position
