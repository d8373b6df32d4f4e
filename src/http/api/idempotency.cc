#include "http/api/idempotency.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "ports/answer_store.h"

namespace waybill::http {
namespace {

constexpr std::size_t kKeyBytesMax = 200;
constexpr std::size_t kStoredBytesMax = 64 << 10;

/// With a guess at what it takes to keep one.
std::size_t size_of(const Response& response) { return response.body.size() + 500; }

Response as_replayed(Response first) {
  first.headers.emplace_back("Idempotent-Replayed", "true");
  return first;
}

std::string lines_of(const Pairs& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) lines += name + ": " + value + "\n";
  return lines;
}

Pairs headers_of(std::string_view lines) {
  Pairs headers;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    const std::size_t colon = line.find(": ");
    if (colon != line.npos) headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  }
  return headers;
}

}  // namespace

KeyedCall keyed_call(const std::string& who, const std::string& key, const Request& request) {
  return {.owner = who + "\n" + key,
          .fingerprint = sha256(request.method + "\n" + request.path + "\n" + request.body)};
}

Answer<std::optional<Response>> FirstAnswers::find(const KeyedCall& call, Keeping keeping) const {
  {
    const Lock lock(mutex_);
    const auto found = kept_.find(call.owner);
    if (found != kept_.end()) {
      if (found->second.fingerprint != call.fingerprint) return refuse(key_reused());
      return as_replayed(found->second.response);
    }
  }
  if (keeping == Keeping::in_memory || store_ == nullptr) return std::nullopt;
  return find_stored(call);
}

Answer<std::optional<Response>> FirstAnswers::find_stored(const KeyedCall& call) const {
  auto found = store_->find(call.owner);
  if (!found) return refuse_storage(with_context(found.error(), "looking for the first answer"));
  if (!*found) return std::nullopt;
  if ((*found)->fingerprint != call.fingerprint) return refuse(key_reused());
  Response first{.status = (*found)->status,
                 .body = std::move((*found)->body),
                 .headers = headers_of((*found)->headers),
                 .stream = nullptr};
  if (first.body.empty()) first.content_type.clear();
  return as_replayed(std::move(first));
}

void FirstAnswers::keep(const KeyedCall& call, const Response& response, Keeping keeping,
                        Time now) {
  if (response.stream != nullptr) return;
  if (!response.body_to_keep.empty()) {
    Response without = response;
    without.body = std::exchange(without.body_to_keep, "");
    return keep(call, without, keeping, now);
  }
  remember(call, response);
  // A restart forgets those that are large: they are few, and would fill the disk.
  const bool is_large = response.body.size() > kStoredBytesMax;
  if (keeping == Keeping::in_memory || store_ == nullptr || is_large) return;
  const auto kept = store_->keep({.owner = call.owner,
                                  .fingerprint = call.fingerprint,
                                  .status = response.status,
                                  .headers = lines_of(response.headers),
                                  .body = response.body,
                                  .kept_at = now});
  if (!kept) log::warn("first_answer_not_kept", kept.error().message);
}

void FirstAnswers::remember(const KeyedCall& call, const Response& response) {
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

FirstAnswers::UnderWay::UnderWay(FirstAnswers& answers, const std::string& owner)
    : answers_(answers), owner_(owner) {
  const Lock lock(answers_.mutex_);
  is_ours_ = answers_.under_way_.insert(owner_).second;
}

FirstAnswers::UnderWay::~UnderWay() {
  if (!is_ours_) return;
  const Lock lock(answers_.mutex_);
  answers_.under_way_.erase(owner_);
}

Problem key_under_way() {
  return problem_of(Error{.code = Code::unavailable,
                          .message = "the first request under this Idempotency-Key is not answered "
                                     "yet; send it again in a moment",
                          .retry_after = std::chrono::seconds(1)});
}

Problem key_reused() {
  Problem problem = problem_of(422,
                               "this Idempotency-Key was sent before with another request; take a "
                               "new key for each request, and the same only to repeat one");
  return problem;
}

}  // namespace waybill::http
