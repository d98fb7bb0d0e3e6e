"""moto's server on a free port of loopback: IAM that checks every signature and policy, STS, and a Lambda that echoes.

Prints its port and the keys of its users as one line of JSON, and ends with its standard input.

| who | may |
|---|---|
| `invoker` | invoke the function `echo` |
| `nobody` | nothing |
| `assumer` | assume the role `invoke-echo`, which may invoke `echo`, and the role `powerless`, which may nothing |
"""

import io
import json
import logging
import os
import sys
import urllib.request
import zipfile

# moto signs what it checks with nobody's keys; no real ones are ever looked for.
os.environ.update(AWS_ACCESS_KEY_ID="setup", AWS_SECRET_ACCESS_KEY="setup", AWS_DEFAULT_REGION="eu-west-1",
                  AWS_EC2_METADATA_DISABLED="true")
logging.getLogger("werkzeug").setLevel(logging.ERROR)

import boto3  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

ACCOUNT = "123456789012"


def post(port, path, body, content_type):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/moto-api/{path}", body.encode(),
                                     {"content-type": content_type})
    urllib.request.urlopen(request, timeout=5).read()


def policy(action, resource):
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})


def create(port):
    def client(service):
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}")

    iam, users, roles = client("iam"), {}, {}
    echo = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:echo"
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/assumer"}, "Action": "sts:AssumeRole"}]})
    for name in ["invoke-echo", "powerless"]:
        roles[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    # moto looks for the permission under the operation's own name, AWS under `lambda:InvokeFunction`.
    invoke = policy(["lambda:InvokeFunction", "lambda:Invoke"], "*")
    iam.put_role_policy(RoleName="invoke-echo", PolicyName="own", PolicyDocument=invoke)
    for name, document in [("invoker", invoke), ("nobody", None),
                           ("assumer", policy("sts:AssumeRole", list(roles.values())))]:
        iam.create_user(UserName=name)
        if document:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        users[name] = {"accesskey": key["AccessKeyId"], "secretkey": key["SecretAccessKey"]}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("echo.py", "")
    client("lambda").create_function(FunctionName="echo", Runtime="python3.12", Handler="echo.handler",
                                     Role=roles["invoke-echo"], Code={"ZipFile": archive.getvalue()})
    return {"users": users, "roles": roles, "function": echo}


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    post(port, "config", '{"lambda": {"use_docker": false}}', "application/json")
    told = create(port)
    # From now on every call is checked.
    post(port, "reset-auth", "0", "text/plain")
    print(json.dumps({"port": port, **told}), flush=True)
    sys.stdin.read()
    server.stop()


main()
