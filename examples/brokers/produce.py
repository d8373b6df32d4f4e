"""Publishes a message that an import makes a task of: produce.py TYPE '{"params": …}' [ID].
WAYBILL_AMQP_URL and WAYBILL_AMQP_QUEUE say where. Prints what Waybill answers."""
import os, sys, uuid
import pika
kind, body, message_id = (sys.argv[1:] + [str(uuid.uuid4())])[:3]
connection = pika.BlockingConnection(pika.URLParameters(os.environ["WAYBILL_AMQP_URL"]))
channel = connection.channel()
channel.confirm_delivery()
def answered(channel, method, properties, answer):
    if properties.correlation_id != message_id: return
    print(answer.decode(), flush=True)
    channel.stop_consuming()
channel.basic_consume("amq.rabbitmq.reply-to", answered, auto_ack=True)
properties = pika.BasicProperties(type=kind, message_id=message_id, correlation_id=message_id,
                                  content_type="application/json", delivery_mode=2,
                                  reply_to="amq.rabbitmq.reply-to")
channel.basic_publish("", os.environ["WAYBILL_AMQP_QUEUE"], body, properties, mandatory=True)
channel.start_consuming()
connection.close()
