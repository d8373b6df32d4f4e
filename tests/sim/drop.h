#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/definition.h"
#include "ports/object_store.h"
#include "testing/stage.h"

namespace waybill::sim {

/// Buckets in which batches arrive part by part, some of them never completely and some too late
/// for the scan's window; and the scan that makes tasks of them. Keeps its own record of what
/// arrived, and knows by it what the scan may and must make of that (I5).
class Drop {
 public:
  /// The scan's window reaches back this far, cut to the minute.
  Drop(Stage& stage, Rng rng, Duration window) : stage_(stage), rng_(rng), window_(window) {}
  virtual ~Drop() = default;
  Drop(const Drop&) = delete;
  Drop& operator=(const Drop&) = delete;

  virtual ScanDefinition scan() const = 0;
  virtual std::map<std::string, TaskDefinition> tasks() const = 0;
  virtual std::vector<ObjectStore*> buckets() = 0;
  /// A new batch begins to arrive.
  virtual void begin_batch() = 0;
  /// Looks at a task of the scan at the moment at which it is accepted; what is wrong with it,
  /// empty: nothing.
  virtual std::string accept(const TaskRequest& request) = 0;
  /// What is wrong with the tasks that there are once a pass that was made for `scanned_at`, by
  /// then settled(), came through: one line each.
  virtual std::vector<std::string> amiss(Time scanned_at) const = 0;
  /// How many batches of which kind there were, by words.
  virtual void tally(std::map<std::string, std::uint64_t>& kinds) const = 0;

  /// Whether a pass made for this time finds everything that will ever be found.
  bool settled(Time scanned_at) const { return arriving_ == 0 && scanned_at >= quiet_from_; }
  /// Keys of accepted tasks whose markers such a pass must have found or written: a marker that
  /// could not be written while its batch was in the window is never written any more.
  std::vector<std::string> markers_owed(Time scanned_at) const;

 protected:
  /// An object on its way into a bucket.
  struct Upload {
    ObjectStore* bucket = nullptr;
    std::string key;
    Duration after{};  ///< the one before it
  };
  /// Puts them into their buckets one after another, and tells of each when it is there.
  void upload(std::vector<Upload> uploads, std::function<void(const Upload&)> arrived);
  /// Nothing of what is there changes the scan's mind after this time.
  void quiet_from(Time time) { quiet_from_ = std::max(quiet_from_, time); }

  /// A task with this key was accepted, of what is named after this minute.
  void owe_marker(const std::string& key, Time minute) { keys_[key] = minute; }

  /// Whether what is named after a minute was in the window, by all that any clock has shown.
  enum class InWindow : std::uint8_t { never, sometimes, always };
  InWindow in_window(Time minute) const;
  /// The present minute, or now and then one of up to one and a half windows ago.
  Time choose_minute();
  Duration up_to(Duration longest);
  /// Of the next part of a batch: short, or now and then up to a minute and a half.
  Duration gap() { return up_to(std::chrono::seconds(rng_.chance(0.2) ? 90 : 5)); }
  void shuffle(std::vector<std::string>& words);

  Stage& stage_;
  Rng rng_;

 private:
  struct Arrival {
    std::vector<Upload> uploads;
    std::function<void(const Upload&)> arrived;
    std::size_t next = 0;
  };
  Duration proceed(Arrival& arrival);
  Time window_begin(Time now) const {
    return std::chrono::floor<std::chrono::minutes>(now - window_);
  }

  const Duration window_;
  std::map<std::string, Time> keys_;  // of accepted tasks: the minute that each is named after
  std::deque<Arrival> arrivals_;      // stable: actors refer into it
  std::size_t arriving_ = 0;
  Time quiet_from_{};
};

/// `YYYY?MM?DD?HH?mm` with this separator, known apart from the planners' code.
std::string minute_text(Time time, char separator);

}  // namespace waybill::sim
