"""Carries out the calls of a HipChat client, which the program's argument lists as [name, arguments] in JSON, and
prints what each of them gave: a line {"returned": ...}, or {"raised": type, "status": ..., "body": ...}.
"""

import json
import sys


def run(calls, asked):
    for name, arguments in asked:
        try:
            told = {"returned": calls[name](**arguments)}
        except Exception as error:  # Whatever the client raises is what the application would see.
            told = {"raised": type(error).__name__, "text": str(error)}
            response = getattr(error, "response", None)
            if response is not None:
                told.update(status=response.status_code, body=response.text)
            elif hasattr(error, "code"):
                told.update(status=error.code, body=error.read().decode())
        print(json.dumps(told), flush=True)


def settings():
    """What the test wants: "endpoint" (null for the client's own), "token" and "calls"."""
    return json.loads(sys.argv[1])
