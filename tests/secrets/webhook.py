"""The function `webhook` as it is deployed, with its secret in moto's Secrets Manager: it is read at the first event, and again when
the signing secret was replaced. Argument: the program. The environment says where moto is."""

import hashlib, hmac, http.server, json, os, queue, subprocess, sys, threading, time

import boto3

invocations, answers = queue.Queue(), queue.Queue()


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    """As much of Lambda's Runtime API as one program needs that handles one event after the other."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps(invocations.get()).encode()
        self.send_response(200)
        self.send_header("lambda-runtime-aws-request-id", "1")
        self.send_header("lambda-runtime-deadline-ms", "4102444800000")
        self.send_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:webhook")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        answers.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def deliver(secret):
    """Delivers an event that is none of ours, signed with this secret, and returns status and outcome or code."""
    event = {"id": "evt_1", "object": "event", "type": "charge.refunded", "created": 1, "livemode": False, "data": {"object": {}}}
    body, now = json.dumps(event), int(time.time())
    signature = hmac.new(secret.encode(), f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
    path = "/api/webhooks/stripe"
    invocations.put({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"stripe-signature": f"t={now},v1={signature}"},
        "requestContext": {
            "accountId": "anonymous", "apiId": "url", "domainName": "url.example.com", "requestId": "1", "routeKey": "$default",
            "stage": "$default", "timeEpoch": now,
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "Stripe/1.0"},
        },
        "body": body, "isBase64Encoded": False,
    })
    answer = answers.get(timeout=20)
    body = json.loads(answer["body"])
    return answer["statusCode"], body.get("outcome") or body.get("code")


def expect(secret, expected):
    found = deliver(secret)
    if found != expected:
        sys.exit(f"tests/secrets: an event signed with {secret} was answered {found}, not {expected}")


variables = {"STRIPE_SECRET_KEY": "sk_test_1", "EVENTS_DATABASE_URL": "postgres://billing_events@127.0.0.1:1/none"}
client = boto3.client("secretsmanager")
arn = client.create_secret(Name="webhook", SecretString=json.dumps(variables | {"STRIPE_WEBHOOK_SECRET": "whsec_1"}))["ARN"]
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
threading.Thread(target=server.serve_forever, daemon=True).start()
function = subprocess.Popen([sys.argv[1]], stdout=subprocess.DEVNULL, env=os.environ | {
    "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}", "AWS_LAMBDA_FUNCTION_NAME": "webhook",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "BILLING_SECRET_ARN": arn,
})
try:
    expect("whsec_1", (200, "ignored"))
    client.put_secret_value(SecretId=arn, SecretString=json.dumps(variables | {"STRIPE_WEBHOOK_SECRET": "whsec_2"}))
    expect("whsec_2", (200, "ignored"))
    expect("whsec_1", (400, "invalid_signature"))
finally:
    function.kill()
    function.wait()
print("the webhook reads its secret from Secrets Manager, and again when it was replaced")
