#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "ports/task_kind.h"

namespace waybill {

/// A context that keeps what a run says, and gives it a scratch directory. For tests.
class RecordingContext final : public TaskContext, private TaskArtifacts {
 public:
  RecordingContext() {
    std::string pattern = ::testing::TempDir() + "waybill-run-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~RecordingContext() override { std::filesystem::remove_all(directory_); }
  RecordingContext(const RecordingContext&) = delete;
  RecordingContext& operator=(const RecordingContext&) = delete;

  std::stop_token stop() const override { return stop_.get_token(); }
  SteadyTime deadline() const override { return end_at; }
  const std::string& scratch_directory() const override { return directory_; }
  void progress(std::string_view json) override { progress_reports.emplace_back(json); }
  void checkpoint(std::string_view json) override { checkpoints.emplace_back(json); }
  const std::string& last_checkpoint() const override { return checkpoint_before; }
  void log(LogStream stream, std::string_view bytes) override {
    const Lock lock(mutex_);
    logs_[stream] += bytes;
    changed_.notify_all();
  }

  Result<std::string> secret(std::string_view name) override {
    const auto found = secrets.find(name);
    if (found != secrets.end()) return found->second;
    return fail(secret_refusal, "no secret \"" + std::string(name) + "\" for you");
  }

  TaskArtifacts& artifacts() override { return *this; }

  void request_stop() { stop_.request_stop(); }
  std::string logged(LogStream stream) const {
    const Lock lock(mutex_);
    const auto entry = logs_.find(stream);
    return entry == logs_.end() ? std::string() : entry->second;
  }
  /// Blocks until stdout holds `text`; all of it.
  std::string await_output(std::string_view text) {
    Lock lock(mutex_);
    while (logs_[LogStream::out].find(text) == std::string::npos) changed_.wait(lock);
    return logs_[LogStream::out];
  }

  std::map<std::string, std::string, std::less<>> secrets;
  Code secret_refusal = Code::not_found;  ///< of all others
  std::string checkpoint_before;
  struct KeptFile {
    std::string name;
    std::string media_type;
    std::string bytes;
  };
  std::vector<KeptFile> kept_files;
  std::map<std::string, std::string> contents;  ///< of artifacts, by SHA-256
  std::map<std::string, Error> refused;         ///< of artifacts, by SHA-256
  std::vector<std::string> fetched;             ///< likewise, in order
  SteadyTime end_at = kSteadyTimeMax;
  Status keep_answer;  ///< of every call
  std::vector<std::string> progress_reports;
  std::vector<std::string> checkpoints;

 private:
  Status keep(std::span<const ArtifactFile> files) override {
    kept_files.clear();
    for (const ArtifactFile& file : files) {
      const auto opened = file.open();
      if (!opened) return fail(opened.error());
      std::string bytes(1 << 20, '\0');
      bytes.resize(static_cast<std::size_t>(::read(opened->get(), bytes.data(), bytes.size())));
      kept_files.push_back({file.name, file.media_type, std::move(bytes)});
    }
    return keep_answer;
  }
  Result<std::string> fetch(const std::string& sha256, const std::string& name) override {
    fetched.push_back(sha256);
    if (const auto refusal = refused.find(sha256); refusal != refused.end()) {
      return fail(refusal->second);
    }
    const auto found = contents.find(sha256);
    if (found == contents.end()) return fail(Code::not_found, "no artifact " + sha256);
    const std::string path = directory_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << found->second;
    return path;
  }

  std::stop_source stop_;
  std::string directory_;
  mutable Mutex mutex_;
  Condition changed_;
  std::map<LogStream, std::string> logs_ GUARDED_BY(mutex_);
};

}  // namespace waybill
