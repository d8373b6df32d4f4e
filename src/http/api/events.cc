// The stream of changes.

#include <charconv>
#include <optional>
#include <utility>

#include "http/api/routes.h"

namespace waybill::http {
namespace {

std::optional<std::uint64_t> parse_sequence(std::string_view text) {
  std::uint64_t sequence = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, sequence);
  if (error != std::errc() || stop != end) return std::nullopt;
  return sequence;
}

/// The query keeps to its schema, so its texts are what they have to be.
EventFilter filter_in(const Query& query) {
  EventFilter filter{.queues = query.texts("queue"),
                     .kinds = query.texts("kind"),
                     .definitions = query.texts("definition"),
                     .created_by = query.texts("created_by"),
                     .labels = labels_in(query)};
  for (const std::string& state : query.texts("state")) {
    filter.states.push_back(parse_state(state).value());
  }
  if (query.has("task")) filter.task = parse_uuid(query.text("task")).value();
  return filter;
}

Answer<Reply> stream_events(const ApiParts& parts, const Call& call) {
  EventFilter filter = filter_in(call.query);
  std::optional<std::uint64_t> after;
  if (call.query.has("after")) after = static_cast<std::uint64_t>(call.query.integer("after"));
  // What EventSource says after a lost connection goes before what the address said.
  if (const std::string_view last = call.request.header("last-event-id"); !last.empty()) {
    after = parse_sequence(last);
    if (!after) {
      return refuse(Error{.code = Code::invalid_argument,
                          .message = "Last-Event-ID has to be the id of an event: a number"});
    }
  }
  auto stream = parts.feed.follow_events(after, std::move(filter));
  if (!stream) return refuse(stream.error());
  return stream_response(std::move(*stream));
}

}  // namespace

Response stream_response(std::shared_ptr<BodyStream> stream) {
  // The last is for nginx, which otherwise keeps events until a buffer is full.
  return {.status = 200,
          .body = {},
          .content_type = "text/event-stream",
          .headers = {{"X-Accel-Buffering", "no"}},
          .stream = std::move(stream)};
}

void add_event_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["streamEvents"] = [&parts](const Call& call) { return stream_events(parts, call); };
}

}  // namespace waybill::http
