"""Reading HTML in tests."""

from html.parser import HTMLParser

VOID = {"img", "meta", "br", "link", "input", "rect", "line", "path"}


class Tags(HTMLParser):
    """The tags, attributes and texts of a document, which must be nested properly."""

    def __init__(self, document):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.feed(document)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
