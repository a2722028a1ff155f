"""Says of signatures whether Stripe's own SDK accepts them: `python signature.py <unix second>`.

Reads lines of JSON, `{"header", "payload", "secret", "tolerance"}`, the payload in base64, and answers each with
`true` or `false`.
"""

import base64
import json
import sys
import time

from stripe import SignatureVerificationError, Webhook

NOW = int(sys.argv[1])
# The SDK asks this clock how old a signature is.
time.time = lambda: NOW


def accepts(case):
    payload = base64.b64decode(case["payload"]).decode()
    try:
        Webhook.construct_event(payload, case["header"], case["secret"], case["tolerance"])
    except SignatureVerificationError:
        return False
    except json.JSONDecodeError:
        return True  # The body comes after its signature.
    return True


for line in sys.stdin:
    print(json.dumps(accepts(json.loads(line))), flush=True)
