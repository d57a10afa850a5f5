"""Reads of templates, each asked of the permission function. They run on the loop, one statement each."""

from backend.prompts.selectors.lists import facets, template_page
from backend.prompts.selectors.sharing import shares
from backend.prompts.selectors.single import template_get, version_get, version_page, visible

__all__ = ["facets", "shares", "template_get", "template_page", "version_get", "version_page", "visible"]
