"""One server and one browser for all tests here, a fresh page and kernel for each."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.notebook import Notebook
from tests.browser.server import Server

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))  # one server, one browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.fail(chromium.HOW)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """`serve(app="lab", without=())` gives the server that is so, started once."""
    servers: dict[tuple[str, ...], Server] = {}

    def server(app: str = "lab", without: Sequence[str] = ()) -> Server:
        if (app, *without) not in servers:
            started = Server(tmp_path_factory.mktemp("jupyter"), app, without)
            servers[app, *without] = started.__enter__()
        return servers[app, *without]

    yield server
    for started in servers.values():
        started.__exit__()


@pytest.fixture
def open_page(browser: Browser, serve: Callable[..., Server]) -> Iterator[Callable[..., Notebook]]:
    """`open_page(app="lab", without=())` gives a fresh page on that server."""
    opened: list[Notebook] = []

    def page(app: str = "lab", without: Sequence[str] = ()) -> Notebook:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        opened.append(Notebook(context.new_page(), serve(app, without)))
        return opened[-1]

    yield page
    for notebook in opened:
        notebook.shut_down()
        notebook.page.context.close()


@pytest.fixture
def notebook(open_page: Callable[..., Notebook]) -> Iterator[Notebook]:
    """A fresh page on JupyterLab; the test fails if its console holds an error at the end."""
    page = open_page()
    yield page
    assert page.console == []
