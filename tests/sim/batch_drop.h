#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "testing/fake_object_store.h"
#include "tests/sim/drop.h"

namespace waybill::sim {

/// Two sources that a scan of batches takes for one layout. Some batches have the same name in
/// both, and some of those that are complete are written to again.
class BatchDrop final : public Drop {
 public:
  BatchDrop(Stage& stage, Rng rng);

  ScanDefinition scan() const override;
  std::map<std::string, TaskDefinition> tasks() const override;
  std::vector<ObjectStore*> buckets() override { return {&north_, &south_, &markers_}; }
  void begin_batch() override;
  std::string accept(const TaskRequest& request) override;
  std::vector<std::string> amiss(Time scanned_at) const override;
  void tally(std::map<std::string, std::uint64_t>& kinds) const override;

 private:
  struct Batch {
    std::string path;  ///< SOURCE/YYYY/MM/DD/HH/mm/ID
    Time minute{};
    std::map<std::string, Time> parts;  ///< when each was written last
    bool was_ready = false;             ///< complete, and by some clock quiet for long enough
    bool was_rewritten = false;
    int tasks = 0;
  };

  void begin_in(const std::string& source, const std::string& id, Time minute);
  void arrived(Batch& batch, const std::string& part);
  /// By what is there now.
  void look(Batch& batch) const;

  FakeObjectStore north_;
  FakeObjectStore south_;
  FakeObjectStore markers_;
  int begun_ = 0;
  std::map<std::string, Batch> batches_;  // by how params of their tasks begin
};

}  // namespace waybill::sim
