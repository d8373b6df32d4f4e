// A receiver of webhooks with the libraries of others: the signature is checked as Standard
// Webhooks has it, the body read as a CloudEvent.
// usage: webhook_receiver.mjs SECRET COUNT: prints its port, then type and subject of each message
// that it takes, and ends after COUNT requests, of which it answers the second with 500.

import http from "node:http";
import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const [secret, count] = process.argv.slice(2);
const webhook = new Webhook(secret);
let requests = 0;

const server = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  try {
    webhook.verify(body, request.headers);
    const event = HTTP.toEvent({ headers: request.headers, body });
    event.validate();
    if (++requests === 2) {
      response.writeHead(500).end();
      return;
    }
    console.log(`${event.type} ${event.subject}`);
    response.writeHead(204).end();
  } catch (error) {
    console.error(String(error), JSON.stringify(request.headers), body);
    response.writeHead(400).end();
    process.exitCode = 1;
  }
  if (requests >= Number(count)) {
    server.close();
    server.closeIdleConnections();
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
