#include "kinds/command/message_program.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/uuid.h"
#include "kinds/command/run_record.h"

namespace waybill {
namespace {

constexpr std::size_t kLineBytesMax = 64 << 10;  // a longer one is passed on in pieces

/// What a program may use while it runs for a message. Called by the run's own thread.
class ProgramContext final : public TaskContext, private TaskArtifacts {
 public:
  ProgramContext(std::string directory, std::stop_token stop, const ProgramLines& lines)
      : directory_(std::move(directory)), stop_(std::move(stop)), lines_(lines) {}
  ~ProgramContext() override {
    pass_on(LogStream::out);
    pass_on(LogStream::err);
  }

  std::stop_token stop() const override { return stop_; }
  SteadyTime deadline() const override { return kSteadyTimeMax; }
  const std::string& scratch_directory() const override { return directory_; }
  void progress(std::string_view) override {}
  void checkpoint(std::string_view) override {}
  const std::string& last_checkpoint() const override { return nothing_; }
  void log(LogStream stream, std::string_view bytes) override {
    if (stream == LogStream::system) return;
    std::string& pending = pending_[static_cast<std::size_t>(stream)];
    const std::size_t end = bytes.rfind('\n');
    if (end == bytes.npos) {
      pending += bytes;
      if (pending.size() > kLineBytesMax) pass_on(stream);
      return;
    }
    pending += bytes.substr(0, end + 1);
    lines_(stream, pending);
    pending = bytes.substr(end + 1);
  }
  Result<std::string> secret(std::string_view) override {
    return fail(Code::unimplemented, "a program for messages is given no secrets");
  }
  TaskArtifacts& artifacts() override { return *this; }

 private:
  Status keep(std::span<const ArtifactFile>) override {
    return fail(Code::unimplemented, "a program for messages leaves no artifacts");
  }
  Result<std::string> fetch(const std::string&, const std::string&) override {
    return fail(Code::unimplemented, "a program for messages is given no artifacts");
  }
  void pass_on(LogStream stream) {
    std::string& pending = pending_[static_cast<std::size_t>(stream)];
    if (pending.empty()) return;
    pending += '\n';
    lines_(stream, pending);
    pending.clear();
  }

  const std::string directory_;
  const std::string nothing_;
  const std::stop_token stop_;
  const ProgramLines& lines_;
  std::array<std::string, 2> pending_;  // a line that has no end yet, by stream
};

std::vector<std::string> environment_of(Environment environment, const MessageRun& run,
                                        const std::string& directory) {
  environment["TMPDIR"] = directory;
  environment["WAYBILL_SCRATCH"] = directory;
  environment["WAYBILL_ATTEMPT"] = std::to_string(run.delivery.delivery_count);
  // A broker's own id may hold anything.
  if (run.id.find('\0') == run.id.npos) environment["WAYBILL_MESSAGE_ID"] = run.id;
  std::vector<std::string> texts;
  for (const auto& [name, value] : environment) texts.push_back(name + "=" + value);
  return texts;
}

MessageEnd end_of(const RunRecord& record, const CommandSpec& spec) {
  const Outcome outcome = judge(record, spec, {});
  if (std::holds_alternative<outcome::Succeeded>(outcome)) return {};
  if (const auto* stopped = std::get_if<outcome::Stopped>(&outcome)) {
    return {MessageVerdict::stopped, stopped->proof};
  }
  const auto* failed = std::get_if<outcome::Failed>(&outcome);
  if (failed == nullptr) return {MessageVerdict::try_again, "not now"};
  const bool permanent = failed->failure_class == FailureClass::permanent;
  if (permanent && record.start_errno != 0) return {MessageVerdict::unable, failed->error};
  return {permanent ? MessageVerdict::reject : MessageVerdict::try_again, failed->error};
}

}  // namespace

MessageProgram::MessageProgram(CommandKind& command, ScratchSpace& scratch, Params params)
    : command_(command), scratch_(scratch), params_(std::move(params)) {}

MessageEnd MessageProgram::handle(const MessageRun& run) {
  const Uuid name = uuid_v5(kTaskNamespace, run.delivery.receipt + "#" + std::to_string(++runs_));
  const auto directory = scratch_.create(name, run.delivery.delivery_count);
  if (!directory) {
    return {MessageVerdict::try_again,
            "cannot make a scratch directory: " + directory.error().message};
  }
  MessageEnd end = run_in(*directory, run);
  if (const Status removed = scratch_.remove(*directory); !removed) {
    log::warn("scratch_not_removed", removed.error().message, {{"directory", *directory}});
  }
  return end;
}

MessageEnd MessageProgram::run_in(const std::string& directory, const MessageRun& run) {
  CommandSpec spec = params_.spec;
  spec.standard_input = run.delivery.message.body;
  ProgramContext context(directory, run.stop, params_.lines);
  const auto ran =
      command_.run_program(spec, environment_of(params_.environment, run, directory), context);
  if (!ran) return {MessageVerdict::try_again, ran.error().message};
  return end_of(ran->record, spec);
}

}  // namespace waybill
