"""The objects behind an expression, and what they are: without running the user's code again."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from nbexplain.live.fingerprint import Fingerprint, contents, fingerprint

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

_RUNS = (ast.Call, ast.Await, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Named:
    """An expression of the user's.

    Attributes:
        text: as it was typed.
        names: of variables in it.
        plain: whether it only looks things up. Others, such as `X.drop(columns="id")`, are known
            by the variables in them, and evaluated again only where one of these has changed.

    >>> Named.of("model.encoder"), Named.of("load(path)").plain
    (Named(text='model.encoder', names=('model',), plain=True), False)
    """

    text: str
    names: tuple[str, ...]
    plain: bool

    @classmethod
    def of(cls, text: str) -> Named:
        """The expression of a text that is known to be one."""
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
        names = dict.fromkeys(node.id for node in nodes if isinstance(node, ast.Name))
        return cls(text, tuple(names), not any(isinstance(node, _RUNS) for node in nodes))

    def value(self, scope: Mapping[str, Any]) -> Any:
        """What it is now.

        Raises:
            NameError: a variable is gone.
        """
        return eval(compile(self.text, "<%explain>", "eval"), dict(scope))  # the user's own line

    def seen(
        self,
        scope: Mapping[str, Any],
        explanation: Explanation | None,
        before: object = None,
    ) -> list[Fingerprint | object]:
        """What is compared from cell to cell; with `explanation`, of a model, and since `before`.

        Raises:
            NameError: a variable is gone.
        """
        if self.plain:
            value = self.value(scope)
            if explanation is not None:
                known = before if isinstance(before, Fingerprint) else None
                return [fingerprint(value, explanation, known)]
            return [contents(value)]
        found: list[Fingerprint | object] = []
        for name in self.names:
            value = scope.get(name)
            is_model = isinstance(value, nn.Module)
            found.append(fingerprint(value) if is_model else contents(value))
        return found


def alike(one: list[Fingerprint | object], other: list[Fingerprint | object]) -> bool:
    """Whether nothing has changed between two looks."""
    return len(one) == len(other) and all(
        a.same(b) if isinstance(a, Fingerprint) and isinstance(b, Fingerprint) else a == b
        for a, b in zip(one, other, strict=True)
    )
