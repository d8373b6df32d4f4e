#include "http/api/idempotency.h"

#include <algorithm>

#include "base/digest.h"

namespace waybill::http {
namespace {

constexpr std::size_t kKeyBytesMax = 200;

/// With a guess at what it takes to keep one.
std::size_t size_of(const Response& response) { return response.body.size() + 500; }

}  // namespace

KeyedCall keyed_call(const std::string& who, const std::string& key, const Request& request) {
  return {.owner = who + "\n" + key,
          .fingerprint = sha256(request.method + "\n" + request.path + "\n" + request.body)};
}

Answer<std::optional<Response>> FirstAnswers::find(const KeyedCall& call) const {
  const Lock lock(mutex_);
  const auto found = kept_.find(call.owner);
  if (found == kept_.end()) return std::nullopt;
  if (found->second.fingerprint != call.fingerprint) return refuse(key_reused());
  Response first = found->second.response;
  first.headers.emplace_back("Idempotent-Replayed", "true");
  return first;
}

void FirstAnswers::keep(const KeyedCall& call, const Response& response) {
  const Lock lock(mutex_);
  const auto [kept, is_new] =
      kept_.emplace(call.owner, Kept{.fingerprint = call.fingerprint, .response = response});
  if (!is_new) return;
  order_.push_back(call.owner);
  bytes_ += size_of(kept->second.response);
  while (bytes_ > bytes_max_) {
    const auto oldest = kept_.find(order_.front());
    bytes_ -= size_of(oldest->second.response);
    kept_.erase(oldest);
    order_.pop_front();
  }
}

std::string key_problem(std::string_view key) {
  const bool printable =
      std::all_of(key.begin(), key.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!key.empty() && key.size() <= kKeyBytesMax && printable) return "";
  return "the Idempotency-Key has to be 1 to 200 printable characters of ASCII, e.g. a UUID";
}

Problem key_reused() {
  Problem problem = problem_of(422,
                               "this Idempotency-Key was sent before with another request; take a "
                               "new key for each request, and the same only to repeat one");
  return problem;
}

}  // namespace waybill::http
