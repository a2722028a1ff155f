"""Says of signatures whether Stripe's own SDK accepts them: `python signature.py <unix second>`.

Reads lines of JSON with `header`, `payload` (in base64), `secret` and `tolerance`. Answers each with
`true` or `false`.
"""

import base64
import json
import sys
import time

from stripe import SignatureVerificationError, WebhookSignature

NOW = int(sys.argv[1])
# The SDK asks this clock how old a signature is.
time.time = lambda: NOW


def accepts(case):
    payload = base64.b64decode(case["payload"]).decode()
    try:
        return WebhookSignature.verify_header(payload, case["header"], case["secret"], case["tolerance"])
    except (SignatureVerificationError, TypeError):  # TypeError: the header is not ASCII.
        return False


for line in sys.stdin:
    print(json.dumps(accepts(json.loads(line))), flush=True)
