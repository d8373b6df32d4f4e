#include "services/scan_lock.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/uuid.h"
#include "services/guarded_thread.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::string_view kReleased = "released";

/// Even a crowd of scanners that take and release it all the time meets one of them sooner.
constexpr int kVanishedMax = 20;

/// A chain grows by one with each scanner that dies without another that ends well.
constexpr std::size_t kChainMax = 1000;

std::string text_of(const bj::value& document, std::string_view field) {
  if (!document.is_object()) return "";
  const auto* value = document.get_object().if_contains(field);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

std::string successor_key(const std::string& token) {
  return std::string(ScanLock::kKey) + "-" + token;
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos;
}

}  // namespace

ScanLock::ScanLock(ObjectStore& bucket, Clock& clock, ScanLockParams params)
    : bucket_(bucket), clock_(clock), params_(std::move(params)) {}

ScanLock::~ScanLock() { release(); }

Result<ScanLock::Outcome> ScanLock::acquire(const std::stop_token& stop) {
  Duration pause = params_.lease / 600;
  int vanished = 0;
  for (;;) {
    if (stop.stop_requested()) {
      return fail(Code::cancelled, "asked to stop before the scan lock was had");
    }
    waits_ = false;
    const Result<bool> put_first = put(kKey);
    if (!put_first) return fail(put_first.error());
    if (*put_first && bucket_.caps().conditional_put) {
      chain_ = {kKey};
      return hold(kKey);
    }
    const Result<Seen> seen = walk();
    if (!seen) return fail(seen.error());
    if (seen->key.empty()) {
      if (++vanished == 1) continue;  // released in between
      if (vanished > kVanishedMax) {
        return fail(Code::unavailable,
                    "taking the scan lock: it is there when it is put, and not when it is read");
      }
      clock_.wait_until(clock_.steady_now() + pause, stop);
      pause = std::min(pause * 2, params_.lease / 15);
      continue;
    }
    if (seen->token == params_.token) return hold(seen->key);
    const Result<Outcome> met = meet(*seen);
    if (!met) return fail(met.error());
    if (*met == Outcome::acquired) return hold(key_);
    if (!waits_) return Outcome::held;
    clock_.wait_until(clock_.steady_now() + pause, stop);
    pause = std::min(pause * 2, params_.lease / 15);
  }
}

Result<bool> ScanLock::put(const std::string& key) {
  {
    const Lock lock(mutex_);
    renewed_at_ = clock_.steady_now();
  }
  const Status written = bucket_.put_if_absent(key, body());
  if (written) return true;
  if (written.error().code == Code::already_exists) return false;
  return fail(with_context(written.error(), "taking the scan lock"));
}

Result<ScanLock::Seen> ScanLock::walk() {
  Seen last;
  chain_.clear();
  std::string key = kKey;
  while (chain_.size() < kChainMax) {
    Result<std::string> body = bucket_.get(key);
    if (!body && body.error().code == Code::not_found) return last;
    if (!body) return fail(with_context(body.error(), "reading the scan lock"));
    const auto parsed = json::parse(*body);
    const bj::value document = parsed ? *parsed : bj::value();
    last = {.key = key,
            .token = text_of(document, "token"),
            .holder = text_of(document, "holder"),
            .body = std::move(*body),
            .released = text_of(document, "state") == kReleased};
    // Whatever else may lie there: it is followed as any other that nobody renews.
    if (!is_token(last.token)) last.token = to_string(uuid_v5(kTaskNamespace, last.body));
    chain_.push_back(key);
    const std::string forward = text_of(document, "forward");
    key = successor_key(last.token);
    if (last.key != kKey || !is_token(forward)) continue;
    const Result<std::string> ahead = bucket_.get(successor_key(forward));
    if (ahead) key = successor_key(forward);
    if (!ahead && ahead.error().code != Code::not_found) {
      return fail(with_context(ahead.error(), "reading the scan lock"));
    }
  }
  return fail(Code::failed_precondition,
              "the scan lock has over " + std::to_string(kChainMax) +
                  " successors; remove the objects task-markers/scan-lock* while no scanner runs");
}

Result<ScanLock::Outcome> ScanLock::meet(const Seen& seen) {
  rival_ = seen.holder.empty() ? "an unknown holder" : seen.holder;
  const SteadyTime now = clock_.steady_now();
  const bool is_gone = seen.released || (params_.is_gone && params_.is_gone(seen.holder));
  const bool first_seen = !watched_;
  if (!is_gone && first_seen) {
    watched_ = seen.body;
    watched_since_ = now;
  }
  const bool unchanged = watched_ == seen.body;
  if (!is_gone && !unchanged) return Outcome::held;  // renewed, or another one has it: it lives
  if (!is_gone && now - watched_since_ < params_.lease) {
    waits_ = true;
    return Outcome::held;
  }
  const Result<bool> ours = succeed(seen);
  if (!ours) return fail(ours.error());
  if (*ours) return Outcome::acquired;
  waits_ = true;  // a rival was faster: look again
  watched_.reset();
  return Outcome::held;
}

