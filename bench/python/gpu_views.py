"""BYOL's two views of a batch, all images at once, as a PyTorch user augments on a card: images lie there as uint8, every
number is drawn there, and no operation loops over images or reads a value back. No code is shared with the product."""

import math

import torch
import torch.nn.functional as F


class Views(torch.nn.Module):
    """settings: size, resampling, blurRadius, mean, std, and of one view flip, jitter {probability, brightness, contrast,
    saturation, hue}, grayscale, blur {probability, sigma}, solarize: probabilities, 0 where the view does without."""

    def __init__(self, size, resampling, blur_radius, mean, std, view):
        super().__init__()
        self.size, self.resampling, self.radius, self.view = size, resampling, blur_radius, view
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))
        self.register_buffer("grey", torch.tensor([0.2989, 0.587, 0.114]).view(1, 3, 1, 1))
        self.register_buffer("offsets", torch.arange(-blur_radius, blur_radius + 1, dtype=torch.float32))

    def forward(self, images):
        """uint8 [B, 3, H, W] -> float32 [B, 3, size, size]"""
        view = self.view
        x = self.crop(images.float().div_(255))
        if view["jitter"]["probability"] > 0:
            x = self.jitter(x)
        if view["grayscale"] > 0:
            x = torch.where(self.chance(x, view["grayscale"]), self.luma(x), x)
        if view["blur"]["probability"] > 0:
            x = torch.where(self.chance(x, view["blur"]["probability"]), self.blur(x), x)
        if view["solarize"] > 0:
            x = torch.where(self.chance(x, view["solarize"]) & (x >= 0.5), 1 - x, x)
        return (x - self.mean) / self.std

    def uniform(self, x, low, high):
        return torch.empty(len(x), 1, 1, 1, device=x.device).uniform_(low, high)

    def chance(self, x, probability):
        return torch.rand(len(x), 1, 1, 1, device=x.device) < probability

    def luma(self, x):
        return (x * self.grey).sum(1, keepdim=True)

    def crop(self, x):
        """Random resized crop and flip in one sampling of the image (area 8 to 100 %, aspect 3/4 to 4/3)."""
        batch = len(x)
        area = torch.empty(batch, device=x.device).uniform_(0.08, 1)
        aspect = torch.empty(batch, device=x.device).uniform_(math.log(3 / 4), math.log(4 / 3)).exp()
        width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
        left = (1 - width) * (2 * torch.rand(batch, device=x.device) - 1)
        top = (1 - height) * (2 * torch.rand(batch, device=x.device) - 1)
        flip = torch.where(torch.rand(batch, device=x.device) < self.view["flip"], -1.0, 1.0)
        zero = torch.zeros_like(left)
        theta = torch.stack([torch.stack([width * flip, zero, left], 1), torch.stack([zero, height, top], 1)], 1)
        grid = F.affine_grid(theta, (batch, 3, self.size, self.size), align_corners=False)
        return F.grid_sample(x, grid, mode=self.resampling, padding_mode="reflection", align_corners=False).clamp_(0, 1)

    def jitter(self, x):
        """The four operations in an order of the batch, with strengths of each image's own."""
        jitter = self.view["jitter"]
        factor = lambda strength: self.uniform(x, max(0, 1 - strength), 1 + strength)
        y = (x * factor(jitter["brightness"])).clamp(0, 1)
        c = factor(jitter["contrast"])
        y = (y * c + self.luma(y).mean((2, 3), keepdim=True) * (1 - c)).clamp(0, 1)
        s = factor(jitter["saturation"])
        y = (y * s + self.luma(y) * (1 - s)).clamp(0, 1)
        y = self.hue(y, self.uniform(x, -jitter["hue"], jitter["hue"]))
        return torch.where(self.chance(x, jitter["probability"]), y, x)

    def hue(self, x, shift):
        r, g, b = x.unbind(1)
        value, chroma = x.amax(1), x.amax(1) - x.amin(1)
        divisor = torch.where(chroma == 0, 1.0, chroma)
        hue = torch.where(
            value == r, (g - b) / divisor, torch.where(value == g, 2 + (b - r) / divisor, 4 + (r - g) / divisor)
        )
        hue = (hue / 6 + shift[:, :, 0]) % 1
        k = (hue.unsqueeze(1) * 6 + torch.tensor([5.0, 3.0, 1.0], device=x.device).view(1, 3, 1, 1)) % 6
        return value.unsqueeze(1) - chroma.unsqueeze(1) * torch.minimum(k, 4 - k).clamp(0, 1)

    def blur(self, x):
        low, high = self.view["blur"]["sigma"]
        sigma = torch.empty(len(x), 1, device=x.device).uniform_(low, high)
        kernel = torch.exp(-0.5 * (self.offsets / sigma) ** 2)
        kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)
        groups, taps, flat = len(kernel), len(self.offsets), x.reshape(1, -1, self.size, self.size)
        flat = F.conv2d(flat, kernel.view(groups, 1, taps, 1), padding=(self.radius, 0), groups=groups)
        flat = F.conv2d(flat, kernel.view(groups, 1, 1, taps), padding=(0, self.radius), groups=groups)
        return flat.view_as(x)
