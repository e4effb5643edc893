"""All of nbexplain that knows Jupyter: the magic, the wire, the widgets, charts and report."""
