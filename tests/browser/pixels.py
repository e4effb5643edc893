"""What is painted on the screen."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator


def painted(element: Locator, across: float) -> NDArray[np.float64]:
    """The colour on the screen in CIE L*a*b*, at a share of an element's width.

    Below 0: so many pixels above its left end.
    """
    element.scroll_into_view_if_needed()
    box, page = element.bounding_box(), element.page
    assert box
    x = box["x"] + max(across, 0) * box["width"]
    y = box["y"] + (across if across < 0 else box["height"] / 2)
    clip: Any = {"x": round(x), "y": round(y), "width": 1, "height": 1}
    with Image.open(io.BytesIO(page.screenshot(clip=clip))) as picture:
        rgb = np.array(picture.convert("RGB").getpixel((0, 0))) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ linear / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def hue(element: Locator, across: float = 0.3) -> str:
    """ "orange", "blue" or "grey": what the colour says of direction."""
    _, red, yellow = painted(element, across)
    if np.hypot(red, yellow) < 15:
        return "grey"
    return "orange" if yellow > 0 else "blue"
