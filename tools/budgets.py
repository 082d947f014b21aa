"""
Check the budgets of size that ruff does not know, and print how the functions are spread.

- A function has at most 40 lines, from ``def`` to its end, its docstring not counted.
- Statements are nested at most 3 deep in a function (``if for while with try match``); a function
  inside another one is counted for itself.
- A file has at most 400 lines.

An exception is declared with its reason, in a comment that ends the line of the ``def``, or the
first line of the file: ``# budget: <reason>``. One that is not needed any more is reported too.

Usage: ``python tools/budgets.py PATH...``
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FUNCTION_LINES = 40
MAX_NESTING = 3
MAX_FILE_LINES = 400

EXCEPTION = re.compile(r"#\s*budget:\s*\S")

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef
NESTING = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class Measure:
    """What was measured of one file or function; *faults* are the budgets that it exceeds."""

    place: str
    lines: int
    faults: list[str]
    is_declared: bool

    def complaints(self) -> list[str]:
        """Return the lines to print: the faults, or the exception that nothing needs."""
        if self.is_declared:
            return [] if self.faults else [f"{self.place}: the declared exception is not needed"]
        return [f"{self.place}: {fault}" for fault in self.faults]


def nesting_of(node: ast.AST, depth: int = 0) -> int:
    """Return how deep statements are nested under *node*, which is at *depth*."""
    depths = [
        nesting_of(child, depth + adds_level(node, child))
        for child in ast.iter_child_nodes(node)
        if not isinstance(child, SCOPES)
    ]
    return max(depths, default=depth)


def adds_level(parent: ast.AST, child: ast.AST) -> bool:
    """Tell whether *child* is a level below *parent*: an ``elif`` is not."""
    is_elif = (
        isinstance(parent, ast.If)
        and isinstance(child, ast.If)
        and child.col_offset == parent.col_offset
    )
    return isinstance(child, NESTING) and not is_elif


def lines_of(function: Function) -> int:
    """Return the number of lines of *function*, without decorators and docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def measure_function(function: Function, path: Path, source: list[str]) -> Measure:
    """Return the measure of *function*, found in the file of *path* whose lines are *source*."""
    lines, nesting = lines_of(function), nesting_of(function)
    faults = []
    if lines > MAX_FUNCTION_LINES:
        faults.append(f"{function.name} has {lines} lines, {MAX_FUNCTION_LINES} are allowed")
    if nesting > MAX_NESTING:
        faults.append(f"{function.name} is nested {nesting} deep, {MAX_NESTING} are allowed")
    return Measure(
        place=f"{path}:{function.lineno}",
        lines=lines,
        faults=faults,
        is_declared=bool(EXCEPTION.search(source[function.lineno - 1])),
    )


def measure_file(path: Path, source: list[str]) -> Measure:
    """Return the measure of the file of *path* whose lines are *source*."""
    faults = []
    if len(source) > MAX_FILE_LINES:
        faults.append(f"the file has {len(source)} lines, {MAX_FILE_LINES} are allowed")
    return Measure(
        place=f"{path}:1",
        lines=len(source),
        faults=faults,
        is_declared=bool(source and EXCEPTION.match(source[0])),
    )


def python_files(names: list[str]) -> Iterator[Path]:
    """
    Yield the Python files of the files and folders called *names*, sorted within each.

    Raises:
        SystemExit: There is nothing of that name.
    """
    for name in names:
        path = Path(name)
        if not path.exists():
            raise SystemExit(f"budgets: there is no {name}")
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def summary(functions: list[Measure]) -> str:
    """Return one line about the lengths of *functions*."""
    if not functions:
        return "budgets: no function"
    lengths = sorted(function.lines for function in functions)
    longest = max(functions, key=lambda function: function.lines)
    return (
        f"budgets: {len(lengths)} functions, median {statistics.median(lengths):g} lines, "
        f"9 in 10 up to {lengths[(len(lengths) * 9 - 1) // 10]}, "
        f"longest {longest.lines} ({longest.place})"
    )


def main(names: list[str]) -> int:
    """Print what exceeds the budgets in *names* and a summary; return 1 when anything does."""
    files: list[Measure] = []
    functions: list[Measure] = []
    for path in python_files(names):
        text = path.read_text(encoding="utf-8")
        source = text.splitlines()
        files.append(measure_file(path, source))
        functions += [
            measure_function(node, path, source)
            for node in ast.walk(ast.parse(text, filename=str(path)))
            if isinstance(node, FUNCTIONS)
        ]
    complaints = [line for measure in files + functions for line in measure.complaints()]
    print("\n".join([*complaints, summary(functions)]))
    return 1 if complaints else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or ["cliquet"]))
