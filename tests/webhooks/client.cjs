// Sends an event to the hook endpoint, signed by the official npm package, and has it verify what the host's core signed.
// Called by tests/tests/webhooks.rs: one JSON object on standard input, one on standard output.
"use strict";
const { Webhook } = require("standardwebhooks");

const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk));
process.stdin.on("end", async () => {
  const { url, secret, id, body, ours } = JSON.parse(Buffer.concat(chunks).toString());
  const webhook = new Webhook(secret);
  webhook.verify(ours.body, ours.headers);
  const sent = new Date();
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(sent.getTime() / 1000)),
    "webhook-signature": webhook.sign(id, sent, body),
  };
  const answer = await fetch(url, { method: "POST", headers, body });
  console.log(JSON.stringify({ status: answer.status, body: await answer.json() }));
});
