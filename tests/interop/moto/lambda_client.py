"""boto3 asks the local stack's Lambda service and compares what it gets with botocore's own model of the API.

Takes the service's base URL, expects a function `hello` (the demo function) with an alias `live` of version 7, and prints
what it saw as one line of JSON. The first difference ends it with an exception.
"""

import base64
import json
import os
import sys
import urllib.request

os.environ.update(AWS_ACCESS_KEY_ID="ASIATEST", AWS_SECRET_ACCESS_KEY="secret of ASIATEST",
                  AWS_SESSION_TOKEN="session of ASIATEST", AWS_DEFAULT_REGION="eu-west-1",
                  AWS_EC2_METADATA_DISABLED="true")

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

URL = sys.argv[1]
LAMBDA = boto3.client("lambda", endpoint_url=URL, config=Config(retries={"total_max_attempts": 1}))
MODEL = LAMBDA.meta.service_model
OPERATIONS = {"Invoke": LAMBDA.invoke, "InvokeWithResponseStream": LAMBDA.invoke_with_response_stream}


def fault(**members):
    request = urllib.request.Request(f"{URL}/_faults", json.dumps(members).encode(), method="POST")
    assert urllib.request.urlopen(request, timeout=5).status == 201


def error(call, **arguments):
    try:
        call(FunctionName="hello", **arguments)
    except ClientError as caught:
        return caught
    raise AssertionError("no error")


def modelled_error(operation, shape):
    """Orders one error of the model and holds the answer against its shape: class, status, every member."""
    fault(error=shape.name)
    caught = error(OPERATIONS[operation])
    assert type(caught) is getattr(LAMBDA.exceptions, shape.name), (shape.name, type(caught))
    answer = caught.response
    wanted = shape.metadata["error"]["httpStatusCode"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == wanted, (shape.name, answer)
    assert answer["Error"]["Code"] == shape.name and answer["Error"]["Message"], answer
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36, answer
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    for name, member in shape.members.items():
        if member.serialization.get("location") == "header":
            value = headers[member.serialization["name"].lower()]
        elif name.lower() == "message":
            # botocore lifts this one out of the members, however it is written: the other spelling is looked for below.
            value = answer["Error"]["Message"]
        else:
            value = answer[name]
        assert isinstance(value, str) and value, (shape.name, name, answer)
        if member.enum:
            assert value in member.enum, (shape.name, name, value)
    fault_kind = "User" if wanted < 500 else "Service"
    assert answer["Type"] == fault_kind, answer


def raw_spelling(shape):
    """The member with the text is spelt as in the model, which has it in two ways."""
    fault(error=shape.name)
    seen = {}

    def look(response_dict, **_):
        seen.update(json.loads(response_dict["body"]))

    LAMBDA.meta.events.register("before-parse.lambda", look)
    error(LAMBDA.invoke)
    LAMBDA.meta.events.unregister("before-parse.lambda", look)
    body = {name for name, member in shape.members.items() if "location" not in member.serialization}
    assert set(seen) == body, (shape.name, seen, body)


def whole_answers():
    output = LAMBDA.invoke(FunctionName="hello", Payload=b'{"a": 1}')
    assert (output["StatusCode"], output["ExecutedVersion"]) == (200, "$LATEST"), output
    assert json.load(output["Payload"]) == {"a": 1}
    assert not {"FunctionError", "LogResult"} & set(output), output
    version = MODEL.shape_for("Version").metadata
    output = LAMBDA.invoke(FunctionName="hello", Qualifier="live", LogType="Tail",
                           Payload=json.dumps({"do": "say", "line": "said"}))
    assert output["ExecutedVersion"] == "7" and version["pattern"], output
    log = base64.b64decode(output["LogResult"]).decode()
    start = f"START RequestId: {output['ResponseMetadata']['RequestId']} Version: 7\nsaid\nEND RequestId: "
    assert log.startswith(start), log
    output = LAMBDA.invoke(FunctionName="hello", Payload=json.dumps({"do": "error", "type": "Boom", "message": "no"}))
    assert (output["StatusCode"], output["FunctionError"]) == (200, "Unhandled"), output
    assert json.load(output["Payload"]) == {"errorType": "Boom", "errorMessage": "no"}
    output = LAMBDA.invoke(FunctionName="arn:aws:lambda:eu-west-1:123456789012:function:hello:live",
                           Payload=json.dumps({"do": "context"}),
                           ClientContext=base64.b64encode(b'{"custom": {"k": "v"}}').decode())
    told = json.load(output["Payload"])
    assert told["awsRequestId"] == output["ResponseMetadata"]["RequestId"], told
    assert told["invokedFunctionArn"].endswith(":function:hello:live"), told
    assert told["clientContext"]["custom"] == {"k": "v"}, told
    for kind, status in (("Event", 202), ("DryRun", 204)):
        output = LAMBDA.invoke(FunctionName="hello", InvocationType=kind)
        assert output["StatusCode"] == status and output["Payload"].read() == b"", output
        assert not {"FunctionError", "LogResult", "ExecutedVersion"} & set(output), output


def stream(event):
    output = LAMBDA.invoke_with_response_stream(FunctionName="hello", LogType="Tail", Payload=json.dumps(event))
    assert (output["StatusCode"], output["ExecutedVersion"]) == (200, "$LATEST"), output
    assert output["ResponseStreamContentType"] == "application/vnd.amazon.eventstream", output
    chunks, end = [], None
    for part in output["EventStream"]:
        assert end is None and len(part) == 1, part
        if "PayloadChunk" in part:
            chunks.append(part["PayloadChunk"]["Payload"])
        else:
            end = part["InvokeComplete"]
    assert base64.b64decode(end["LogResult"]).startswith(b"START RequestId: "), end
    return chunks, end


def streamed_answers():
    chunks, end = stream({"do": "stream", "chunks": 3, "bytes": 20000, "ms": 20})
    prelude, _, body = b"".join(chunks).partition(b"\0" * 8)
    assert json.loads(prelude)["statusCode"] == 200, prelude
    assert body == b"".join(b"%d %s\n" % (number, b"x" * 20000) for number in range(3))
    assert len(chunks) > 3 and set(end) == {"LogResult"}, end
    chunks, end = stream({"do": "error", "type": "Boom", "message": "no"})
    assert not chunks and end["ErrorCode"] == "Boom", end
    assert json.loads(end["ErrorDetails"]) == {"errorType": "Boom", "errorMessage": "no"}, end


def main():
    checked = {}
    for operation in OPERATIONS:
        shapes = MODEL.operation_model(operation).error_shapes
        for shape in shapes:
            modelled_error(operation, shape)
        checked[operation] = len(shapes)
    for shape in MODEL.operation_model("Invoke").error_shapes:
        raw_spelling(shape)
    whole_answers()
    streamed_answers()
    print(json.dumps(checked), flush=True)


main()
