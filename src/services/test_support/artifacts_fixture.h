#pragma once

#include <gmock/gmock.h>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/artifact_collector.h"
#include "services/artifact_keeper.h"
#include "testing/builders.h"
#include "testing/fake_artifact_index.h"
#include "testing/fake_artifact_store.h"
#include "testing/fake_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {

/// A store that lets a test act, or fail, before or after a call of its choice.
class StagedStore final : public ArtifactStore {
 public:
  explicit StagedStore(Clock& clock) : inner_(clock) {}

  std::int64_t bytes_max() const override { return inner_.bytes_max(); }
  Result<ArtifactContent> put(const FileDescriptor& file) override {
    ++puts;
    auto content = inner_.put(file);
    if (after_put) after_put();
    return content;
  }
  using ArtifactStore::open;
  using ArtifactStore::size_bytes;
  Result<FileDescriptor> open(const std::string& sha256, IfBusy if_busy) override {
    return inner_.open(sha256, if_busy);
  }
  Result<std::int64_t> size_bytes(const std::string& sha256, IfBusy if_busy) override {
    if (before_look) before_look();
    return inner_.size_bytes(sha256, if_busy);
  }
  Status remove(const std::string& sha256, Time not_put_after) override {
    if (const auto act = std::exchange(before_remove, nullptr)) act();
    if (remove_fails) return fail(*remove_fails, "planted");
    return inner_.remove(sha256, not_put_after);
  }
  Result<KeptContents> kept(const std::string& cursor) override { return inner_.kept(cursor); }
  Result<StoreOwner> owner() override { return inner_.owner(); }
  Status set_owner(const std::string& text, SetOwner how) override {
    return inner_.set_owner(text, how);
  }

  int puts = 0;
  std::function<void()> after_put;
  std::function<void()> before_look;
  std::function<void()> before_remove;  ///< the next one
  std::optional<Code> remove_fails;

 private:
  FakeArtifactStore inner_;
};

inline ArtifactFile a_file(std::string name, std::string bytes) {
  return {.name = std::move(name),
          .media_type = "text/plain",
          .open = [bytes = std::move(bytes)]() -> Result<FileDescriptor> {
            return FakeArtifactStore::file_of(bytes);
          }};
}

class ArtifactsTest : public testing::Test {
 protected:
  Task lease(int number) {
    EXPECT_TRUE(ledger_.insert(a_batch({a_task(number)})));
    const auto claimed = ledger_.claim(
        {.only_ids = {task_id(number)}, .worker = "w", .lease = std::chrono::hours(24 * 365)});
    EXPECT_TRUE(claimed && claimed->size() == 1);
    return claimed->at(0);
  }
  void apply(const Task& task, const Event& event) {
    const auto change = transition(task, event, {.now = clock_.now()});
    ASSERT_TRUE(change);
    ASSERT_TRUE(ledger_.apply(std::array{*change})->at(0));
  }
  void succeed(const Task& task) { apply(task, event::Succeed{task.status.fence, ""}); }
  Status keep(const Task& task, const std::vector<ArtifactFile>& files) {
    return keeper_.keep({.task = task.id(), .fence = task.status.fence}, files, stop_.get_token());
  }
  /// "name=content" of all that a task has left.
  std::vector<std::string> left(int number) {
    std::vector<std::string> texts;
    const auto artifacts = index_.list({.task = task_id(number)});
    for (const Artifact& artifact : artifacts.value()) {
      const auto content = store_.open(artifact.sha256);
      texts.push_back(artifact.name + "=" +
                      (content ? FakeArtifactStore::bytes_of(*content) : "LOST"));
    }
    return texts;
  }
  /// A whole round.
  Status collect(ArtifactCollector& collector) {
    for (;;) {
      const auto wait = collector.step({});
      if (!wait) return fail(wait.error());
      if (*wait >= std::chrono::hours(1)) return {};
    }
  }
  Status collect() { return collect(collector_); }
  std::size_t kept() {
    std::size_t count = 0;
    std::string cursor;
    do {
      const auto page = store_.kept(cursor);
      count += page->contents.size();
      cursor = page->next_cursor;
    } while (!cursor.empty());
    return count;
  }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  FakeArtifactIndex index_{ledger_};
  StagedStore store_{clock_};
  ArtifactKeeper keeper_{store_, index_, clock_};
  ArtifactCollector collector_{store_, index_, ledger_};
  std::stop_source stop_;
};

}  // namespace waybill
