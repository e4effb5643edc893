"""The README shows what was measured; every benchmark runs, on tiny sizes and asserting no time."""

import subprocess
import sys
from functools import partial
from itertools import count

import pytest
import torch

import nbexplain as nbx
from benchmarks import __main__ as cli
from benchmarks import (
    contributions,
    editing,
    live,
    machine,
    marks,
    memory,
    networks,
    page,
    refits,
    report,
    results,
    speed,
    startup,
)


def test_the_readme_shows_the_results():
    assert report.shown() == report.rendered(results.read())


def test_rewriting_leaves_the_rest_of_a_readme(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"# Before\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter\n")
    report.rewrite(results.read(), readme)
    text = readme.read_text()
    assert text.startswith(f"# Before\n\n{report.BEGIN}\n")
    assert text.endswith(f"{report.END}\n\nAfter\n")
    assert "old" not in text
    assert report.shown(readme) == report.rendered(results.read())


def test_results_survive_their_file(tmp_path):
    found = results.read()
    results.write(found, tmp_path / "results.json")
    assert results.read(tmp_path / "results.json") == found


def test_machine():
    found = machine.machine()
    assert found.processor
    assert found.threads >= 1
    assert found.versions["torch"] != "missing"


@pytest.mark.parametrize("make", networks.NETWORKS, ids=lambda make: make.__name__)
def test_contenders_run_on_every_network(make, monkeypatch):
    monkeypatch.setattr(speed, "_timing", partial(once, speed._timing))
    found = list(cli.compared(make(8)))
    peers = [] if make is networks.every_step else ["captum"]
    assert [each.contender for each in found] == ["nbexplain", *peers]
    for each in found:
        assert each.low == each.ratio == each.high > 0
        assert "8 rows" in each.network


def once(timing, network, contender, run, floor, pairs, *others):
    """A timing of one pair."""
    return timing(network, contender, run, floor, 1, *others)


def test_neuralsens_runs_on_one_output():
    pytest.importorskip("neuralsens")
    assert "one output" in speed.neuralsens(networks.paper(8, outputs=1), 1).remark


def test_lime_is_extrapolated_and_says_so(monkeypatch):
    pytest.importorskip("lime")
    monkeypatch.setattr(speed, "perf_counter", count().__next__)  # everything takes a second
    found = speed.lime(networks.paper(40), pairs=1, rows=2)
    assert found.remark == "2 rows measured, extrapolated to 40"
    assert (found.floor, found.seconds, found.ratio) == (1, 20, 20)


def test_the_floor_takes_the_batches_of_explain():
    network, rows = networks.paper(10_000), []
    floor = speed._floor(network)
    network.model.register_forward_hook(lambda _, inputs, __: rows.append(len(inputs[0])))
    floor()
    ex = nbx.explain(network.model, network.X, network.y.numpy())
    assert rows == [len(part) for part in network.X.split(ex.provenance["batch_size"])]


def test_the_floor_of_outputs_at_every_step_is_a_sweep_for_each(monkeypatch):
    network, forwards, sweeps = networks.every_step(8, steps=5), [], []
    floor, grad = speed._floor(network), torch.autograd.grad
    network.model.register_forward_hook(lambda *_: forwards.append(0))
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: sweeps.append(0) or grad(*a, **k))
    floor()
    assert (len(forwards), len(sweeps)) == (1, 5)


def test_memory_is_measured_in_a_process_of_its_own():
    found = memory.memory(200, 10)
    assert 0 < found.before <= found.peak


def test_imports_and_the_first_table_are_timed():
    assert startup.importing(1).beyond > 0
    found = startup.first_table(rows=64, kernels=1, calls=2)
    assert found.first > 0
    assert found.later > 0


def test_trainings_with_and_without_a_watch_take_turns():
    found = live.slowdown(networks.paper(600), seconds=0.3, pairs=2)
    assert 0 < found.low <= found.ratio <= found.high
    assert found.updates > 0
    assert 0 < found.rows <= 600


def test_marks_are_counted_over_runs():
    found = marks.marking(clean=2, leaks=2)
    assert (found.clean, found.false, found.leaks) == (2, 0, 2)
    assert 0 < found.marked <= 2
    assert 0 <= found.prompt <= found.moved <= 2


def test_longer_runs_are_explained_as_a_watch_does():
    task = marks.drawn(50_003, updates=24)
    assert task.every >= 50
    assert task.steps == 24 * task.every


def test_a_leak_is_planted_while_a_watch_follows():
    found = marks.planted(networks.paper(), runs=1)
    assert (found.runs, found.prompt, found.early) == (1, 1, 0)
    assert found.before < found.after


def test_a_look_at_a_model_that_did_not_change_is_timed():
    found = editing.look(8, rows=100, times=3)
    assert (found.parameters, found.rows, found.sampled) == (561, 100, False)
    assert found.milliseconds > 0


def test_claims_between_refits_are_counted():
    found = refits.claims(first=2001, tasks=1, fits=6, pairs=4)
    assert (found.tasks, found.pairs) == (1, 4)
    assert found.rows > found.allowed == found.worst_allowed == 0
    assert 0 < found.spread == found.widest < 1


def test_bundles_have_sizes():
    assert {each.name for each in page.bundles()} == {"session.js", "view.js"}
    assert all(0 < each.gzipped < each.size for each in page.bundles())


def test_ratios_have_three_figures():
    assert [report._ratio(x) for x in (1.234, 17.52, 178.35, 168_974)] == [
        *("1.23", "17.5", "178", "169,000")
    ]


@pytest.mark.xdist_group("browser")
def test_updates_are_timed_in_a_page():
    # In a process of its own: the browser tests' Playwright may be running in this one.
    code = "from benchmarks import page; print(page.updates((5,), 2) + page.panel(2))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=page.ROOT, check=True, capture_output=True, text=True
    )
    found = eval(done.stdout, {"Update": page.Update})
    assert [each.change for each in found] == [*page.BARS, *page.PANEL]
    assert all(0 < each.median <= each.p95 for each in found)


def test_a_row_against_a_group():
    found = list(contributions.contrastive(networks.paper(40), references=10, rows=3))
    assert [one.method for one in found] == ["integrated_gradients", "deeplift"]
    assert {one.references for one in found} == {10}
    assert all(0 < one.low <= one.seconds <= one.high for one in found)
