"""A card per method: which question it answers, how, at what cost, and where it comes from."""

from dataclasses import dataclass

from nbexplain.choices import choose


@dataclass(frozen=True, repr=False)
class Card:
    """What to know of a method before believing it; `nbx.card` gives one.

    Attributes:
        name: as `method=` takes it.
        title: what it is called in sentences.
        question: the question that it answers, in one sentence.
        formula: of the attribution of entry e of a row x, where F is the response.
        cost: forward and backward passes of the model for each row.
        limits: what it assumes, and what it does not say.
        source: where it was published.
        representation: what its answer is.
        model: of which models it can be asked.
        relation: how it looks at the model.

    The last three are the dimensions by which Li et al., *Interpretable Deep Learning* (2022),
    order methods.

    >>> card("deeplift").facts[-2]
    ('Models', 'networks of sums, products and functions of one entry')
    """

    name: str
    title: str
    question: str
    formula: str
    cost: str
    limits: str
    source: str
    representation: str
    model: str
    relation: str

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What it says, each with what that is."""
        return (
            ("Question", self.question),
            ("Formula", self.formula),
            ("Cost of a row", self.cost),
            ("Limits", self.limits),
            ("Source", self.source),
            ("Its answer", self.representation),
            ("Models", self.model),
            ("How it looks", self.relation),
        )

    def __repr__(self) -> str:
        """The card as text."""
        from nbexplain.notebook.cards import plain_text

        return plain_text(self)

    def _repr_html_(self) -> str:
        from nbexplain.notebook.cards import static_html

        return static_html(self)


def card(method: object) -> Card:
    """The card of a method: the question it answers, its formula, cost, limits and source.

    Args:
        method: a name, a method's class or object, or anything else that has `.method`, such as
            an explanation.

    Raises:
        ValueError: no method has this name.
        TypeError: what is no method.

    >>> import nbexplain as nbx
    >>> nbx.card("deeplift").title, nbx.card(nbx.DeepLift(rule="revealcancel")).name
    ('DeepLIFT', 'deeplift')
    >>> nbx.card("sensitivity").question
    'How far would the response move if an input moved a little from where it is?'
    """
    name = method if isinstance(method, str) else getattr(method, "name", None)
    if name is None:
        name = getattr(method, "method", None)
    if not isinstance(name, str):
        raise TypeError(
            f"{method!r} is no method: pass a name such as 'deeplift', or for example nbx.DeepLift."
        )
    return CARDS[choose("method", name, CARDS)]


_ALL = (
    Card(
        name="sensitivity",
        title="Sensitivity",
        question="How far would the response move if an input moved a little from where it is?",
        formula="s_e ∂F(x)/∂x_e; importance is the share of its root mean square over the rows",
        cost="1 forward, 1 backward for each output",
        limits=(
            "It is local: a flat response has none, however much an input mattered on the way "
            "there. It says nothing of how much of a prediction is due to an input, nor of causes. "
            "Inputs that go together share credit by chance."
        ),
        source="Horel et al., Sensitivity based Neural Networks Explanations, 2018",
        representation="a derivative for each input, with its sign",
        model="differentiable networks",
        relation="from inside: the model's own derivatives, at the row",
    ),
    Card(
        name="gradient_x_input",
        title="Gradient × input",
        question=(
            "What would each input contribute if the response were as steep all the way to the "
            "baseline as it is at the row?"
        ),
        formula="(x_e − b_e) ∂F(x)/∂x_e",
        cost="1 forward, 1 backward for each output",
        limits=(
            "It adds up to the difference from the baseline only where the response is linear (or "
            "a ReLU network without biases, against zero); elsewhere there is a gap, which is "
            "shown. It depends on the baseline."
        ),
        source="Shrikumar et al., Not Just a Black Box, 2016",
        representation="a contribution to the response for each input, against a baseline",
        model="differentiable networks",
        relation="from inside: the model's own derivatives, at the row",
    ),
    Card(
        name="smoothgrad",
        title="Smoothed sensitivity",
        question="How far would the response move if an input moved a little, on average nearby?",
        formula="s_e E[∂F(x + σε)/∂x_e], ε standard normal",
        cost="n_samples forward and backward",
        limits=(
            "It depends on σ and on the draws, and noise leaves the data where inputs go together. "
            "Columns of whole numbers get none. Like a sensitivity it divides up no prediction."
        ),
        source="Smilkov et al., SmoothGrad: Removing Noise by Adding Noise, 2017",
        representation="a mean derivative for each input, with its sign",
        model="differentiable networks",
        relation="from inside: the model's own derivatives, around the row",
    ),
    Card(
        name="integrated_gradients",
        title="Integrated gradients",
        question=(
            "How does the straight way from the baseline to the row divide the difference of the "
            "response among the inputs?"
        ),
        formula="(x_e − b_e) ∫₀¹ ∂F(b + α(x − b))/∂x_e dα",
        cost="n_steps forward and backward, more for rows that do not add up",
        limits=(
            "It adds up but for the error of the quadrature, which is shown. It depends on the "
            "baseline, of which none is neutral, and on a way through points that no row need be "
            "like."
        ),
        source="Sundararajan, Taly & Yan, Axiomatic Attribution for Deep Networks, 2017",
        representation="a contribution to the response for each input, against a baseline",
        model="networks differentiable almost everywhere on the way",
        relation="from inside: the model's own derivatives, from the baseline to the row",
    ),
    Card(
        name="expected_gradients",
        title="Expected gradients",
        question=(
            "How does the way from other rows to this one divide the difference of the response "
            "among the inputs, on average over a background?"
        ),
        formula="E[(x_e − b_e) ∂F(b + α(x − b))/∂x_e], b of the background, α uniform on [0, 1]",
        cost="n_samples forward and backward",
        limits=(
            "It adds up to the difference from the background's mean response in expectation; "
            "what the draws leave is shown as a gap. It depends on the background."
        ),
        source=(
            "Erion et al., Improving Performance of Deep Learning Models with Axiomatic "
            "Attribution Priors and Expected Gradients, 2021"
        ),
        representation="a contribution to the response for each input, against a background",
        model="networks differentiable almost everywhere on the way",
        relation="from inside: the model's own derivatives, from the background to the row",
    ),
    Card(
        name="deeplift",
        title="DeepLIFT",
        question="How much of the difference from the baseline's response does each input carry?",
        formula="(x_e − b_e) Σ over ways from e to F of Π Δy/Δz of the operations on the way",
        cost="2 forward (row and baseline), 1 backward for each output",
        limits=(
            "It adds up exactly. Two networks that compute the same function by other operations "
            "may get other contributions. It depends on the baseline, and an operation without a "
            "rule is refused by its name."
        ),
        source=(
            "Shrikumar et al., Learning Important Features Through Propagating Activation "
            "Differences, 2017"
        ),
        representation="a contribution to the response for each input, against a baseline",
        model="networks of sums, products and functions of one entry",
        relation="from inside: each operation of the model, taken apart",
    ),
)

CARDS: dict[str, Card] = {each.name: each for each in _ALL}
"""Cards by the name that `method=` takes."""
