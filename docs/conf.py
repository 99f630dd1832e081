"""Sphinx configuration: ``make docs`` builds the site without a network, and any warning is an error."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # before anything imports mlflow
os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore", category=PendingDeprecationWarning, module="shap")

import send_screen

project = "send_screen"
author = "The send_screen developers"
copyright = "The send_screen developers. Licence: Apache-2.0"
release = getattr(send_screen, "__version__", "0.1.0")
version = release

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "api_pages",
    "command_pages",
    "mathml",
    "self_contained",
]
exclude_patterns = ["_build", "examples/README.rst"]
templates_path = ["_templates"]
root_doc = "index"
suppress_warnings = ["config.cache"]  # gallery settings hold functions
default_role = "code"

# A reference to something of ours that does not exist is an error; other libraries' names are not looked up, and what
# is private has no page.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!send_screen).*"), (r"py:.*", r"send_screen\..*\b_.*")]

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc says the types
autodoc_member_order = "bysource"
# scikit-learn adds these to every estimator; its own documentation says what they do.
autodoc_default_options = {"exclude-members": "set_fit_request, set_score_request, set_predict_request"}
numpydoc_show_class_members = False
numpydoc_validation_checks = {"GL01", "GL05", "GL06", "GL07", "GL10", "PR02"}

myst_enable_extensions = ["dollarmath", "deflist", "colon_fence", "fieldlist"]
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib",),
    "default_thumb_file": str(HERE / "images" / "list.png"),
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("send_screen",),
    "reference_url": {"send_screen": None},
    "copyfile_regex": r".*\.svg",
}

html_theme = "pydata_sphinx_theme"
html_title = "send_screen"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
# Pages without pages below them need no list of those.
html_sidebars = {
    name: []
    for name in ("index", "start", "tutorials", "glossary", "evidence", "disclosure", "contributing", "changes")
}
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
