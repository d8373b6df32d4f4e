#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ports/channel_publisher.h"
#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "services/service.h"

namespace waybill {

struct ProgressPublisherParams {
  std::size_t batch = 500;               ///< events of one step, and running tasks that it looks at
  std::size_t running_max = 10'000;      ///< running tasks whose progress is followed
  std::size_t bytes_at_once = 1u << 20;  ///< text of messages at which they are sent
  Duration look_every = std::chrono::seconds(1);  ///< at the progress of running tasks
  Duration send_time_max = std::chrono::seconds(2);
  Duration backoff_first = std::chrono::milliseconds(200);
  Duration backoff_max = std::chrono::seconds(5);
  /// Between looks at a ledger that cannot tell of changes.
  Duration poll = std::chrono::milliseconds(100);
  /// Of those who publish the same, one does at a time: who holds the turn of this name; empty:
  /// each one does.
  std::string turn{};
  std::string holder{};                           ///< tells this one from the others
  Duration hold = std::chrono::seconds(6);        ///< how soon another one takes a dead one's place
  Duration turn_every = std::chrono::seconds(2);  ///< at which it is asked for, and kept
};

/// Publishes each task whose state changes, from now on, and running ones when their progress does:
/// always as a whole and as it is then, so that changes which follow each other quickly may be one
/// message. It is a hint and no record: while the channels' server is away, or too slow, messages
/// are dropped and counted; tasks wait for none of this, and nothing is kept but ids. Who takes the
/// place of another one tells also of what has changed since a little before that was lost.
/// Thread-safe; step() runs on one thread.
class ProgressPublisher final : public Service {
 public:
  struct Ports {
    LedgerReader& reader;
    ChannelPublisher& channels;
    Clock& clock;
  };
  /// What is told of a task with this progress: a JSON object, or empty.
  using Tell = std::function<ChannelMessage(const Task& task, const std::string& progress)>;
  ProgressPublisher(Ports ports, Tell tell, const ProgressPublisherParams& params = {})
      : ports_(ports), tell_(std::move(tell)), params_(params) {}

  std::string_view name() const override { return "progress_publisher"; }
  Result<Duration> step(const Deadline& deadline) override;
  /// Lets another one have the turn, once step() is called no more.
  void leave();

  struct Counts {
    std::uint64_t published = 0;
    std::uint64_t dropped = 0;
  };
  Counts counts() const { return {.published = published_, .dropped = dropped_}; }

 private:
  enum class More : std::uint8_t { yes, no };
  enum class Turn : std::uint8_t { mine, others };

  Result<Turn> turn(const Deadline& deadline);
  Status stand_by();
  Status begin(const Deadline& deadline);
  Status find_running();
  Result<More> read_events();
  /// Notes which running tasks have new progress.
  Status look();
  void note(const Uuid& id);
  Status tell_all(const Deadline& deadline);
  /// The message for one task; none: it is gone, or cannot be read.
  Result<std::optional<ChannelMessage>> message_of(const Uuid& id);
  /// False: they were dropped with all that was noted.
  bool send(std::vector<ChannelMessage>& messages, const Deadline& deadline);
  void drop(std::size_t count) { dropped_ += count; }
  void went_away(const Error& error);
  void came_back();
  Result<Duration> wait_for_news(const Deadline& deadline);

  const Ports ports_;
  const Tell tell_;
  const ProgressPublisherParams params_;
  std::optional<Turn> turn_;  // as it was when it was last asked for; none: not yet
  SteadyTime ask_turn_at_{};
  bool turns_refused_ = false;  // it was said
  bool turns_fail_ = false;     // likewise, of the last answer
  // The ledger's last event, a hold ago or longer, and since: where to begin in another's place.
  std::optional<std::uint64_t> older_, newer_;
  SteadyTime newer_at_{};
  std::optional<std::uint64_t> cursor_;  // the last event that was looked at
  std::map<Uuid, std::size_t> running_;  // with the hash of the progress that was told; 0: none
  Uuid looked_at_;                       // the last one of running_ whose turn it was
  SteadyTime look_at_{};
  std::vector<Uuid> noted_;  // to be told, in order; less than 3 * batch
  std::unordered_set<Uuid> is_noted_;
  std::uint32_t failures_ = 0;        // in a row; not 0: the channels' server is away
  SteadyTime not_before_{};           // while it is
  std::uint64_t dropped_before_ = 0;  // dropped_ when it went
  std::atomic<std::uint64_t> published_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace waybill
