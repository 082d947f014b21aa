"""The pages of the documentation, as tests read them: their snippets, tables and sections."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"^( *)\.\. code-block:: *(\w+) *$")


@dataclass(frozen=True)
class Snippet:
    """A block of code on a page; *line* is the number of its first one."""

    page: str
    language: str
    line: int
    text: str

    @property
    def place(self) -> str:
        """Where the snippet stands, for the names of tests."""
        return f"{self.page}:{self.line}"


def page_paths() -> list[Path]:
    """Return README and every page."""
    pages = (path for path in DOCS.rglob("*.rst") if "_build" not in path.parts)
    return [ROOT / "README.rst", *sorted(pages)]


def name_of(path: Path) -> str:
    """Return the name of a page: ``quickstart``, ``api/errors``, ``README``."""
    base = DOCS if path.is_relative_to(DOCS) else ROOT
    return path.relative_to(base).with_suffix("").as_posix()


def text_of(page: str) -> str:
    """Return the source of a page."""
    base = ROOT if page == "README" else DOCS
    return (base / f"{page}.rst").read_text(encoding="utf-8")


def snippets(page: str, *languages: str) -> list[Snippet]:
    """Return the blocks of code of a page that are in one of *languages*, in order."""
    return [one for one in _snippets(page) if one.language in languages]


def all_snippets(*languages: str) -> list[Snippet]:
    """Return those of all pages."""
    return [one for path in page_paths() for one in snippets(name_of(path), *languages)]


def _snippets(page: str) -> Iterator[Snippet]:
    lines = text_of(page).splitlines()
    for number, line in enumerate(lines):
        directive = _BLOCK.match(line)
        if directive is None:
            continue
        depth = len(directive[1])
        content = list(_indented(lines[number + 1 :], depth))
        text = textwrap.dedent("\n".join(content)).strip("\n") + "\n"
        blank = next(index for index, one in enumerate(content) if one.strip())
        yield Snippet(page, directive[2], number + 2 + blank, text)


def _indented(lines: list[str], depth: int) -> Iterator[str]:
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            return
        yield line


def run_page(page: str) -> ModuleType:
    """
    Run the Python snippets of a page in order, as one module, and return it.

    The module can be imported and scanned by its name, and tracebacks show lines of the page.
    """
    module = ModuleType(f"page_{page.replace('/', '_')}")
    sys.modules[module.__name__] = module
    for snippet in snippets(page, "python"):
        # Blank lines in front, so that line numbers are those of the page.
        source = "\n" * (snippet.line - 1) + snippet.text
        exec(compile(source, f"{page}.rst", "exec"), module.__dict__)
    return module


def table_rows(page: str, section: str) -> list[list[str]]:
    """Return the cells of the first list-table below the label *section*, without its header."""
    text = text_of(page).partition(f".. _{section}:\n")[2]
    table = text[text.index(".. list-table::") :].splitlines()[1:]
    rows: list[list[str]] = []
    for line in _indented(table, 0):
        if line.startswith("    * - "):
            rows.append([line[8:]])
        elif line.startswith("      -"):
            rows[-1].append(line[8:])
    return rows[1:]


def literals(cell: str) -> list[str]:
    """Return what stands between double backquotes."""
    return re.findall(r"``([^`]+)``", cell)


def clause_titles() -> dict[str, str]:
    """Return, by number, the titles of the clauses of the protocol: ``{"P4.1": "GET a …"}``."""
    title = re.compile(r"^\.\. _(P[0-9.]+):\n\n\1 (.+)\n-+$", re.MULTILINE)
    pages = (path for path in page_paths() if name_of(path).startswith("api/"))
    return dict(found for path in pages for found in title.findall(text_of(name_of(path))))