Result<bool> ScanLock::succeed(const Seen& seen) {
  const std::string key = successor_key(seen.token);
  const Result<bool> written = put(key);
  if (!written || !*written) return written;
  const Result<Seen> last = walk();
  if (!last) return fail(last.error());
  if (last->token == params_.token) {
    if (!seen.released) {
      log::warn("scan_lock_taken_over", "took over the scan lock of a scanner that has died",
                {{"holder", rival_}});
    }
    key_ = key;
    return true;
  }
  // The lock that it succeeds is of the past.
  const Status removed = bucket_.remove(key);
  if (!removed && removed.error().code != Code::permission_denied) return fail(removed.error());
  return false;
}

ScanLock::Outcome ScanLock::hold(const std::string& key) {
  key_ = key;
  renewer_ = guarded_thread("scan lock", [this](const std::stop_token& stop) { renew(stop); });
  return Outcome::acquired;
}

bool ScanLock::is_held() const {
  if (key_.empty()) return false;
  const Lock lock(mutex_);
  return clock_.steady_now() < renewed_at_ + params_.lease * 2 / 3;
}

void ScanLock::release() {
  if (key_.empty()) return;
  renewer_.request_stop();
  renewer_.join();
  const bool ours = is_held();
  const std::string own = std::exchange(key_, "");
  if (!ours) return;  // what is there now may be another's
  for (const std::string& key : chain_) {
    Status removed = bucket_.remove(key);
    if (!removed && removed.error().code == Code::permission_denied) removed = mark_released(own);
    if (!removed) {
      log::warn("scan_lock_left",
                "the scan lock could not be removed: the next scanner has to wait for it",
                {{"key", key}, {"error", removed.error().message}});
    }
    if (!removed || is_marked_) return;
  }
}

Status ScanLock::mark_released(const std::string& key) {
  is_marked_ = true;
  // First the shortcut, while nobody else may write the head. It leads into the chain whenever it
  // comes to be written, for of a chain that nobody may remove every object stays.
  if (key != kKey) {
    const bj::object head{{"forward", key.substr(std::string_view(kKey).size() + 1)}};
    if (Status written = bucket_.put(kKey, json::serialize(head)); !written) return written;
  }
  return bucket_.put(
      key, json::serialize(bj::object{
               {"holder", params_.holder}, {"token", params_.token}, {"state", kReleased}}));
}

std::string ScanLock::body() const {
  return json::serialize(bj::object{{"holder", params_.holder},
                                    {"token", params_.token},
                                    {"renewals", renewals_},
                                    {"expires_at", format_time(clock_.now() + params_.lease)}});
}

/// Whether there is no such object any more, or that of another holder. Not where that is not
/// known.
bool ScanLock::is_taken_away() const {
  const Result<std::string> there = bucket_.get(key_);
  if (!there) return there.error().code == Code::not_found;
  const auto parsed = json::parse(*there);
  return !parsed || text_of(*parsed, "token") != params_.token;
}

void ScanLock::renew(const std::stop_token& stop) {
  SteadyTime next = clock_.steady_now() + params_.lease / 6;
  for (;;) {
    clock_.wait_until(next, stop);
    if (stop.stop_requested()) return;
    if (!is_held()) {
      log::error("scan_lock_lost",
                 "the scan lock could not be renewed in time: what is left is for the next run");
      return;
    }
    if (is_taken_away()) {
      log::error("scan_lock_lost",
                 "the scan lock was removed or replaced by somebody: what is left is for the next "
                 "run");
      const Lock lock(mutex_);
      renewed_at_ = SteadyTime{} - params_.lease;
      return;
    }
    const SteadyTime asked = clock_.steady_now();
    ++renewals_;
    const Status renewed = bucket_.put(key_, body());
    if (renewed) {
      const Lock lock(mutex_);
      renewed_at_ = asked;
    } else {
      log::warn("scan_lock_not_renewed", "the scan lock could not be renewed; trying again",
                {{"error", renewed.error().message}});
    }
    next = clock_.steady_now() + (renewed ? params_.lease / 6 : params_.lease / 15);
  }
}

}  // namespace waybill
