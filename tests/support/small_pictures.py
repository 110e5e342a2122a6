"""Makes the guide's pictures of screenshots: small enough for a repository, sharp enough to read. ``python -m tests.support.small_pictures``."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

WIDTH, COLOURS = 960, 48


def shrink(source: Path, target: Path) -> int:
    """Write a screenshot as a picture of at most 960 points' width and 48 colours; return its size in bytes."""
    with Image.open(source) as shot:
        height = round(shot.height * min(1.0, WIDTH / shot.width))
        small = shot.convert("RGB").resize((min(WIDTH, shot.width), height), Image.Resampling.LANCZOS)
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    return target.stat().st_size


if __name__ == "__main__":
    folder, target, begins = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    target.mkdir(parents=True, exist_ok=True)
    for found in sorted(folder.glob(f"{begins}*.png")):
        made = target / found.name.removeprefix(begins)
        print(f"{made}: {shrink(found, made):,} bytes")
