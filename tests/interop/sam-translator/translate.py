"""Translates SAM templates into CloudFormation templates, offline, as AWS does when a stack is deployed.

Reads a JSON list of templates from standard input and writes the JSON list of their translations; a template that cannot
be translated becomes {"error": "..."}. Parameters have their defaults. Code is taken to be uploaded.
"""

import copy
import functools
import json
import logging
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samtranslator.model.exceptions import InvalidDocumentException  # noqa: E402 (reads the region when imported)
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator import translator  # noqa: E402

# The policy templates that come with the translator are the same for every template: checked once is enough.
translator.make_policy_template_for_function_plugin = functools.cache(translator.make_policy_template_for_function_plugin)


def uploaded(template):
    """The template with its code in a bucket, where `sam deploy` puts it before anything is translated."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return template


def translated(template):
    parameters = {name: str(parameter.get("Default", "")) for name, parameter in template["Parameters"].items()}
    try:
        return translator.Translator({}, Parser()).translate(uploaded(template), parameters)
    except InvalidDocumentException as problem:
        return {"error": "; ".join(str(cause.message) for cause in problem.causes)}


logging.disable(logging.CRITICAL)
json.dump([translated(template) for template in json.load(sys.stdin)], sys.stdout)
