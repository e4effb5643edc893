"""Real series: windows line up with the year or month after them."""

import sys

import numpy as np
import pytest
import torch

from nbexplain import datasets

pytest.importorskip("statsmodels", reason="statsmodels is not installed: its series are missing")

LOADERS = {"sunspots": datasets.sunspots, "co2": datasets.co2}
loaders = pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)


@loaders
def test_y_is_the_value_after_each_window(load):
    X, y = load(steps=20)
    assert X.shape == (len(y), 20, 1)
    assert X.dtype == torch.float32
    assert y.dtype == np.float32
    assert X.isfinite().all()
    assert torch.equal(X[1:, :-1], X[:-1, 1:])
    np.testing.assert_array_equal(y[:-1], X[1:, -1, 0])
    assert y.name == load.__name__
    assert (y.index[1:] - 1 == y.index[:-1]).all()  # no year or month is missing


def cycle(series):
    """Steps of the strongest cycle between 4 and 20, once a trend of second order is taken out."""
    time = np.arange(len(series))
    left = series - np.polyval(np.polyfit(time, series, 2), time)
    periods = np.arange(4, 20, 0.1)
    waves = np.exp(2j * np.pi * time / periods[:, None])
    return periods[abs(waves @ left).argmax()]


@pytest.mark.parametrize(("name", "steps"), [("sunspots", 11), ("co2", 12)])
def test_the_cycle_is_the_one_that_is_known(name, steps):
    X, y = LOADERS[name](steps=1)
    series = np.append(X[:, 0, 0], y.iloc[-1])
    assert cycle(series) == pytest.approx(steps, abs=0.15)
    assert (len(series), str(y.index[0]), str(y.index[-1])) == {
        "sunspots": (309, "1701", "2008"),
        "co2": (526, "1958-04", "2001-12"),
    }[name]


@pytest.mark.parametrize(("name", "length"), [("sunspots", 309), ("co2", 526)])
def test_windows_that_do_not_fit_are_refused(name, length):
    X, y = LOADERS[name](steps=length - 1)
    assert X.shape == (len(y), length - 1, 1) == (1, length - 1, 1)
    for steps in (0, length):
        sentence = f"steps={steps}: a window of this series has 1 to {length - 1} steps"
        with pytest.raises(ValueError, match=sentence):
            LOADERS[name](steps=steps)


@loaders
def test_without_statsmodels_it_says_what_to_install(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.datasets", None)
    for name in [name for name in sys.modules if name.startswith("statsmodels.datasets.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match="not installed: pip install statsmodels"):
        load()
