// Does tasks that RabbitMQ tells of: claims each by its id over HTTP, and reports there.
// WAYBILL_AMQP_URL, WAYBILL_AMQP_QUEUE (waybill.QUEUE) and WAYBILL_URL say where.
import amqp from "amqplib";
import { randomUUID } from "node:crypto";

const { WAYBILL_URL, WAYBILL_AMQP_URL, WAYBILL_AMQP_QUEUE, WAYBILL_TOKEN = "none" } = process.env;
const worker = `amqplib-${randomUUID()}`;

async function post(path, body) {
  const headers = { Authorization: `Bearer ${WAYBILL_TOKEN}`, "Content-Type": "application/json",
                    "Idempotency-Key": randomUUID() };
  const answer = await fetch(WAYBILL_URL + path,
                             { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const connection = await amqp.connect(WAYBILL_AMQP_URL);
const channel = await connection.createChannel();
await channel.prefetch(1);
await channel.consume(WAYBILL_AMQP_QUEUE, async (message) => {
  let tasks;
  try {
    const { id } = JSON.parse(message.content);
    ({ tasks } = await post("/v1/claims", { worker, lease: "1m", ids: [id] }));
  } catch (error) {  // the server is away: the message comes again
    console.error(String(error));
    return setTimeout(() => channel.nack(message), 1000);
  }
  channel.ack(message);  // the lease is on disk: the message has done its part
  for (const { id, fence, params } of tasks) {  // none: another has it, or it is done
    console.log("doing", id, JSON.stringify(params));  // longer ones beat: /v1/beats
    const outcome = { id, fence, outcome: "succeeded", result: { by: worker } };
    await post("/v1/finishes", { tasks: [outcome] });
  }
});
