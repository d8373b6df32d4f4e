#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "adapters/curl/http_streams.h"
#include "adapters/local/system_clock.h"
#include "kinds/archive/desk.h"
#include "kinds/command/test_support/recording_context.h"
#include "testing/builders.h"
#include "testing/http_test_server.h"
#include "testing/temporary_directory.h"

namespace waybill {

/// A desk of the archiving kinds with real HTTP, which may reach this machine.
class ArchiveTest : public testing::Test {
 protected:
  ArchiveTest() { allow_loopback(true); }

  void allow_loopback(bool allowed) {
    CurlHttpClientParams params;
    params.may_connect = [allowed](std::string_view, const IpAddress& address) {
      return allowed || is_public(address);
    };
    desk_.web = CurlHttpStreams::create(clock_, std::move(params)).value();
    desk_.node = CurlHttpStreams::create(clock_).value();
  }
  static Task task_of(const std::string& params, const std::string& spec = "{}") {
    Task task;
    task.request = a_task(1).spec(spec).params(params);
    return task;
  }
  static std::string failure(const Outcome& outcome, FailureClass expected) {
    const auto* failed = std::get_if<outcome::Failed>(&outcome);
    if (failed == nullptr) return "(did not fail)";
    EXPECT_EQ(failed->failure_class, expected) << failed->error;
    return failed->error;
  }
  static std::string result(const Outcome& outcome) {
    if (const auto* failed = std::get_if<outcome::Failed>(&outcome)) return failed->error;
    const auto* succeeded = std::get_if<outcome::Succeeded>(&outcome);
    return succeeded == nullptr ? "(neither failed nor succeeded)" : succeeded->result;
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  ArchiveDesk desk_{.clock = clock_,
                    .web = nullptr,
                    .node = nullptr,
                    .ipfs_api = "",
                    .downloads = {.directory = directory_.path() + "/downloads",
                                  .slow_max = std::chrono::seconds(1),
                                  .free_bytes_min = 1},
                    .captures = directory_.path() + "/captures"};
  RecordingContext context_;
};

/// A server that says whatever it likes, byte by byte, on a free port of loopback. `talk` is called
/// once for each connection, when a request's head has been read, and ends it by returning.
class TalkingServer {
 public:
  /// False: the other side has gone.
  using Say = std::function<bool(std::string_view)>;
  explicit TalkingServer(std::function<void(const Say&)> talk);
  ~TalkingServer();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void serve();

  const std::function<void(const Say&)> talk_;
  FileDescriptor listener_;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::jthread thread_;
};

}  // namespace waybill
