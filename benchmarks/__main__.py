"""Measure everything, keep it in benchmarks/results.json, show it in README.md.

About three quarters of an hour on a machine with nothing else to do; on a busy one the numbers are
worth little.
"""

import sys
from collections.abc import Iterator
from time import perf_counter
from typing import TypeVar

from benchmarks import (
    contributions,
    live,
    marks,
    memory,
    networks,
    page,
    report,
    results,
    speed,
    startup,
)
from benchmarks.machine import machine

T = TypeVar("T")

ROWS = (100_000, 10_000_000)
KEEPS = (1_000, None)


def timings() -> Iterator[speed.Timing]:
    """On one core, then on all: every contender on the networks that it can take."""
    headline = networks.paper()
    with speed.threads(1):
        for make in networks.NETWORKS:
            network = make()
            yield from compared(network)
            if network.name == headline.name:
                yield said(speed.neuralsens(networks.paper(outputs=1)))
                yield said(speed.lime(headline))
    if machine().threads > 1:
        for make in networks.NETWORKS:
            yield from compared(make())


def compared(network: networks.Network) -> Iterator[speed.Timing]:
    """This library, and captum where it answers the same: it pools no steps."""
    yield said(speed.explaining(network))
    if network.method.steps == "last":
        yield said(speed.captum(network))


def contested() -> Iterator[contributions.Contest]:
    """On one core, as captum is timed."""
    with speed.threads(1):
        yield from contributions.contests(networks.paper())


def main() -> None:
    began = perf_counter()
    where = machine()
    print(where, flush=True)
    found = results.Results(
        machine=where,
        speed=tuple(timings()),
        contests=tuple(map(said, contested())),
        contrasts=tuple(map(said, contributions.contrastive(networks.paper(2_000)))),
        zoo=tuple(map(said, contributions.zoo())),
        memory=tuple(said(memory.memory(rows, keep)) for keep in KEEPS for rows in ROWS),
        importing=said(startup.importing()),
        first_table=said(startup.first_table()),
        bundles=said(page.bundles()),
        updates=said(page.updates() + page.panel()),
        live=tuple(said(live.slowdown(make())) for make in (networks.paper, networks.deep)),
        marking=tuple(said(marks.marking(updates=updates)) for updates in (None, 24)),
        planted=tuple(said(marks.planted(make())) for make in (networks.paper, networks.deep)),
        constancy=results.read().constancy,
    )
    results.write(found)
    report.rewrite(found)
    print(f"{results.FILE} and {report.README} written after {perf_counter() - began:.0f} s.")


def said(record: T) -> T:
    """Show a record as soon as it is there."""
    print(record, flush=True)
    return record


if __name__ == "__main__":
    sys.exit(main())
