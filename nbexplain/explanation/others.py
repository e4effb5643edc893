"""The same explanation of another response, or by another method."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from nbexplain.explanation.origin import gone
from nbexplain.methods import Method, resolve

if TYPE_CHECKING:
    from nbexplain.explanation.record import Explanation


class Others:
    """Explanations that differ in one thing from this one; each is made once."""

    _others: dict[Hashable, Explanation]

    @property
    def _this(self) -> Explanation:
        return cast("Explanation", self)

    @property
    def responses(self) -> tuple[str, ...]:
        """Responses that `with_response` gives at once, this one among them."""
        ex = self._this
        at_hand = ex.swept.complete or ex.origin is not None
        return tuple(name for name in ex.asked.responses if at_hand or name in ex.swept.sums)

    def with_response(self, response: str) -> Explanation:
        """The same explanation of another response: "raw", "prob" or "logodds".

        Formed by the chain rule from the derivatives at hand; where not every row was kept and
        the sums of this response are missing, by another pass over X.

        Raises:
            ValueError: where this explanation cannot give that response.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(2, 2), torch.eye(2), y=["no", "yes"])
        >>> ex.response, ex.with_response("logodds").response
        ('prob', 'logodds')
        """
        ex = self._this
        if response == ex.response:
            return ex
        if response not in self._others:
            asked = ex.asked.switch(response)
            swept = replace(ex.swept, kind=asked.kind)
            if response not in swept.sums:
                if swept.complete:
                    swept = swept.responding(response)
                elif ex.origin is not None:
                    swept = ex.origin.sweep(asked)
                else:
                    raise ValueError(
                        f"response={response!r} needs another pass over X, which is no longer at "
                        f"hand: call nbx.explain(…, response={response!r})."
                    )
            other = replace(ex, asked=asked, swept=swept)
            self._others[response] = other
            self._others.setdefault(ex.response, ex)
        return self._others[response]

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of methods that `with_method` can try, this one's among them.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
        >>> ex.methods[0], "deeplift" in ex.methods
        ('sensitivity', True)
        """
        ex = self._this
        return (ex.method,) if ex.origin is None else ex.origin.methods

    def with_method(
        self,
        method: str | Method,
        progress: bool | Callable[[int, int | None], object] | None = None,
    ) -> Explanation:
        """The same question answered by another method: what `nbx.explain` gives with `method=`.

        It is asked of the same copy of the model and the same data, with the same outputs, groups,
        seed and `keep`, over all rows. The response is the one that was asked for, or is shown by
        `with_response`; where it was left to nbexplain ("auto") it is the method's own: of classes
        "prob" for sensitivities, "logodds" for contributions. Each method is asked once, unless it
        was interrupted.

        Args:
            method: a name, or a method object such as `nbx.DeepLift(rule="revealcancel")`.
            progress: as `nbx.explain` takes it.

        Raises:
            ValueError: an unknown name; a loaded explanation, or one of a stream, whose rows are
                gone; a method that cannot answer for this model, as DeepLIFT of an operation
                without a rule.
            TypeError: what is no method.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(2, 2), torch.eye(2), y=["no", "yes"])
        >>> other = ex.with_method("deeplift")
        >>> ex.response, other.response, other.with_method("sensitivity") is ex
        ('prob', 'logodds', True)
        """
        ex, wanted = self._this, resolve(method)
        if ex.origin is None and ex.asked.by:
            raise ValueError(gone(ex.asked, f"by method={wanted.name!r}"))
        if ex.origin is None:
            raise ValueError(
                f"method={wanted.name!r} needs X and the model, which are no longer at hand: call "
                f"nbx.explain(…, method={wanted.name!r})."
            )
        own = ex.origin.method
        if _key(wanted) == _key(own):
            return ex
        place = (_key(wanted), ex.response)
        if place not in self._others:
            other = ex.origin.with_method(wanted, ex.response, progress)
            cast("Others", other)._others[_key(own), other.response] = ex
            if other.count < (ex.origin.count or ex.count):  # interrupted
                return other
            self._others[place] = other
        return self._others[place]


def _key(method: Method) -> Hashable:
    """What equal methods have in common; of those that hold arrays, what each is alone.

    The explanation that it is the method of keeps it, so that no other comes to have its `id`.
    """
    try:
        hash(method)
    except TypeError:
        return id(method)
    return method
