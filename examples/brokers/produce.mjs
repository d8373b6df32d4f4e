// Publishes a message that an import makes a task of: produce.mjs TYPE '{"params": …}' [ID].
// WAYBILL_AMQP_URL and WAYBILL_AMQP_QUEUE say where. Prints what Waybill answers.
import amqp from "amqplib";
import { randomUUID } from "node:crypto";

const [type, body, id = randomUUID()] = process.argv.slice(2);
const connection = await amqp.connect(process.env.WAYBILL_AMQP_URL);
const channel = await connection.createConfirmChannel();
await channel.consume("amq.rabbitmq.reply-to", async (answer) => {
  if (answer.properties.correlationId !== id) return;
  console.log(answer.content.toString());
  await connection.close();
}, { noAck: true });
channel.publish("", process.env.WAYBILL_AMQP_QUEUE, Buffer.from(body),
                { type, messageId: id, correlationId: id, contentType: "application/json",
                  persistent: true, mandatory: true, replyTo: "amq.rabbitmq.reply-to" });
await channel.waitForConfirms();
