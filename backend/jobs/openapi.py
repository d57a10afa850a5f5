"""The one operation that answers beside Ninja: an upload."""

from typing import Any

FILES = "/api/v1/files"


def upload() -> dict[str, Any]:
    """`POST files` in OpenAPI's words."""
    binary = {"type": "string", "format": "binary"}
    form = {"type": "object", "properties": {"file": binary}, "required": ["file"]}
    name = {"in": "query", "name": "name", "schema": {"type": "string"}, "required": False}
    return {
        "operationId": "files_create",
        "summary": "Upload a file",
        "description": "As a form with the field `file`, or as it is, with its `name` in the query. It goes to disk "
        "piece by piece; the answer has the columns and first rows of a table, and what is wrong with it.",
        "tags": ["jobs"],
        "parameters": [{**name, "description": "The file's name, where the body is the file itself."}],
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "application/octet-stream": {"schema": binary},
            },
        },
        "responses": {
            "201": {
                "description": "Stored",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/FileOut"}}},
            }
        },
        "security": [{"Auth": []}],
    }
