#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/http_client.h"
#include "ports/queue.h"

namespace waybill::sqs {

/// How messages are written, for all that go one way.
struct MessageForm {
  std::string id_attribute;   ///< carries Message.id; empty: it does not travel
  std::string group;          ///< of a FIFO topic or queue, else empty
  std::size_t bytes_max = 0;  ///< of a message's body and attributes
};

/// What SNS and SQS count against their limits: the body, and names, types and values of
/// attributes.
std::size_t size_of(const Message& message, const MessageForm& form);

/// Whether SNS and SQS can carry the message: `invalid_argument` with what was found and what is
/// allowed.
Status check_message(const Message& message, const MessageForm& form);

/// A message as an entry of PublishBatch, with leading '&': form-encoded. `number` counts from 1.
std::string publish_entry(const Message& message, const MessageForm& form, std::size_t number);
/// A message as an entry of SendMessageBatch: JSON.
std::string send_entry(const Message& message, const MessageForm& form, std::size_t number);

/// What became of the entries of a batch, by the Id that they had.
using EntryAnswers = std::map<std::string, Status>;
EntryAnswers decode_publish_answer(std::string_view xml);
/// Of SendMessageBatch, DeleteMessageBatch and ChangeMessageVisibilityBatch. `data_loss` if the
/// answer is not JSON of the form.
Result<EntryAnswers> decode_batch_answer(std::string_view json);

/// The deliveries of an answer to ReceiveMessage. A message without a receipt is left out with a
/// warning. `data_loss` if the answer is not JSON of the form.
Result<std::vector<Delivery>> decode_received(std::string_view json, std::string_view id_attribute);

/// What a status other than 2xx means, with what the service said: in JSON or in XML.
Error error_of(const HttpResponse& response, std::string_view action, Time now);

}  // namespace waybill::sqs
