"""Sends an event to the hook endpoint, signed by the official PyPI package, and has it verify what the host's core signed.

Called by tests/tests/webhooks.rs: one JSON object on standard input, one on standard output.
"""

import json
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone

from standardwebhooks import Webhook

given = json.load(sys.stdin)
webhook = Webhook(given["secret"])
webhook.verify(given["ours"]["body"], given["ours"]["headers"])
sent = datetime.now(timezone.utc)
headers = {
    "content-type": "application/json",
    "webhook-id": given["id"],
    "webhook-timestamp": str(int(sent.timestamp())),
    "webhook-signature": webhook.sign(given["id"], sent, given["body"]),
}
request = urllib.request.Request(given["url"], given["body"].encode(), headers)
try:
    with urllib.request.urlopen(request) as answer:
        told = {"status": answer.status, "body": json.load(answer)}
except urllib.error.HTTPError as error:
    told = {"status": error.code, "body": json.load(error)}
print(json.dumps(told))
