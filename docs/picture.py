"""Take the README's picture, in both themes: `python -m docs.picture`, or `make picture`.

A network tells malignant tumours from benign ones; the panel is the page that `save_html` writes,
with one tumour picked and the malignant ones that the network takes for benign brushed.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import torch
from playwright.sync_api import sync_playwright
from sklearn.datasets import load_breast_cancer
from torch import nn

import nbexplain as nbx
from tests.browser import chromium

FOLDER = Path(__file__).parent
WIDTH, SHARPNESS = 960, 2


class TumourNet(nn.Module):
    """Takes the measurements in their own units."""

    def __init__(self, x: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", x.mean(0))
        self.register_buffer("std", x.std(0))
        self.layers = nn.Sequential(nn.Linear(x.shape[1], 16), nn.Tanh(), nn.Linear(16, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers((x - self.mean) / self.std)


def explorer() -> nbx.Explorer:
    """The panel as it is shown."""
    data = load_breast_cancer(as_frame=True)
    X = data.data.filter(regex="^mean ").rename(columns=lambda name: name.removeprefix("mean "))
    y = data.target.map(dict(enumerate(data.target_names))).rename("diagnosis")
    x = torch.tensor(X.to_numpy(), dtype=torch.float32)
    # Benign comes first among the classes: they are in alphabetical order.
    codes = 1 - torch.tensor(data.target.to_numpy())
    torch.manual_seed(0)
    model = TumourNet(x)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-3)
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), codes).backward()
        optimizer.step()
    ex = nbx.explain(model.eval(), X, y, response="logodds")
    odds = pd.Series(ex.predictions[:, 1], index=X.index)
    missed = X.index[(odds < 0) & (y == "malignant")]
    return ex.explore(instance=odds[missed].idxmin(), rows=missed, feature="texture")


def main() -> None:
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        explorer().save_html(page_file)
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": WIDTH, "height": 900},
                device_scale_factor=SHARPNESS,
                color_scheme=theme,
            )
            page.goto(page_file.as_uri())
            panel = page.locator("[data-nbx-state=ready]").first
            panel.locator("[data-nbx-view=local] [data-feature]").first.wait_for()
            path = FOLDER / f"explorer-{theme}.png"
            panel.screenshot(path=path, animations="disabled")
            print(path)
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
