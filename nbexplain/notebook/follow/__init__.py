"""Panels that follow the names they explain: from cell to cell, version to version."""
