"""What every kind of outputs gives under every response: numbers that both languages must find."""

import numpy as np
import torch

from nbexplain.engine.responses import chain, respond

RESPONSES = ("raw", "prob", "logodds")

#: Outputs by kind, with rows that are nearly certain: there a careless chain rule loses its digits.
OUTPUTS = {
    "values": [[1.5, -2.0], [0.0, 0.25], [1e3, -1e-3]],
    "logits": [[0.0, 0.5], [-3.0, 1.25], [40.0, -2.0], [-800.0, 800.0]],
    "logits of three": [[0.0, 0.5, -1.0], [2.0, 2.0, 2.0], [30.0, -5.0, 1.0], [-900.0, 0.0, 900.0]],
    "logit": [[0.0], [1.75], [-40.0], [800.0]],
    "probabilities": [[0.25, 0.5, 0.25], [0.125, 0.75, 0.125], [1.0, 0.0, 0.0]],
    "independent": [[0.5, 0.25], [0.875, 1e-9], [1.0, 0.0]],
}
FEATURES = 3


def cases():
    """One a kind and response: `{kind, outputs, jacobian, response, predictions, attributions}`.

    Lists of numbers `[rows, outputs]` and `[rows, outputs, features]`, in double precision and good
    to 1e-12 of the largest in the innermost list. What is infinite is the text "Infinity" or
    "-Infinity", which JSON's numbers do not have.
    """
    for name, given in OUTPUTS.items():
        kind = name.split()[0]
        outputs = torch.tensor(given, dtype=torch.float64)
        count, width = outputs.shape
        entries = torch.arange(count * width * FEATURES, dtype=torch.float64)
        jacobian = ((entries**2 * 5 % 23 % 13 - 6) / 4).reshape(count, width, FEATURES)
        for response in RESPONSES:
            yield {
                "kind": kind,
                "outputs": listed(outputs),
                "jacobian": listed(jacobian),
                "response": response,
                "predictions": listed(respond(outputs, kind, response)),
                "attributions": listed(chain(outputs, jacobian, kind, response)),
            }


def listed(tensor):
    """Nested lists, with infinities as text."""
    told = {np.inf: "Infinity", -np.inf: "-Infinity"}
    array = tensor.numpy().astype(object)
    for place in np.ndindex(array.shape):
        array[place] = told.get(array[place], array[place] + 0.0)  # a zero without a sign
    return array.tolist()


def unlisted(lists):
    """The numbers again, as an array."""
    return np.array(lists, dtype=object).astype(np.float64)
