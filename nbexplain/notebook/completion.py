"""Completion of the `%explain` line: models first, then data, then options and their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from nbexplain.notebook.arguments import LineError, Option, is_flag, option_named, options, split

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

#: A line that begins, perhaps behind `name =`, with the magic and a blank.
_MAGIC = re.compile(r"^\s*(?:[\w\s,.\[\]'\"]+=\s*)?%explain\s+(.*)$", re.DOTALL)
#: An option's value whose quote is still open.
_QUOTED = re.compile(r"^(.*--[\w-]+\s+)((['\"])(?:(?!\3).)*)$", re.DOTALL)
_MOST = 50


class Completion:
    """Completes `%explain` lines from a namespace.

    Attributes:
        matcher: What IPython's completer is given.
    """

    def __init__(
        self,
        namespace: Callable[[], Mapping[str, Any]],
        outputs: Mapping[Any, tuple[str, ...]],
    ) -> None:
        from IPython.core.completer import completion_matcher

        self._namespace = namespace
        self._outputs = outputs
        matcher = completion_matcher(identifier="nbexplain.explain", priority=50, api_version=2)

        # A function: IPython marks matchers by attributes, which a method refuses.
        def match(context: CompletionContext) -> SimpleMatcherResult:
            return self._match(context)

        self.matcher: Any = matcher(cast(Any, match))

    def candidates(self, line: str) -> tuple[str, list[str]] | None:
        """The fragment that is being typed, and what it may become, the likeliest first.

        None where this is not a `%explain` line, or where Python's own completion knows better:
        behind a dot, inside brackets.
        """
        typed = _MAGIC.match(line)
        if typed is None:
            return None
        text = typed[1]
        quoted = _QUOTED.match(text)
        fragment = quoted[2] if quoted else ""
        try:
            tokens = split(quoted[1] if quoted else text)
        except LineError:
            return None
        if not quoted and tokens and not text[-1:].isspace():
            fragment = tokens.pop()
        if tokens and is_flag(tokens[-1]) and "=" not in tokens[-1]:
            return fragment, self._values(tokens, fragment)
        if quoted:
            return None
        if fragment.startswith("-"):
            return fragment, _beginning(fragment, self._flags(tokens))
        if fragment and not fragment.isidentifier():
            return None
        names = self._variables(len(_expressions(tokens)))
        return fragment, _beginning(fragment, names)

    def _match(self, context: CompletionContext) -> SimpleMatcherResult:
        from IPython.core.completer import SimpleCompletion

        found = self.candidates(context.text_until_cursor)
        if found is None or not found[1]:
            return {"completions": []}
        fragment, texts = found
        return {
            "completions": [SimpleCompletion(text=text, type="explain") for text in texts],
            "matched_fragment": fragment,
            "ordered": True,
            # The user's other names are among ours; keywords and files would only precede them.
            "suppress": True,
        }

    def _flags(self, tokens: list[str]) -> list[str]:
        given = {option.flag for token in tokens if is_flag(token) and (option := _option(token))}
        return [o.flag for o in options() if o.repeats or o.flag not in given]

    def _values(self, tokens: list[str], fragment: str) -> list[str]:
        option = _option(tokens[-1])
        if option is None:
            return []
        if option.words:
            return _beginning(fragment, option.words)
        given = [self._namespace().get(name) for name in _expressions(tokens)]
        if option.flag == "--output":
            return _literals(self._output_names(given), fragment)
        if option.flag == "--row" and len(given) > 1:
            index: Any = getattr(given[1], "index", None)
            return _literals(index, fragment) if hasattr(index, "dtype") else []
        return []

    def _output_names(self, given: list[Any]) -> Iterable[object]:
        try:
            known = self._outputs.get(given[0]) if given else None
        except TypeError:
            known = None
        return known or (_classes(given[2]) if len(given) > 2 else ())

    def _variables(self, place: int) -> list[str]:
        """The user's names, those that fit this place of `model X y` first."""
        own = {name: x for name, x in self._namespace().items() if not name.startswith("_")}
        if place > 2:
            return []
        fitting = models(own) if place == 0 else _data(own)
        return list(dict.fromkeys([*fitting, *own]))


def models(namespace: Mapping[str, Any]) -> list[str]:
    """Names of the networks among the variables."""
    from torch.nn import Module

    return [n for n, x in namespace.items() if isinstance(x, Module) and not n.startswith("_")]


def _data(namespace: Mapping[str, Any]) -> list[str]:
    from numpy import ndarray
    from torch import Tensor
    from torch.utils.data import DataLoader, Dataset

    def is_data(value: object) -> bool:
        kind = type(value)
        frame = hasattr(kind, "columns") or hasattr(kind, "to_numpy")
        return frame or isinstance(value, (ndarray, Tensor, DataLoader, Dataset))

    return [n for n, x in namespace.items() if is_data(x) and not isinstance(x, type)]


def _option(token: str) -> Option | None:
    try:
        return option_named(token.partition("=")[0])
    except LineError:
        return None


def _expressions(tokens: list[str]) -> list[str]:
    """The tokens that are neither options nor their values."""
    found: list[str] = []
    previous = ""
    for token in tokens:
        valued = is_flag(previous) and "=" not in previous
        if not is_flag(token) and not valued:
            found.append(token)
        previous = "" if valued else token
    return found


def _beginning(fragment: str, texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text.startswith(fragment)][:_MOST]


def _classes(y: Any) -> list[object]:
    """The distinct values of the first rows of y, few enough to be classes."""
    import numpy as np

    try:
        head = np.asarray(y[:10_000])
        if head.ndim != 1 or head.dtype.kind == "f":
            return []
        distinct: list[object] = sorted(set(head.tolist()), key=str)
    except Exception:  # whatever y is, completion must not fail on it
        return []
    return distinct if len(distinct) <= _MOST else []


def _literals(names: Iterable[object], fragment: str) -> list[str]:
    """Names that begin like the fragment, as they can be typed: bare words, else literals."""
    quote = fragment[:1] if fragment[:1] in ("'", '"') else ""
    found: list[str] = []
    for name in names:
        text = str(name)
        if not text.startswith(fragment[len(quote) :]):
            continue
        if quote and isinstance(name, str) and quote not in text and text.isprintable():
            found.append(f"{quote}{text}{quote}")
        elif not quote:
            bare = isinstance(name, str) and text.isidentifier()
            number = isinstance(name, (int, float))
            found.append(text if bare or number else repr(text))
        if len(found) == _MOST:
            break
    return found
