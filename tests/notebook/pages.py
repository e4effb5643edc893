"""A page in place of the browser's: what it sends, and what it gets."""

import numpy as np


class Page:
    """The page of a view's session."""

    def __init__(self, view, client="page"):
        self.session, self.client, self.seq, self.sent = view._session, client, 0, []
        self.session.send = lambda content, buffers=None: self.sent.append((content, buffers))

    def send(self, content, *buffers):
        """A message, past the dispatcher, which would log an error and go on."""
        self.session._receive(None, content, list(buffers))

    def hear(self, content):
        """A message to all that listen to the page."""
        self.session._handle_custom_msg(content, [])

    def pick(self, feature=None, instance=None, other=None, rows=None, output=1, response="prob"):
        """Everything that is chosen, by position."""
        self.seq += 1
        buffers = [] if rows is None else [np.array(rows, "<u4").tobytes()]
        self.send(
            {
                "t": "select",
                "feature": feature,
                "instance": instance,
                "other": other,
                "rows": None if rows is None else len(rows),
                "output": output,
                "response": response,
                "client": self.client,
                "seq": self.seq,
            },
            *buffers,
        )

    def ask(self, content, *buffers):
        """A message and its one answer."""
        self.sent.clear()
        self.send(content, *buffers)
        ((answer, found),) = self.sent
        return answer, found

    @property
    def chosen(self):
        """What the page is told: positions, and whose choice it was."""
        told = dict(self.session.selection)
        if told.get("rows") is not None:
            told["rows"] = np.frombuffer(told["rows"]["data"], told["rows"]["dtype"]).tolist()
        return told
