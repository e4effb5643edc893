"""What an explanation says of one row: its table, its contrast to a group, and the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    import pandas as pd

    from nbexplain.explanation.contrast import Contrast
    from nbexplain.explanation.record import Explanation


class Rowwise:
    """Tables of one row."""

    @property
    def _ex_of_rows(self) -> Explanation:
        return cast("Explanation", self)

    def local(
        self,
        row: object,
        output: str | int | None = None,
        definition: Literal["squared", "absolute"] = "squared",
        step: int | None = None,
        against: object = None,
    ) -> pd.DataFrame:
        r"""What the response at one row is sensitive to.

        $\lambda^0_j = 100\,(\partial F(x^0)/\partial x_j)^2 / \sum_l (\partial F(x^0)/\partial
        x_l)^2$ (Horel et al., §2.4): a square without a root, hence more concentrated than the
        global share. `definition="absolute"` takes $|\partial F/\partial x_j|$ instead.

        Args:
            row: the row's label in the frame's index, else its position in X; or a new row: a
                frame with one row, a mapping from columns to values, or an array `[p]`.
            output: an output's name or position; None takes the predicted class, else the first.
            definition: "squared" (the paper's) or "absolute", which contributions always are.
            step: of outputs at every step, the one; None is the row's last.
            against: of contributions, what the row is held against instead of the method's own
                baseline, as `contrast` takes it.

        Returns:
            A frame indexed by feature, in the data's order: `value` (for a one-hot group the
            column that is on), `attribution` (the signed derivative in the chosen scale; NaN for
            groups, which have no one direction) and `importance` (percent). Of expected gradients
            also `error`, the standard error of the draws. Of texts, a frame by
            position, the existing tokens from first to last: `token`, `attribution` (the norm of
            the derivative at its embedding; its contribution, for methods that give one) and
            `importance`. What contributions lead from and to are its `attrs`, "baseline" and
            "prediction".

        Raises:
            ValueError: no such row, or one that was not kept while X is no longer at hand;
                `against` as `contrast` refuses it.

        >>> import torch, nbexplain as nbx
        >>> model = lambda x: x @ torch.tensor([[2.0], [-1.0]])
        >>> nbx.explain(model, torch.eye(2), scale="none").local(0)["importance"].round(6).to_dict()
        {'x0': 80.0, 'x1': 20.0}
        """
        from nbexplain.explanation.against import group_of
        from nbexplain.explanation.contrast import hold
        from nbexplain.explanation.local import check, find, table

        ex = self._ex_of_rows
        check(ex, definition, step)
        if against is None:
            found = find(ex, row, step)
        else:
            found = hold(ex, row, group_of(ex, against), step).row
        return table(ex, found, output, definition)

    def contrast(
        self, row: object, against: object = None, output: str | int | None = None
    ) -> Contrast:
        r"""What each feature contributes to a row's distance from a group's mean response.

        $\varphi_j = \frac1n \sum_r \varphi_j(x, r)$ over the group's rows r, each in its turn the
        baseline. With DeepLIFT and integrated gradients the contributions add up to
        $F(x) - \frac1n \sum_r F(r)$; expected gradients against a group are the mean of integrated
        gradients over it.

        Args:
            row: the row's label, or a new row, as `local` takes it.
            against: a row's label; a list, an index or an array of labels, each counted once; a
                mask, `y == 1`, in X's order or with its index; new rows, as a frame
                (`X[y == 1]`), a mapping or an array with an axis of rows; None for the method's
                own baseline or background. Of more than 1,000 rows (fewer where a row has very
                many entries) so many are drawn by the seed; of padded sequences the last steps are
                held against the row's last steps, and shorter ones left out. `against` and the
                question say so.
            output: an output's name or position; None takes the one that `local` explains.

        Raises:
            ValueError: the method holds rows against nothing, as a sensitivity does; no rows, an
                unknown label, a mask of other rows, other columns than X's, values that are not
                finite; no reference of as many steps as the row; X and the model are no longer at
                hand.

        >>> import torch, nbexplain as nbx
        >>> product = lambda x: x.prod(1, keepdim=True)
        >>> X = torch.tensor([[3.0, 2.0], [1.0, 0.0], [1.0, 1.0]])
        >>> found = nbx.explain(product, X, method="deeplift").contrast(0, against=[1, 2])
        >>> found.base, found.prediction, found.contributions.tolist()
        (0.5, 6.0, [2.5, 3.0])
        """
        from nbexplain.explanation.contrast import contrast

        return contrast(self._ex_of_rows, row, against, output)

    def reasons(
        self,
        row: object,
        n: int = 4,
        against: object = None,
        output: str | int | None = None,
    ) -> pd.DataFrame:
        r"""The leading contributions to the response at a row, as sentences.

        Args:
            row: the row's label, or a new row, as `local` takes it.
            n: how many, at least 1; what contributes nothing is no reason.
            against: what the row is held against, as `contrast` takes it; None for the method's
                own baseline or background.
            output: an output's name or position; None takes the one that `local` explains.

        Returns:
            A frame indexed by feature, the largest |contribution| first: `value` (in X's units; of
            a one-hot group the column that is on; NaN where a feature has several), `reference`
            (the mean of it over the references; of a one-hot group the most frequent),
            `contribution` (in the response's units), `low` and `high` (the interval of the mean
            contribution over the references, Student's t at the explanation's confidence; NaN
            with one reference), `stable` and `sentence`.

            A contribution is stable where the interval leaves out 0, and at least the confidence
            (0.95) of 200 resamples of the references, drawn with replacement by the seed, have it
            among as many leading ones. A single reference, as a baseline is, cannot be resampled:
            then the row is held against 100 rows of X drawn by the seed too, and stable is what
            passes the same two tests there with the same sign.

        Raises:
            ValueError: n below 1; what `contrast` refuses.

        >>> import torch, nbexplain as nbx
        >>> model = lambda x: x @ torch.tensor([[2.0], [-1.0]])
        >>> X = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
        >>> ex = nbx.explain(model, X, method="integrated_gradients")
        >>> print(ex.reasons(0, n=1, against=[1, 2])["sentence"].iloc[0])
        x0 = 1 raises y0 by 2 against 2 rows (0 on average)
        """
        from nbexplain.explanation.reasons import reasons

        return reasons(self._ex_of_rows, row, n, against, output)
