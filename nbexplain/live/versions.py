"""Earlier explanations of a model that is edited: kept, named, pinned, compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from nbexplain.comparison import Comparison, compare
from nbexplain.comparison.fits import FEWEST, refitted
from nbexplain.explain.passes import Work
from nbexplain.explanation import Explanation

MOST = 20
"""Versions that are kept at most, pinned ones aside."""

MEMORY = 256 * 2**20
"""Bytes that versions may hold together; beyond it the oldest that are not pinned go."""


@dataclass(frozen=True, eq=False, repr=False)
class Version:
    """One explanation among the versions of a model.

    Attributes:
        number: 1 for the first.
        name: what it is called.
        explanation: of the model as it was.
        pinned: whether it stays, whatever comes after it.
    """

    number: int
    name: str
    explanation: Explanation
    pinned: bool = False

    def __repr__(self) -> str:
        return f"Version({self.number}, {self.name!r}{', pinned' * self.pinned})"

    @property
    def size(self) -> int:
        """Bytes that it holds: kept rows, sums, and its copy of the model."""
        swept = self.explanation.swept
        kept = [x for s in swept.samples for x in (s.jacobian, s.outputs, s.values)]
        work = self.explanation.origin
        if isinstance(work, Work):
            modules = work.subject.reading.snapshot.named_modules
            kept += [x for _, module in modules for x in module.parameters(recurse=False)]
        sums = sum(of.second.nbytes for of in swept.sums.values())
        return sums + sum(x.numel() * x.element_size() for x in kept)


class Versions:
    """Explanations of one model, oldest first.

    >>> import torch, nbexplain as nbx
    >>> versions = Versions()
    >>> versions.add(nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))).name
    'version 1'
    >>> versions.rename(1, "as trained").pinned, [version.name for version in versions]
    (False, ['as trained'])
    """

    def __init__(self) -> None:
        self._kept: dict[int, Version] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Version]:
        return iter(tuple(self._kept.values()))

    def __getitem__(self, which: int | str) -> Version:
        """By number or name; of namesakes the latest. Below 0, from the end: −1 is the latest.

        Raises:
            LookupError: there is none, or none any longer.
        """
        if isinstance(which, int) and which < 0 and -which <= len(self):
            return list(self)[which]
        for version in reversed(self._kept.values()):
            if which in (version.number, version.name):
                return version
        known = ", ".join(f"{version.number} ({version.name})" for version in self)
        raise LookupError(f"There is no version {which!r}: there are {known or 'none'}.")

    def add(self, explanation: Explanation, name: str | None = None) -> Version:
        """Keep an explanation as the latest version; the oldest go where there are too many."""
        number, self._next = self._next, self._next + 1
        version = Version(number, name or f"version {number}", explanation)
        self._kept[number] = version
        self._bound()
        return version

    def replace(self, version: Version, explanation: Explanation) -> Version:
        """The same version by a later explanation that found the same."""
        return self._change(replace(version, explanation=explanation))

    def pin(self, which: int | str, pinned: bool = True) -> Version:
        """Keep a version whatever comes after it, or no longer."""
        return self._change(replace(self[which], pinned=pinned))

    def rename(self, which: int | str, name: str) -> Version:
        """Call a version by another name; an empty one is that of its number."""
        version = self[which]
        return self._change(replace(version, name=name.strip() or f"version {version.number}"))

    def compare(
        self,
        before: int | str,
        after: int | str = -1,
        *,
        output: str | None = None,
        response: str | None = None,
    ) -> Comparison:
        """`nbx.compare` of two versions; others that are refits tell of the noise of fits.

        Args:
            before: a version's number or name.
            after: another's; by default the latest.
            output: as `nbx.compare` takes it.
            response: "raw", "prob" or "logodds"; None is that which was asked for.

        Raises:
            LookupError: there is no such version.
            ValueError: they answer different questions.
        """
        one, other = self[before], self[after]
        names = [one.name, other.name]
        if one is other:
            names[1] += " again"
        elif names[0] == names[1]:
            names = [f"{version.name} ({version.number})" for version in (one, other)]

        def answered(ex: Explanation) -> Explanation:
            return ex if response is None else ex.with_response(response)

        return compare(
            answered(one.explanation),
            answered(other.explanation),
            names=names,
            output=output,
            refits=[answered(ex) for ex in self._refits(one, other)],
        )

    def _refits(self, one: Version, other: Version) -> tuple[Explanation, ...]:
        """The last refits before the later one, if they were of the same question."""
        first = one.explanation
        if one is other or not refitted(first, other.explanation):
            return ()
        found: list[Explanation] = []
        for version in self:
            ex = version.explanation
            if (
                version.number not in (one.number, other.number)
                and ex.asked == first.asked
                and ex.features.names == first.features.names
                and all(refitted(ex, known) for known in (first, other.explanation, *found))
            ):
                found.append(ex)
        return tuple(found) if len(found) >= FEWEST else ()

    def _change(self, version: Version) -> Version:
        self._kept[version.number] = version
        return version

    def _bound(self) -> None:
        def spare() -> list[Version]:
            return [version for version in list(self)[:-2] if not version.pinned]

        while (old := spare()) and (
            len(old) > MOST - 2 or sum(version.size for version in self) > MEMORY
        ):
            del self._kept[old[0].number]
