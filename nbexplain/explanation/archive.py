"""Files of ours: a NumPy archive of arrays with a JSON header; no pickle, so nothing in it runs."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

FORMAT = 1
"""Version of the file format; files of a later one are refused."""

Arrays = dict[str, NDArray[Any]]
Header = dict[str, Any]


def write(path: str | Path, header: Header, arrays: Arrays) -> None:
    """Write both to one file; an existing one is replaced.

    Raises:
        OSError: the file cannot be written.
    """
    text = json.dumps({"format": FORMAT, **header}, ensure_ascii=False).encode()
    with Path(path).open("wb") as file:
        np.savez_compressed(file, header=np.frombuffer(text, np.uint8), **cast(Any, arrays))


def read(path: str | Path) -> tuple[Header, Arrays]:
    """What `write` wrote.

    Raises:
        ValueError: for a file that is not one of ours, or from a later version.
        OSError: the file cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(folder + "/both", {"a": 1}, {"b": np.arange(3)})
    ...     read(folder + "/both")
    ({'format': 1, 'a': 1}, {'b': array([0, 1, 2])})
    """
    with Path(path).open("rb") as file:
        try:
            archive = np.load(file, allow_pickle=False)
            arrays = {name: archive[name] for name in archive.files}
            header = json.loads(arrays.pop("header").tobytes())
            version = header["format"]
        except (ValueError, KeyError, TypeError, OSError, AttributeError, EOFError) as error:
            raise _foreign(path) from error
        except (BadZipFile, zlib.error) as error:
            raise ValueError(f"{path} is damaged: save it again.") from error
    if not isinstance(version, int):
        raise _foreign(path)
    if version > FORMAT:
        raise ValueError(f"{path} was written by a later nbexplain: update nbexplain to read it.")
    return header, arrays


def _foreign(path: str | Path) -> ValueError:
    return ValueError(f"{path} is not a file that Explanation.save or Watch.save wrote.")
