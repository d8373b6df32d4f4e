#include "adapters/remote/logs.h"

#include <algorithm>
#include <boost/json.hpp>
#include <span>

#include "base/json.h"
#include "base/log.h"

namespace waybill {
namespace {

/// Of one request (schemas/openapi.json).
constexpr std::size_t kChunksMax = 1000;
constexpr Duration kPauseFirst = std::chrono::milliseconds(200);
constexpr Duration kPauseMax = std::chrono::seconds(2);

Status lease_is_over(const Uuid& task) {
  return fail(Code::aborted, "task " + to_string(task) + " is not this worker's any more, so " +
                                 "its output is not kept");
}

void write_chunk(std::string& body, const LogChunk& chunk) {
  body += R"({"stream":")" + std::string(to_string(chunk.stream)) + R"(","at":")" +
          format_time(chunk.at) + R"(","text":)";
  json::append_quoted(body, chunk.bytes);
  body += '}';
}

}  // namespace

RemoteLogs::RemoteLogs(RemoteServer& server, HeldTasks& held, Clock& clock, RemoteLogsParams params)
    : server_(server), held_(held), clock_(clock), params_(params) {
  for (int i = 0; i < params_.senders; ++i) {
    senders_.emplace_back([this] { run(stop_.get_token()); });
  }
}

RemoteLogs::~RemoteLogs() { stop_.request_stop(); }

RemoteLogs::LanePtr RemoteLogs::find(const Key& key) {
  const auto found = lanes_.find(key);
  return found == lanes_.end() ? nullptr : found->second;
}

bool RemoteLogs::is_refused(const Lane& lane) const {
  return lane.refused_since && clock_.steady_now() - *lane.refused_since >= params_.refused_max;
}

Status RemoteLogs::append(const Uuid& task, const LogChunk& chunk) {
  if (chunk.bytes.empty()) return {};  // the server counts none of these
  for (;;) {
    const std::uint64_t seen = gone_.rung();
    const auto held = held_.find(task);
    SteadyTime until = kSteadyTimeMax;
    if (!held || held->attempt != chunk.attempt || clock_.steady_now() >= held->lease_until) {
      return lease_is_over(task);
    }
    {
      const Lock lock(mutex_);
      LanePtr& lane = lanes_[{task, held->fence}];
      if (!lane) {
        lane = std::make_shared<Lane>();
        lane->task = task;
        lane->fence = held->fence;
      }
      if (lane->bytes < params_.waiting_bytes_max) {
        put(*lane, chunk);
        break;
      }
      // A run that waits for ever could not be stopped either.
      if (is_refused(*lane)) return fail(lane->failure);
      if (lane->refused_since) until = *lane->refused_since + params_.refused_max;
    }
    gone_.wait(seen, {.at = std::min(held->lease_until, until), .stop = stop_.get_token()}, clock_);
    if (stop_.stop_requested()) return fail(Code::cancelled, "sending output: stopped");
  }
  more_.ring();
  return {};
}

/// Pieces of one stream that follow each other become one: programs write line by line.
void RemoteLogs::put(Lane& lane, const LogChunk& chunk) {
  const SteadyTime now = clock_.steady_now();
  const bool is_first = lane.waiting.empty();
  if (!is_first && lane.waiting.back().stream == chunk.stream &&
      lane.waiting.back().bytes.size() + chunk.bytes.size() <= params_.batch_bytes) {
    lane.waiting.back().bytes += chunk.bytes;
  } else {
    lane.waiting.push_back(chunk);
  }
  lane.bytes += chunk.bytes.size();
  if (lane.failures > 0 && lane.pause > Duration::zero()) return;  // `due` says when again
  if (is_first && !lane.batch) lane.due = std::min(lane.due, now + params_.every);
  if (lane.bytes >= params_.batch_bytes) lane.due = now;
}

void RemoteLogs::hurry(const Uuid& task, std::uint64_t fence) {
  {
    const Lock lock(mutex_);
    const LanePtr lane = find({task, fence});
    if (!lane || lane->bytes == 0) return;
    lane->due = clock_.steady_now();
  }
  more_.ring();
}

Status RemoteLogs::flush(const Uuid& task, std::uint64_t fence, const Deadline& deadline) {
  std::optional<std::uint64_t> failures;
  for (;;) {
    const std::uint64_t seen = gone_.rung();
    {
      const Lock lock(mutex_);
      const LanePtr lane = find({task, fence});
      if (!lane) return {};
      if (lane->is_over) return lease_is_over(task);
      if (lane->bytes == 0 && !lane->is_sending) return {};
      if (failures && lane->failures > *failures) return fail(lane->failure);
      if (!failures) failures = lane->failures;
      lane->due = clock_.steady_now();
    }
    if (clock_.steady_now() >= deadline.at) {
      return fail(Code::unavailable,
                  "the server has not taken the output of task " + to_string(task) + " yet");
    }
    more_.ring();
    gone_.wait(seen, {.at = deadline.at, .stop = stop_.get_token()}, clock_);
    if (stop_.stop_requested()) return fail(Code::cancelled, "sending output: stopped");
  }
}

