#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/local/system_clock.h"
#include "tests/e2e/program.h"
#include "tests/queues/worker/broker.h"

namespace waybill::e2e {

/// A broker with a work queue and one for what is rejected, and the program beside them.
class WorkerPlaceTest : public testing::TestWithParam<Broker> {
 protected:
  void SetUp() override;

  static std::string trace(int number);
  static std::string intake(int number);

  void publish(const std::vector<std::string>& bodies) { publish_to(*work_, bodies); }
  void publish_to(Queue& queue, const std::vector<std::string>& bodies);
  /// What is in the work queue, and takes it out.
  std::vector<std::string> left() { return drain(work_name_); }
  std::vector<std::string> rejected() { return drain(dead_name_); }
  std::vector<std::string> drain(const std::string& name);

  /// Runs `waybill worker --from …` with these options, and that command.
  Ran worker(const std::vector<std::string>& options, const std::vector<std::string>& command);
  std::unique_ptr<Running> start_worker(const std::vector<std::string>& options,
                                        const std::vector<std::string>& command);
  /// Lets commands go on that read from the file `go`.
  void open_gate();

  SystemClock clock_;
  Place place_;
  std::string work_name_ = fresh_queue_name();
  std::string dead_name_ = fresh_queue_name() + "-rejected";
  std::unique_ptr<Queue> work_;
  std::unique_ptr<Queue> dead_;

 private:
  std::vector<std::string> arguments(const std::vector<std::string>& options,
                                     const std::vector<std::string>& command);
  std::string rejected_topic_;
  int published_ = 0;
};

}  // namespace waybill::e2e
