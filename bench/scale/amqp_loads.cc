#include <amqp.h>
#include <amqp_framing.h>

#include <algorithm>
#include <utility>

#include "adapters/amqp/queue.h"
#include "adapters/local/system_clock.h"
#include "bench/scale/scale_loads.h"
#include "bench/scale/scale_tasks.h"
#include "services/hint.h"

namespace waybill::bench {
namespace {

constexpr std::size_t kInFlightMax = 1000;  // as AmqpOptions has it
constexpr const char* kQueue = "waybill-bench";

std::vector<Message> hints(const ScaleOptions& options, Clock& clock) {
  std::vector<Message> messages;
  auto shares = scale_tasks({.tasks = options.tasks}, clock);
  for (TaskRequest& request : shares.front()) {
    Task task;
    task.request = std::move(request);
    messages.push_back(make_hint(task));
  }
  return messages;
}

AmqpQueue queue_at(const std::string& url, Clock& clock) {
  return AmqpQueue(clock, {.connection = {.url = url},
                           .queue = kQueue,
                           .exchange = kQueue,
                           .routing_key = kQueue,
                           .type = AmqpQueueType::quorum,
                           .makes = AmqpMakes::topology,
                           .dead_letter_exchange = "",
                           .unconfirmed_max = kInFlightMax});
}

Status publish_all(Queue& queue, std::span<const Message> messages, std::size_t batch) {
  for (std::size_t at = 0; at < messages.size(); at += batch) {
    const auto part = messages.subspan(at, std::min(batch, messages.size() - at));
    const auto answers = queue.publish(part);
    if (!answers) return fail(answers.error());
    for (const Status& answer : *answers) {
      if (!answer) return answer;
    }
  }
  return {};
}

amqp_bytes_t bytes_in(const std::string& text) {
  return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}

Status send_bare(amqp_connection_state_t state, const Message& message) {
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
  properties.delivery_mode = 2;
  properties.message_id = bytes_in(message.id);
  const std::string name = kQueue;
  const int sent = amqp_basic_publish(state, amqp::Connection::kChannel, bytes_in(name),
                                      bytes_in(name), 1, 0, &properties, bytes_in(message.body));
  return sent == AMQP_STATUS_OK ? Status() : fail(Code::unavailable, amqp_error_string2(sent));
}

/// How many messages are confirmed once the next frame is read.
Result<std::size_t> hear_bare(amqp_connection_state_t state, std::size_t confirmed) {
  amqp_maybe_release_buffers(state);
  amqp_frame_t frame{};
  const int read = amqp_simple_wait_frame(state, &frame);
  if (read != AMQP_STATUS_OK) return fail(Code::unavailable, amqp_error_string2(read));
  if (frame.frame_type != AMQP_FRAME_METHOD) return confirmed;
  if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD) {
    return fail(Code::unknown, "the broker refused a bare message");
  }
  const auto* ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
  // A quorum queue confirms in order, so that this counts every message once.
  return ack->multiple != 0 ? std::max<std::size_t>(confirmed, ack->delivery_tag) : confirmed + 1;
}

Status publish_bare(amqp_connection_state_t state, std::span<const Message> messages) {
  std::size_t sent = 0;
  std::size_t confirmed = 0;
  while (confirmed < messages.size()) {
    if (sent < messages.size() && sent - confirmed < kInFlightMax) {
      if (Status put = send_bare(state, messages[sent++]); !put) return put;
      continue;
    }
    const auto heard = hear_bare(state, confirmed);
    if (!heard) return fail(heard.error());
    confirmed = *heard;
  }
  return {};
}

}  // namespace

Result<ScaleReport> run_publish(const ScaleOptions& options) {
  SystemClock clock;
  const auto messages = hints(options, clock);
  AmqpQueue queue = queue_at(options.place, clock);
  if (Status warm = publish_all(queue, std::span(messages).first(1), 1); !warm) {
    return fail(warm.error());
  }
  const SteadyTime begin = clock.steady_now();
  if (Status done = publish_all(queue, messages, options.batch); !done) return fail(done.error());
  return ScaleReport{.tasks = messages.size(),
                     .seconds = std::chrono::duration<double>(clock.steady_now() - begin).count()};
}

Result<ScaleReport> run_bare_publish(const ScaleOptions& options) {
  SystemClock clock;
  const auto messages = hints(options, clock);
  AmqpQueue queue = queue_at(options.place, clock);  // makes the queue
  if (Status warm = publish_all(queue, std::span(messages).first(1), 1); !warm) {
    return fail(warm.error());
  }
  const auto connection = amqp::Connection::open({.url = options.place});
  if (!connection) return fail(connection.error());
  amqp_confirm_select((*connection)->state(), amqp::Connection::kChannel);
  if (Status asked = (*connection)->reply("asking for confirms"); !asked) {
    return fail(asked.error());
  }
  const SteadyTime begin = clock.steady_now();
  if (Status done = publish_bare((*connection)->state(), messages); !done) {
    return fail(done.error());
  }
  return ScaleReport{.tasks = messages.size(),
                     .seconds = std::chrono::duration<double>(clock.steady_now() - begin).count()};
}

}  // namespace waybill::bench
