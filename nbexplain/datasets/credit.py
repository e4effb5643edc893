"""Default of credit card clients, read from the user's copy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

CREDIT_FILES = ("credit_default.csv.gz", "credit_default.csv", "UCI_Credit_Card.csv")
CREDIT_TARGET = "default.payment.next.month"
CREDIT_COLUMNS = (
    *("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"),
    *("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"),
    *(f"BILL_AMT{month}" for month in range(1, 7)),
    *(f"PAY_AMT{month}" for month in range(1, 7)),
)


def credit_default(path: str | Path | None = None) -> tuple[pd.DataFrame, pd.Series]:
    """Default of credit card clients: 30,000 clients of a bank, 23 inputs, 22 % defaults.

    Source: I-Cheng Yeh, UCI Machine Learning Repository, doi 10.24432/C55S3H, CC BY 4.0.

    Args:
        path: the CSV file (plain or .gz), or the folder that holds it under one of the names
            credit_default.csv.gz, credit_default.csv, UCI_Credit_Card.csv. None: the environment
            variable NBEXPLAIN_DATA says where.

    Returns:
        X, indexed by the client's ID, and y, named "default": 1 for a default, else 0.

    Raises:
        FileNotFoundError: nothing is there.
        ValueError: the file lacks a column.

    Example::

        X, y = credit_default("downloads/credit_default.csv")
    """
    import pandas as pd

    frame = pd.read_csv(_credit_file(path))
    missing = [name for name in ("ID", *CREDIT_COLUMNS, CREDIT_TARGET) if name not in frame]
    if missing:
        raise ValueError(
            f"The credit data lacks the column {missing[0]!r}; expected are ID, the 23 inputs from "
            f"LIMIT_BAL to PAY_AMT6 and {CREDIT_TARGET}."
        )
    frame = frame.set_index("ID")
    return frame[list(CREDIT_COLUMNS)], frame[CREDIT_TARGET].rename("default")


def _credit_file(path: str | Path | None) -> Path:
    where = path or os.environ.get("NBEXPLAIN_DATA")
    if not where:
        raise FileNotFoundError(
            "The credit data does not come with nbexplain: download it from "
            "https://doi.org/10.24432/C55S3H and give its path, credit_default(path), or set "
            "NBEXPLAIN_DATA to the folder that holds credit_default.csv."
        )
    given = Path(where).expanduser()
    file = next((given / name for name in CREDIT_FILES if (given / name).is_file()), given)
    if not file.is_file():
        raise FileNotFoundError(
            f"No credit data at {given}: expected a CSV file, or a folder with one named "
            f"{' or '.join(CREDIT_FILES)}."
        )
    return file
