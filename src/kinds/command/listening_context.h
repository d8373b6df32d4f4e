#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "ports/task_kind.h"

namespace waybill {

/// The last line that is not empty of what came, for an error.
class LastLine {
 public:
  void add(std::string_view bytes);
  std::string text() const;
  /// Whether the last 4 KiB hold that, in whatever line.
  bool mentions(std::string_view words) const { return tail_.find(words) != tail_.npos; }

 private:
  std::string tail_;
};

/// A context of a run for its own sake, with nobody behind it: keeps what it prints.
class ToolContext final : public TaskContext, private TaskArtifacts {
 public:
  explicit ToolContext(std::string directory, std::stop_token stop = {})
      : directory_(std::move(directory)), stop_(std::move(stop)) {}

  std::stop_token stop() const override { return stop_; }
  SteadyTime deadline() const override { return kSteadyTimeMax; }
  const std::string& scratch_directory() const override { return directory_; }
  void progress(std::string_view) override {}
  void checkpoint(std::string_view) override {}
  const std::string& last_checkpoint() const override { return nothing_; }
  void log(LogStream stream, std::string_view bytes) override;
  Result<std::string> secret(std::string_view name) override;
  TaskArtifacts& artifacts() override { return *this; }

  const std::string& out() const { return out_; }
  std::string complaint() const { return errors_.text(); }

 private:
  Status keep(std::span<const ArtifactFile>) override;
  Result<std::string> fetch(const std::string&, const std::string&) override;

  const std::string directory_;
  const std::stop_token stop_;
  const std::string nothing_;
  std::string out_;
  LastLine errors_;
};

/// A context that hears what is said on stderr, and passes all on.
class ListeningContext final : public TaskContext {
 public:
  explicit ListeningContext(TaskContext& context) : context_(context) {}

  std::stop_token stop() const override { return context_.stop(); }
  SteadyTime deadline() const override { return context_.deadline(); }
  const std::string& scratch_directory() const override { return context_.scratch_directory(); }
  void progress(std::string_view json) override { context_.progress(json); }
  void checkpoint(std::string_view json) override { context_.checkpoint(json); }
  const std::string& last_checkpoint() const override { return context_.last_checkpoint(); }
  void log(LogStream stream, std::string_view bytes) override;
  Result<std::string> secret(std::string_view name) override { return context_.secret(name); }
  TaskArtifacts& artifacts() override { return context_.artifacts(); }

  std::string complaint() const { return errors_.text(); }
  bool complained_of(std::string_view words) const { return errors_.mentions(words); }

 private:
  TaskContext& context_;
  LastLine errors_;
};

}  // namespace waybill
