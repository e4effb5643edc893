"""`%load_ext nbexplain` and the `%explain` magic, of a line and of a cell."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)

from nbexplain.notebook.arguments import Line, LineError, Option, option_named, options, parse
from nbexplain.notebook.completion import Completion, models
from nbexplain.notebook.follow.followers import Followers
from nbexplain.notebook.names import near

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from nbexplain.explanation import Explanation
    from nbexplain.live import Watch

USAGE = "%explain model X [y] [--option value …]"
CELL = (
    "%%explain above a cell follows the model while the cell trains it; it may make the model too."
)
_NEEDED = ("a model", "data X")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%explain` and the completion of its line: what `%load_ext nbexplain` calls."""
    unload_ipython_extension(shell)
    # IPython shows a magic's docstring for `%explain?`; the one definition is explain()'s.
    ExplainMagics.explain.__doc__ = help_text()
    magics = ExplainMagics(shell)
    shell.register_magics(magics)
    shell.Completer.custom_matchers.append(magics.completion.matcher)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take back what loading did: what `%unload_ext nbexplain` calls."""
    manager: Any = shell.magics_manager
    magic = manager.magics["line"].pop("explain", None)
    manager.magics["cell"].pop("explain", None)
    owner = getattr(magic, "__self__", None)
    if isinstance(owner, ExplainMagics):
        owner.followers.stop()
        shell.Completer.custom_matchers.remove(owner.completion.matcher)


@magics_class
class ExplainMagics(Magics):
    """The `%explain` magic of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        # What the last explanation of a model had, for completion: names only, no data.
        self.outputs: WeakKeyDictionary[object, tuple[str, ...]] = WeakKeyDictionary()
        self.completion = Completion(self._own, self.outputs)
        self.watches: list[Watch] = []
        self.followers = Followers(shell, self._watched)

    @property
    def namespace(self) -> dict[str, Any]:
        """The user's variables."""
        return {} if self.shell is None else self.shell.user_ns

    def _own(self) -> dict[str, Any]:
        """The variables that the user made, not those that IPython put there."""
        hidden = {} if self.shell is None else self.shell.user_ns_hidden
        return {name: value for name, value in self.namespace.items() if name not in hidden}

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def explain(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> Explanation | Watch | None:
        """Explain a model; loading the extension puts `help_text()` here."""
        try:
            asked = parse(line)
            if asked.help or not (asked.expressions or asked.options):
                print(help_text() if asked.help else usage_text())  # noqa: T201 - asked for
                return None
            if "--stop" in asked.options:
                return self._stop()
            if cell is not None:
                return self._around(cell, asked)
            arguments, keywords = self._arguments(asked, local_ns)
        except LineError as error:
            raise UsageError(str(error)) from None
        if "--live" not in asked.options:
            return self._explained(asked, arguments, keywords)
        watch = self._follow(*arguments, **keywords)
        if "--dock" in asked.options:
            watch.dock()
        return watch

    def _arguments(
        self, asked: Line, local_ns: Mapping[str, Any] | None = None
    ) -> tuple[list[Any], dict[str, Any]]:
        scope = {**self.namespace, **(local_ns or {})}
        return _positional(asked, scope), _keywords(asked, scope)

    def _explained(
        self, asked: Line, arguments: list[Any], keywords: dict[str, Any]
    ) -> Explanation:
        from nbexplain.explain import explain

        explanation = explain(*arguments, **keywords)
        self._remember(arguments[0], explanation)
        self.followers.begin(asked.expressions, keywords, explanation)
        if "--row" in asked.options:
            row = _value(option_named("--row"), asked.options["--row"][0], self.namespace)
            _show_row(explanation, row)
        if "--dock" in asked.options:
            explanation.dock()
        return explanation

    def _follow(self, *arguments: Any, **keywords: Any) -> Watch:
        """Begin to watch, in place of a watch of the same model."""
        from nbexplain.live import watch

        for one in self.watches:
            if one.of(arguments[0]):
                one.leave()
        self.watches = [one for one in self.watches if one.running]
        self.watches.append(watch(*arguments, **keywords).start())
        return self.watches[-1]

    def _watched(self, model: object) -> bool:
        return any(one.running and one.of(model) for one in self.watches)

    def _stop(self) -> None:
        """End all watches, which then show their models as they are, and all following."""
        running, self.watches = [one for one in self.watches if one.running], []
        if not self.followers.stop() and not running:
            print("Nothing is followed: %explain model X begins it.")  # noqa: T201 - said
        for one in running:
            one.stop()

    def _around(self, cell: str, asked: Line) -> Explanation | None:
        """Run the cell; follow the model from the first step at which all names exist."""
        from IPython.display import display

        from nbexplain.live.steps import first_step

        assert self.shell is not None
        begun: list[Watch] = []

        def begin() -> bool:
            try:
                arguments, keywords = self._arguments(asked)
            except LineError:
                return False  # a name that the cell has yet to make
            begun.append(self._follow(*arguments, **keywords))
            if "--dock" in asked.options:
                begun[0].dock()
            else:
                display(begun[0])
            return True

        with first_step(begin):
            result = self.shell.run_cell(cell)
        for one in begun:
            if result.success:
                one.stop()
            else:
                one.leave()
        if begun or not result.success:
            return None
        return self._explained(asked, *self._arguments(asked))

    def _remember(self, model: object, explanation: Explanation) -> None:
        try:
            self.outputs[model] = explanation.outputs
        except TypeError:  # a model that is a plain object without weak references
            return


def usage_text() -> str:
    """What `%explain` alone prints."""
    # A blank inside the brackets of an option is no place to break the line.
    flags = [
        f"[{option.flag}]" if option.bare else f"[{option.flag}\xa0{_placeholder(option)}]"
        for option in options()
    ]
    usage = textwrap.fill(
        " ".join(["Usage: %explain model X [y]", *flags]),
        width=96,
        subsequent_indent=" " * len("Usage: %explain "),
        break_on_hyphens=False,
    )
    return usage.replace("\xa0", " ") + "\nHelp:  %explain?"


def help_text() -> str:
    """What `%explain?` shows: usage, the options of `explain()`, and examples."""
    told = [
        usage_text().rsplit("\n", 1)[0],
        "",
        "Which inputs of the model matter, and how sure that is. model, X and y are expressions;",
        "arguments end at blanks outside brackets and quotes. Returns the Explanation.",
        "",
        "    %explain net X_test y_test",
        '    %explain net X.drop(columns=["y", "id"]) y --output "high risk" --row 17',
        "    ex = %explain net loader --response logodds",
        "    %explain --live net X",
        "",
        CELL,
        "",
        "Options, as in nbexplain.explain():",
    ]
    for option in options():
        told.append(f"  {option.flag} {_placeholder(option)}".rstrip())
        told += textwrap.wrap(option.help, 90, initial_indent="      ", subsequent_indent="      ")
    return "\n".join(told)


def _placeholder(option: Option) -> str:
    if option.bare:
        return ""
    if option.flag in {"--output", "--method"}:
        return "NAME"
    return {"--row": "LABEL"}.get(option.flag) or "|".join(option.words) or "VALUE"


def _positional(asked: Line, scope: dict[str, Any]) -> list[object]:
    given = asked.expressions
    if len(given) < len(_NEEDED):
        shown = f"; got only {given[0]}" if given else ""
        missing = " and ".join(_NEEDED[len(given) :])
        raise LineError(f"%explain needs {missing}{shown}. Usage: {USAGE}.")
    if len(given) > 3:
        raise LineError(
            f"%explain takes a model, X and y, but got {len(given)} arguments "
            f"({', '.join(given)}): put an expression with blanks in brackets."
        )
    return [_evaluate(text, scope, model=place == 0) for place, text in enumerate(given)]


def _keywords(asked: Line, scope: dict[str, Any]) -> dict[str, Any]:
    keywords: dict[str, Any] = {}
    for flag, texts in asked.options.items():
        option = option_named(flag)
        if option.bare:
            continue
        values = [_value(option, text, scope) for text in texts]
        if option.parameter is not None:
            keywords[option.parameter] = values if option.repeats else values[0]
    return keywords


def _value(option: Option, text: str, scope: dict[str, Any]) -> object:
    """The value of an option: a known word or a name in the data as text, else evaluated."""
    if text in option.words:
        return text
    if not option.names:
        # An unknown word goes to explain(), whose sentence lists the words there are.
        unknown_word = bool(option.words) and text.isidentifier() and text not in scope
        return text if unknown_word and not _is_builtin(text) else _evaluate(text, scope)
    if not _is_expression(text):
        return text
    if not text.isidentifier():
        return _evaluate(text, scope)
    value = scope.get(text, text)
    # `--output y` means the output of this name, though y is a column of data to the user.
    fitting = (str, int) if option.repeats else object
    return value if isinstance(value, fitting) else text


def _is_expression(text: str) -> bool:
    """Whether a label-like text is meant as Python: 2020-10-10 and id-17 are not."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    negative = isinstance(tree, ast.UnaryOp) and isinstance(tree.operand, ast.Constant)
    plain = isinstance(tree, (ast.BinOp, ast.Compare, ast.BoolOp, ast.UnaryOp))
    return negative or not plain or text.startswith("(")


def _evaluate(text: str, scope: dict[str, Any], *, model: bool = False) -> object:
    try:
        code = compile(text, "<%explain>", "eval")
    except (SyntaxError, ValueError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise LineError(f"{text} is not a Python expression: {reason}.") from None
    try:
        return eval(code, scope)  # the user's own line, as if typed in a cell
    except NameError as error:
        # Only a name of this line: one inside a function it calls is that function's error.
        if error.name is None or error.name not in code.co_names or error.name in scope:
            raise
        names = [name for name in scope if not name.startswith("_")]
        end = near(error.name, names, _models(scope) if model else "")
        raise LineError(f"The name {error.name} is not defined{end}") from None


def _models(scope: Mapping[str, Any]) -> str:
    """The end of a sentence about a model that is not there: those that are."""
    found = models(scope)
    listed = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
    return f"; your models are {listed}" if found else "; none of your variables is a model yet"


def _is_builtin(name: str) -> bool:
    import builtins

    return hasattr(builtins, name)


def _show_row(explanation: Explanation, row: object) -> None:
    """Show one row beside the explanation; a row that is not there does not cost the rest."""
    from IPython.display import display

    output = explanation.outputs[0] if len(explanation.outputs) == 1 else None
    try:
        display(explanation.local(row, output))
    except (ValueError, TypeError) as error:
        print(f"--row: {error}")  # noqa: T201 - beside the explanation, which is still returned
