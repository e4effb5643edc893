"""What the cells of an executed notebook wrote."""

import pandas as pd


def outputs(notebook, name):
    (cell,) = (cell for cell in notebook.cells if cell.id == name)
    return cell.outputs


def table(notebook, name, *columns):
    """The data frame that a cell ends with."""
    (output,) = (output for output in outputs(notebook, name) if "data" in output)
    head, *lines = output["data"]["text/plain"].splitlines()
    assert head.split() == " ".join(columns).split()
    rows = {words[0]: map(float, words[1:]) for words in map(str.split, lines) if words[1:]}
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def printed(notebook, name):
    return "".join(output.text for output in outputs(notebook, name) if "text" in output)
