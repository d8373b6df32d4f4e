#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "ports/clock.h"
#include "ports/queue.h"

namespace waybill {

/// Which messages of a queue are meant.
struct ReplayFilter {
  /// Fields of the JSON body that have this text; `a.b` is a field within a field. All must match.
  std::vector<std::pair<std::string, std::string>> match;
  /// Published at least, or at most, so long ago. A message whose time nobody knows is not meant.
  std::optional<Duration> older_than;
  std::optional<Duration> newer_than;
};

enum class ReplayMode : std::uint8_t {
  moves,
  dry_run,  ///< publishes and acks nothing: receives, and gives back
};

struct ReplayOptions {
  ReplayFilter filter;
  std::size_t limit = 0;           ///< moves at most so many; zero: all
  std::size_t looked_at = 10'000;  ///< receives at most so many
  ReplayMode mode = ReplayMode::moves;
  Duration lease = std::chrono::minutes(10);
  Duration idle = std::chrono::seconds(5);  ///< ends when no message came for that long
};

enum class ReplayOutcome : std::uint8_t {
  moved,        ///< published, confirmed, then acked; in a dry run: would be
  passed_over,  ///< not meant by the filter, or above the limit: given back
  failed,       ///< could not be published: given back
};

/// What became of one message.
struct ReplayedMessage {
  std::string id;       ///< its trace-id, else the message's own
  Time published_at{};  ///< zero: unknown
  std::size_t bytes = 0;
  ReplayOutcome outcome = ReplayOutcome::moved;
  std::string reason;  ///< why it was rejected, or could not be published
};

struct ReplayReport {
  std::vector<ReplayedMessage> messages;  ///< those that were moved, or should have been
  std::int64_t passed_over = 0;
  /// There may be more: the limit of messages to look at was reached, or somebody asked for the
  /// end.
  bool complete = true;
};

/// Moves messages from one queue to another: published and confirmed, then acked. What is not meant
/// is held until the end, so that nothing is seen twice, and given back.
class Replay {
 public:
  Replay(Queue& from, Queue& to, Clock& clock, ReplayOptions options);

  /// Blocks until the queue gives no more. To be called once. An error of the queue ends it; what
  /// was moved until then is moved.
  Result<ReplayReport> run(const Deadline& deadline);

 private:
  Status take(std::vector<Delivery> deliveries);
  Status move(const std::vector<Delivery>& meant);
  bool is_meant(const Delivery& delivery) const;
  std::size_t limit_left() const;
  /// Keeps hidden what is held, when half of its time is over.
  void extend_held();
  void give_back();

  Queue& from_;
  Queue& to_;
  Clock& clock_;
  const ReplayOptions options_;
  ReplayReport report_;
  std::vector<std::string> held_;  // receipts, to be given back
  std::set<Uuid> seen_;            // messages by id and body, where the broker gives ids
  std::size_t received_ = 0;
  std::size_t moved_ = 0;
  SteadyTime extend_at_{};
};

/// Whether a JSON body has all these fields with these texts; numbers, true, false and null as they
/// are written in JSON.
bool matches(const std::vector<std::pair<std::string, std::string>>& fields,
             const std::string& body);

}  // namespace waybill
