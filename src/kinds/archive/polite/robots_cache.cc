#include "kinds/archive/polite/robots_cache.h"

#include <algorithm>
#include <utility>

#include "core/fetch/url_reference.h"

namespace waybill {
namespace {

constexpr Duration kRobotsSlowMax = std::chrono::seconds(20);
/// However it comes: a file that trickles holds up all that wait for it.
constexpr Duration kRobotsTimeMax = std::chrono::seconds(30);

/// The beginning of a file, as much as counts.
class RobotsText final : public HttpDownload {
 public:
  Status begin(const HttpResponse& response) override {
    is_file_ = response.status / 100 == 2;
    return {};
  }
  Status write(std::string_view bytes) override {
    if (!is_file_) return {};  // what an error says is no rule
    text_.append(bytes.substr(0, kRobotsBytesMax - text_.size()));
    is_full_ = text_.size() == kRobotsBytesMax;
    return is_full_ ? Status(fail(Code::cancelled, "the rest does not count")) : Status();
  }
  bool is_full() const { return is_full_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool is_file_ = false;
  bool is_full_ = false;
};

/// That nothing may be asked for now (RFC 9309, 2.3.1.4).
Error robots_away(const std::string& at, const std::string& why, Duration wait) {
  Error error{.code = Code::unavailable,
              .message = shown_url(at) +
                         " cannot be had now, so that nothing may be fetched there: " + why};
  error.retry_after = wait;
  return error;
}

bool is_of_network(Code code) {
  return code == Code::unavailable || code == Code::aborted || code == Code::deadline_exceeded ||
         code == Code::failed_precondition;
}

}  // namespace

void RobotsCache::make_room() {
  if (entries_.size() < params_.servers_max) return;
  const SteadyTime now = clock_.steady_now();
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.second.answer && entry.second.until <= now;
  });
  while (entries_.size() >= params_.servers_max) {
    auto oldest = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      const bool is_older = oldest == entries_.end() || entry->second.until < oldest->second.until;
      if (entry->second.answer && is_older) oldest = entry;
    }
    if (oldest == entries_.end()) return;
    entries_.erase(oldest);
  }
}

Result<RobotsCache::Rules> RobotsCache::rules(const std::string& url, HttpStreams& http,
                                              const Deadline& deadline) {
  const std::string origin = origin_of_url(url);
  {
    const std::stop_callback wake(deadline.stop, [this] {
      const Lock lock(mutex_);
      changed_.notify_all();
    });
    Lock lock(mutex_);
    while (true) {
      const auto found = entries_.find(origin);
      if (found == entries_.end()) break;
      if (found->second.answer && clock_.steady_now() < found->second.until) {
        return *found->second.answer;
      }
      if (found->second.answer) {
        entries_.erase(found);
        break;
      }
      if (deadline.stop_requested()) return fail(Code::cancelled, "stopped");
      if (clock_.steady_now() >= deadline.at) {
        return fail(Code::deadline_exceeded, origin + "/robots.txt did not come in time");
      }
      changed_.wait_until(lock, std::min(deadline.at, clock_.steady_now() + kRobotsSlowMax));
    }
    make_room();
    entries_[origin];
  }
  auto answer = fetch(origin, http, deadline);
  const Lock lock(mutex_);
  changed_.notify_all();
  // Why this thread gave up is no other one's business.
  const bool is_own = !answer && answer.error().code != Code::unavailable;
  if (is_own) {
    entries_.erase(origin);
    return answer;
  }
  const Duration fresh =
      answer ? params_.fresh
             : std::min(answer.error().retry_after.value_or(params_.fresh_failure), params_.fresh);
  entries_[origin] = {.answer = answer, .until = clock_.steady_now() + fresh};
  return answer;
}

Result<RobotsCache::Rules> RobotsCache::fetch(const std::string& origin, HttpStreams& http,
                                              const Deadline& deadline) {
  std::string at = origin + "/robots.txt";
  for (int hop = 0; hop <= params_.redirects_max; ++hop) {
    RobotsText text;
    const Deadline own{.at = std::min(deadline.at, clock_.steady_now() + kRobotsTimeMax),
                       .stop = deadline.stop};
    const auto answer = http.exchange(
        {.request = {.url = at}, .bytes_per_second_min = 1, .slow_max = kRobotsSlowMax}, text, own);
    const auto read = [&]() -> Rules {
      return std::make_shared<const RobotsRules>(RobotsRules::parse(text.text(), kRobotsProduct));
    };
    if (!answer) {
      const Error& error = answer.error();
      if (text.is_full()) return read();
      const bool is_over = deadline.stop_requested() || clock_.steady_now() >= deadline.at;
      if (is_over || !is_of_network(error.code)) return fail(error);
      return fail(
          robots_away(at, error.message, error.retry_after.value_or(params_.fresh_failure)));
    }
    const int status = answer->status;
    if (status / 100 == 2) return read();
    const std::string_view location = header(*answer, "location");
    if (status / 100 == 3 && !location.empty()) {
      auto next = resolve_http_url(at, location);
      if (!next) return std::make_shared<const RobotsRules>();
      at = std::move(*next);
      continue;
    }
    if (status >= 500 || status == 429) {
      const Duration said = retry_after(*answer, clock_.now());
      return fail(robots_away(at, "it answers " + std::to_string(status),
                              std::max(said, params_.fresh_failure)));
    }
    return std::make_shared<const RobotsRules>();
  }
  // More redirects are as no file (RFC 9309, 2.3.1.2).
  return std::make_shared<const RobotsRules>();
}

}  // namespace waybill