bool RemoteLogs::give_up(const Uuid& task, std::uint64_t fence) {
  const Lock lock(mutex_);
  const LanePtr lane = find({task, fence});
  if (!lane) return true;
  if (!is_refused(*lane) || lane->is_sending) return false;
  log::warn("output_not_kept", lane->failure.message,
            {{"task", to_string(task)}, {"bytes", lane->bytes}});
  lanes_.erase({task, fence});
  return true;
}

void RemoteLogs::forget(const Uuid& task, std::uint64_t fence) {
  const Lock lock(mutex_);
  lanes_.erase({task, fence});
}

void RemoteLogs::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::uint64_t seen = more_.rung();
    SteadyTime next = kSteadyTimeMax;
    LanePtr lane;
    {
      const Lock lock(mutex_);
      lane = take_due(clock_.steady_now(), next);
    }
    if (lane) {
      sent(*lane, send(*lane, stop));
    } else {
      more_.wait(seen, {.at = next, .stop = stop}, clock_);
    }
  }
}

RemoteLogs::LanePtr RemoteLogs::take_due(SteadyTime now, SteadyTime& next) {
  // The one that has waited longest, so that none is passed over for ever.
  LanePtr first;
  for (const auto& [key, lane] : lanes_) {
    if (lane->is_sending || lane->is_over || lane->bytes == 0) continue;
    if (!first || lane->due < first->due) first = lane;
  }
  if (first && first->due > now) {
    next = first->due;
    first = nullptr;
  }
  if (!first) return nullptr;
  first->is_sending = true;
  if (!first->batch) make_batch(*first);
  return first;
}

void RemoteLogs::make_batch(Lane& lane) {
  Batch batch{.key = server_.new_key(), .body = {}};
  batch.body = R"({"fence":)" + std::to_string(lane.fence);
  if (lane.taken) batch.body += R"(,"chunks_before":)" + std::to_string(*lane.taken);
  batch.body += R"(,"chunks":[)";
  for (; !lane.waiting.empty() && batch.chunks < kChunksMax; ++batch.chunks) {
    const LogChunk& chunk = lane.waiting.front();
    if (batch.chunks > 0 && batch.bytes + chunk.bytes.size() > params_.batch_bytes) break;
    if (batch.chunks > 0) batch.body += ',';
    write_chunk(batch.body, chunk);
    batch.bytes += chunk.bytes.size();
    lane.waiting.pop_front();
  }
  batch.body += "]}";
  lane.batch = std::move(batch);
}

/// The lane is being sent: its batch is nobody else's until that is over.
Status RemoteLogs::send(const Lane& lane, const std::stop_token& stop) {
  const auto held = held_.find(lane.task);
  if (!held || held->fence != lane.fence || clock_.steady_now() >= held->lease_until) {
    return lease_is_over(lane.task);
  }
  const auto answer =
      server_.post_as(lane.batch->key, "/v1/tasks/" + to_string(lane.task) + "/logs",
                      lane.batch->body, {.stop = stop});
  if (!answer) return fail(answer.error());
  return {};
}

void RemoteLogs::sent(Lane& lane, const Status& answer) {
  const SteadyTime now = clock_.steady_now();
  {
    const Lock lock(mutex_);
    lane.is_sending = false;
    if (!answer && is_outage(answer.error().code)) {
      lane.failure = answer.error();
      lane.batch->went_unanswered = true;
      if (!lane.refused_since) lane.refused_since = now;
      ++lane.failures;
      lane.pause = std::clamp(2 * lane.pause, kPauseFirst, kPauseMax);
      lane.due = now + lane.pause;
    } else if (!answer &&
               (answer.error().code == Code::aborted || answer.error().code == Code::not_found)) {
      close(lane);
    } else {
      if (!answer) {
        log::warn("output_not_kept", answer.error().message, {{"task", to_string(lane.task)}});
        // It may have been taken all the same: a count that is too low would drop what follows.
        if (lane.batch->went_unanswered) lane.taken.reset();
      } else if (lane.taken) {
        *lane.taken += lane.batch->chunks;
      }
      lane.bytes -= lane.batch->bytes;
      lane.batch.reset();
      lane.pause = Duration::zero();
      lane.refused_since.reset();
      lane.due = lane.bytes >= params_.batch_bytes ? now : now + params_.every;
    }
  }
  gone_.ring();
}

void RemoteLogs::close(Lane& lane) {
  log::info("output_discarded", "the task's lease is another's or over by now",
            {{"task", to_string(lane.task)}, {"fence", lane.fence}});
  lane.is_over = true;
  lane.waiting.clear();
  lane.batch.reset();
  lane.bytes = 0;
  held_.erase(lane.task, lane.fence);
  lanes_.erase({lane.task, lane.fence});
}

}  // namespace waybill
