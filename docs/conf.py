"""How Sphinx builds this documentation; nothing is fetched from a network."""

import sys
from pathlib import Path

# The package of this clone, whether it was installed or not.
sys.path.insert(0, str(Path(__file__).parent.parent))

import cliquet

project = "cliquet"
author = "the authors of cliquet"
release = cliquet.__version__
version = ".".join(release.split(".")[:2])

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
# Blocks without a language hold plain text: a guess would colour half of it.
highlight_language = "none"
# Dashes only: quotes in these pages are often those of JSON.
smartquotes_action = "D"

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# Attributes are told in the text of their class; a second description of each would clash.
napoleon_use_ivar = True

html_theme = "furo"
html_title = "cliquet" if release == "unknown" else f"cliquet {release}"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["cliquet.css"]
