#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ports/task_kind.h"

namespace waybill {

/// A context that keeps what a run says. For tests of kinds that leave no files.
class ToldContext final : public TaskContext, private TaskArtifacts {
 public:
  std::stop_token stop() const override { return stop_.get_token(); }
  SteadyTime deadline() const override { return kSteadyTimeMax; }
  const std::string& scratch_directory() const override { return scratch_; }
  void progress(std::string_view) override {}
  void checkpoint(std::string_view json) override { checkpoints.emplace_back(json); }
  const std::string& last_checkpoint() const override { return checkpoint_before; }
  void log(LogStream, std::string_view bytes) override { logged += bytes; }
  Result<std::string> secret(std::string_view name) override {
    const auto found = secrets.find(name);
    if (found != secrets.end()) return found->second;
    return fail(secret_refusal, "no secret \"" + std::string(name) + "\"");
  }
  TaskArtifacts& artifacts() override { return *this; }
  void request_stop() { stop_.request_stop(); }

  std::map<std::string, std::string, std::less<>> secrets;
  Code secret_refusal = Code::not_found;  ///< of all others
  std::string checkpoint_before;
  std::vector<std::string> checkpoints;
  std::string logged;

 private:
  Status keep(std::span<const ArtifactFile>) override {
    return fail(Code::unimplemented, "nothing is kept in this test");
  }
  Result<std::string> fetch(const std::string&, const std::string&) override {
    return fail(Code::unimplemented, "nothing is fetched in this test");
  }

  std::stop_source stop_;
  const std::string scratch_;
};

}  // namespace waybill
