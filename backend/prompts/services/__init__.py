"""Every write to templates. Plain ORM; run in a thread."""

from backend.prompts.services.labels import label_remove, label_set
from backend.prompts.services.sharing import share_add, share_remove
from backend.prompts.services.templates import template_create, template_delete, template_update
from backend.prompts.services.transfer import templates_export, templates_import
from backend.prompts.services.versions import version_create

__all__ = [
    "label_remove",
    "label_set",
    "share_add",
    "share_remove",
    "template_create",
    "template_delete",
    "template_update",
    "templates_export",
    "templates_import",
    "version_create",
]
