"""How Sphinx builds this documentation; nothing is fetched from a network."""

from importlib.metadata import version as version_of

project = "cliquet"
author = "the authors of cliquet"
release = version_of("cliquet")
version = ".".join(release.split(".")[:2])

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
# Blocks without a language hold plain text: a guess would colour half of it.
highlight_language = "none"
smartquotes = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# Attributes are told in the text of their class; a second description of each would clash.
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"cliquet {version}"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["cliquet.css"]
