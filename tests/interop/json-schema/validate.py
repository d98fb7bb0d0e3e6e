"""Validates documents against a JSON Schema (2020-12).

Reads {"schema": ..., "documents": [...]} from standard input and writes a JSON list: for each document the first thing
that is wrong with it, or null.
"""

import json
import sys

from jsonschema import Draft202012Validator


def verdict(validator, document):
    error = next(validator.iter_errors(document), None)
    return None if error is None else f"{error.json_path}: {error.message[:200]}"


asked = json.load(sys.stdin)
Draft202012Validator.check_schema(asked["schema"])
validator = Draft202012Validator(asked["schema"])
json.dump([verdict(validator, document) for document in asked["documents"]], sys.stdout)
