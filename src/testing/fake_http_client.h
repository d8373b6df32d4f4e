#pragma once

#include <functional>
#include <vector>

#include "base/mutex.h"
#include "ports/http_client.h"

namespace waybill {

/// Answers requests by a function, and remembers them. Thread-safe if the function is.
class FakeHttpClient final : public HttpClient {
 public:
  using Answer = std::function<Result<HttpResponse>(const HttpRequest&)>;
  explicit FakeHttpClient(Answer answer) : answer_(std::move(answer)) {}

  Result<HttpResponse> send(const HttpRequest& request, const Deadline&) override {
    {
      const Lock lock(mutex_);
      requests_.push_back(request);
    }
    return answer_(request);
  }
  std::vector<HttpRequest> requests() const {
    const Lock lock(mutex_);
    return requests_;
  }

 private:
  const Answer answer_;
  mutable Mutex mutex_;
  std::vector<HttpRequest> requests_ GUARDED_BY(mutex_);
};

}  // namespace waybill
