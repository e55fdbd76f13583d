"""Two BYOL views of each JPEG photo as users of torchvision or albumentations make them: a DataLoader with N workers.

Reads one JSON object from stdin, {way, files, size, batch, workers}, then answers every line "run" with the seconds in
which the loader gave all batches of one pass, as JSON. Staying alive lets the caller interleave it with others. `way`:

- "pil": PIL decodes, torchvision's transforms work on PIL images, the blur is PIL's (as MoCo v3's BYOL recipe has it);
- "tensor": torchvision.io decodes, transforms.v2 work on uint8 tensors;
- "albumentations": OpenCV decodes, albumentations 2 works on arrays.

All have BYOL's augmentations with its parameters (paper Table 6). No code is shared with the product.
"""

import json
import random
import sys
import time

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
AREA, SIGMA = (0.08, 1.0), (0.1, 2.0)
VIEWS = [{"blur": 1.0, "solarize": 0.0}, {"blur": 0.1, "solarize": 0.2}]


def pil(size):
    from PIL import Image, ImageFilter
    from torchvision import transforms as T

    class Blur:
        def __call__(self, image):
            return image.filter(ImageFilter.GaussianBlur(random.uniform(*SIGMA)))

    def view(blur, solarize):
        return T.Compose(
            [
                T.RandomResizedCrop(size, scale=AREA, interpolation=T.InterpolationMode.BICUBIC),
                T.RandomHorizontalFlip(),
                T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
                T.RandomGrayscale(p=0.2),
                T.RandomApply([Blur()], p=blur),
                T.RandomSolarize(128, p=solarize),
                T.ToTensor(),
                T.Normalize(MEAN, STD),
            ]
        )

    def load(path):
        with open(path, "rb") as file:
            return Image.open(file).convert("RGB")

    return load, [view(**options) for options in VIEWS]


def tensor(size):
    import torch
    from torchvision.io import ImageReadMode, decode_jpeg, read_file
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms import v2 as T

    def view(blur, solarize):
        return T.Compose(
            [
                T.RandomResizedCrop(size, scale=AREA, interpolation=InterpolationMode.BICUBIC, antialias=True),
                T.RandomHorizontalFlip(),
                T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
                T.RandomGrayscale(p=0.2),
                T.RandomApply([T.GaussianBlur(2 * (size // 20) + 1, SIGMA)], p=blur),
                T.RandomSolarize(128, p=solarize),
                T.ToDtype(torch.float32, scale=True),
                T.Normalize(MEAN, STD),
            ]
        )

    return lambda path: decode_jpeg(read_file(path), mode=ImageReadMode.RGB), [view(**options) for options in VIEWS]


def albumentations(size):
    import albumentations as A
    import cv2
    from albumentations.pytorch import ToTensorV2

    cv2.setNumThreads(0)
    taps = 2 * (size // 20) + 1

    def view(blur, solarize):
        pipeline = A.Compose(
            [
                A.RandomResizedCrop((size, size), scale=AREA, interpolation=cv2.INTER_CUBIC),
                A.HorizontalFlip(p=0.5),
                A.ColorJitter((0.6, 1.4), (0.6, 1.4), (0.8, 1.2), (-0.1, 0.1), p=0.8),
                A.ToGray(p=0.2),
                A.GaussianBlur(blur_limit=(taps, taps), sigma_limit=SIGMA, p=blur),
                A.Solarize(threshold_range=(0.5, 0.5), p=solarize),
                A.Normalize(MEAN, STD),
                ToTensorV2(),
            ]
        )
        return lambda image: pipeline(image=image)["image"]

    def load(path):
        return cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)

    return load, [view(**options) for options in VIEWS]


def versions(way):
    import PIL
    import torch
    import torchvision

    found = {"python": sys.version.split()[0], "torch": torch.__version__, "torchvision": torchvision.__version__}
    if way == "pil":
        found["pillow"] = PIL.__version__
    if way == "albumentations":
        import albumentations as A
        import cv2

        found |= {"albumentations": A.__version__, "opencv": cv2.__version__}
    return found


def main():
    case = json.loads(sys.stdin.readline())
    way, files = case["way"], case["files"]
    load, views = {"pil": pil, "tensor": tensor, "albumentations": albumentations}[way](case["size"])

    import torch

    class Photos(torch.utils.data.Dataset):
        def __len__(self):
            return len(files)

        def __getitem__(self, index):
            image = load(files[index])
            return [view(image) for view in views]

    loader = torch.utils.data.DataLoader(
        Photos(), case["batch"], shuffle=True, num_workers=case["workers"], persistent_workers=True
    )
    torch.set_num_threads(1)
    print(json.dumps(versions(way)), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        pairs = sum(len(first) for first, _ in loader)
        seconds = time.perf_counter() - start
        assert pairs == len(files)
        print(json.dumps(seconds), flush=True)


main()
