"""What an explanation of texts says of tokens: their shares, and those of one text's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.importances import Shares
from nbexplain.engine.tokens import TokenSums, token_shares
from nbexplain.features import TOKEN

if TYPE_CHECKING:
    import pandas as pd

    from nbexplain.explanation.origin import Row
    from nbexplain.explanation.record import Explanation
    from nbexplain.notebook.report.sentence import Sentence

Lookup = Callable[[int], str]


@dataclass(frozen=True)
class Vocabulary:
    """What tokens are called.

    Attributes:
        names: of the ids that occur in X.
        lookup: of any other id; None where nothing knows more, and an id is its own name.

    >>> Vocabulary({4: "not"}).name(4), Vocabulary({4: "not"}).name(5)
    ('not', '5')
    """

    names: Mapping[int, str]
    lookup: Lookup | None = field(default=None, repr=False)

    @classmethod
    def of(cls, ids: Iterable[int], lookup: Lookup | None) -> Vocabulary:
        """The names of these ids; ids that `lookup` lacks are their own names."""
        return cls({i: _called(i, lookup) for i in ids}, lookup)

    def name(self, token: int) -> str:
        """What a token is called."""
        known = self.names.get(token)
        return _called(token, self.lookup) if known is None else known


def _called(token: int, lookup: Lookup | None) -> str:
    try:
        return str(token) if lookup is None else lookup(token)
    except LookupError:
        return str(token)


def lookup_of(tokens: object, ids: Iterable[int] = ()) -> Lookup:
    """The name of an id by what `nbx.explain(…, tokens=)` takes.

    Args:
        tokens: a list of names by id, a dict from ids to names or from names to ids, or a
            function from an id to its name.
        ids: that must have a name.

    Raises:
        ValueError: one of `ids` has none.
        TypeError: tokens of another kind.

    >>> lookup_of({"<pad>": 0, "good": 1})(1)
    'good'
    """
    lookup = _lookup(tokens)
    for token in ids:
        try:
            lookup(token)
        except LookupError as error:
            raise ValueError(f"{error.args[0]}: give every id that X holds a name.") from None
    return lookup


def _lookup(tokens: object) -> Lookup:
    if isinstance(tokens, Mapping):
        return _of_mapping(cast("Mapping[Any, Any]", tokens))
    if callable(tokens):
        return lambda token: str(cast("Any", tokens)(token))
    if isinstance(tokens, (str, bytes)) or not isinstance(tokens, (Sequence, np.ndarray)):
        raise TypeError(
            f"tokens is of type {type(tokens).__name__}: pass a list of names by id, a dict of ids "
            "and names, or a function from an id to its name, such as tokenizer.decode."
        )
    names = [str(name) for name in cast("Sequence[object]", tokens)]

    def at(token: int) -> str:
        if not 0 <= token < len(names):
            raise LookupError(f"tokens names the ids 0 to {len(names) - 1:,}, but not {token}")
        return names[token]

    return at


def _of_mapping(tokens: Mapping[Any, Any]) -> Lookup:
    if all(isinstance(key, str) for key in tokens):
        named = {int(token): str(name) for name, token in tokens.items()}
    else:
        named = {int(token): str(name) for token, name in tokens.items()}

    def at(token: int) -> str:
        if token not in named:
            raise LookupError(f"tokens has no name for the id {token}")
        return named[token]

    return at


class Texts:
    """The tables of tokens."""

    @property
    def _of_texts(self) -> Explanation:
        ex = cast("Explanation", self)
        if not ex.features.tokens:
            raise ValueError(
                "There are no tokens: X holds no ids [rows, steps] that an nn.Embedding of the "
                "model looks up."
            )
        return ex

    def token_importance(self, output: str | int | None = None) -> pd.DataFrame:
        r"""How much of the sensitivity each token of the vocabulary carries, over all rows.

        $\lambda_v = 100\, r_v / \sum_u r_u$ with $r_v = \sqrt{\frac1N \sum_n \sum_{t: x_{nt} = v}
        \|\partial y_n / \partial e_{nt}\|^2}$: the derivative at the token's embedding e, in all
        places where it stands. Frequent tokens have more terms; `count` says how many. The norms
        depend on the embedding's own scale (METHODS A5), so compare tokens within one model.

        Of contributions, $r_v = \frac1N \sum_n |\sum_{t: x_{nt} = v} \varphi_{nt}|$: what a token
        contributed to a row, in all places where it stands there, with their signs.

        Args:
            output: an output's name or position; None combines all of them.

        Returns:
            A frame indexed by token, most important first: `importance` (percent), `low` and
            `high` (its interval over rows, row sampling), `rms` ($r_v$; of contributions the root
            mean square, and beside it `mean`, signed, over all rows), `count` (occurrences),
            `cumulative` (percent).

        Raises:
            ValueError: X holds no tokens.

        >>> import torch, nbexplain as nbx
        >>> embedding = torch.nn.Embedding(3, 2)
        >>> model = lambda ids: embedding(ids).sum((1, 2))
        >>> ids = torch.tensor([[0, 1], [1, 1]])
        >>> ex = nbx.explain(model, ids, tokens=["good", "bad", "ugly"])
        >>> ex.token_importance()["count"].to_dict()
        {'bad': 3, 'good': 1}
        """
        import pandas as pd

        found, sums = self.token_shares(output), self.token_sums
        shares = {"importance": found.share, "low": found.low, "high": found.high}
        sizes = {"rms": found.size}
        if sums.additive:
            ex = self._of_texts
            rms, mean = sums.moments(ex.count, ex.weights_of(output))
            sizes = {"rms": rms, "mean": mean}
        columns = {**shares, **sizes, "count": sums.counts, "cumulative": found.cumulative}
        names = self.token_names(sums.ids[found.order])
        table = {name: column[found.order] for name, column in columns.items()}
        return pd.DataFrame(table, index=pd.Index(names, name=TOKEN, dtype=object))

    def token_shares(self, output: str | int | None = None) -> Shares:
        """The shares behind `token_importance` as arrays, in the order of `token_sums.ids`."""
        ex = self._of_texts
        rows = ex.swept.sums[ex.response].rows
        return token_shares(self.token_sums, rows, ex.weights_of(output), ex.confidence)

    @property
    def token_sums(self) -> TokenSums:
        """The sums of squared derivatives, or of contributions, by token that occurs."""
        ex = self._of_texts
        return ex.swept.tokens[ex.response]

    def token_names(self, ids: NDArray[np.int64]) -> list[str]:
        """What these ids are called."""
        vocabulary = self._of_texts.vocabulary or Vocabulary({})
        return [vocabulary.name(token) for token in ids.tolist()]

    def local_tokens(self, found: Row, output: str | int | None, definition: str) -> pd.DataFrame:
        """The table of `Explanation.local` for a text, which says what its arguments mean."""
        import pandas as pd

        from nbexplain.explanation.local import derivatives, errors_of

        ex = self._of_texts
        entries = derivatives(ex, found, output).reshape(ex.features.shape)
        start, stop = (0, len(entries)) if found.spans is None else found.spans[0].tolist()
        additive = ex.asked.additive
        norms = (entries[:, 0] if additive else np.linalg.norm(entries, axis=1))[start:stop]
        size = np.abs(norms) if additive or definition == "absolute" else norms**2
        total = size.sum()
        share = 100 * size / total if total > 0 else np.full_like(size, np.nan)
        ids = found.values[0, start:stop, 0].numpy().astype(np.int64)
        errors = {name: of[start:stop] for name, of in errors_of(ex, found, output).items()}
        names = {TOKEN: self.token_names(ids)}
        table = {**names, "attribution": norms, **errors, "importance": share}
        return pd.DataFrame(table, index=pd.RangeIndex(start, stop, name="position"))

    def text(self, row: object, output: str | int | None = None) -> Sentence:
        """One row as text, each token shaded by its share of the squared derivatives.

        Of contributions by its share of their absolute values, in one hue where it raised the
        response, in another where it lowered it.

        Args:
            row: a row's label, else its position in X, or a new row of ids.
            output: an output's name or position; None takes the predicted class, else the first.

        Returns:
            What a notebook shows as a shaded sentence, and a terminal as words with percentages.
        """
        from nbexplain.notebook.report.sentence import Sentence

        return Sentence.of(self._of_texts, row, output)
