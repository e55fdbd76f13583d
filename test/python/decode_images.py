"""Decodes image files with Pillow: decode_images.py FILE... prints {file: [width, height, base64 of RGB]}, upright, of those in 8-bit RGB, grey or CMYK."""

import base64
import json
import sys

from PIL import Image, ImageOps

decoded = {}
for path in sys.argv[1:]:
    try:
        image = Image.open(path)
        if image.mode in ("RGB", "L", "CMYK"):
            image = ImageOps.exif_transpose(image).convert("RGB")
            decoded[path] = [*image.size, base64.b64encode(image.tobytes()).decode()]
    except Exception:
        decoded[path] = None
print(json.dumps(decoded))
