#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/uuid.h"
#include "core/pipeline/wait.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "services/service.h"

namespace waybill {

/// Asks the URLs that runs wait for, every so often. step() on one thread; the rest on any.
class UrlWaits final : public Service {
 public:
  /// Client and clock outlive it. The client says which addresses may be reached.
  UrlWaits(HttpClient& http, Clock& clock) : http_(http), clock_(clock) {}

  std::string_view name() const override { return "url_waits"; }
  /// Begins no question whose answer could come after the deadline.
  Result<Duration> step(const Deadline& deadline) override;

  struct Place {
    Uuid run;
    std::string path;
    auto operator<=>(const Place&) const = default;
  };
  /// From now on. One that is there already stays.
  void put(const Place& place, const pipeline::Wait& wait);
  void drop(const Place& place);
  void drop_run(const Uuid& run);

  struct Answered {
    Place place;
    int status = 0;
  };
  /// Those that were answered as they should since this was asked last; they are asked no more.
  std::vector<Answered> take();

 private:
  struct Entry {
    pipeline::Wait wait;
    SteadyTime next_at{};
  };
  struct Question {
    Place place;
    pipeline::Wait wait;
    SteadyTime due_at{};
    int status = 0;  ///< 0: there was no answer
  };

  std::vector<Question> due(SteadyTime now);
  void ask(Question& question, const Deadline& deadline);
  void note(const std::vector<Question>& asked);

  HttpClient& http_;
  Clock& clock_;
  Mutex mutex_;
  std::map<Place, Entry> entries_ GUARDED_BY(mutex_);
  std::vector<Answered> answered_ GUARDED_BY(mutex_);
};

}  // namespace waybill
