#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "kinds/command/command.h"
#include "ports/log_store.h"
#include "ports/message_handler.h"
#include "ports/scratch_space.h"

namespace waybill {

/// Takes whole lines of what programs print, from several threads at once.
using ProgramLines = std::function<void(LogStream stream, std::string_view lines)>;

/// Runs a program for each message: the body on its standard input, and WAYBILL_MESSAGE_ID,
/// WAYBILL_ATTEMPT and WAYBILL_SCRATCH in its environment. Exit status 0: done; 75, a signal, and
/// what the machine could not do: try again; what the spec says of others, else reject. A program
/// that is not there can do no message. Command and scratch space outlive it.
class MessageProgram final : public MessageHandler {
 public:
  struct Params {
    CommandSpec spec;         ///< standard input is the message's
    Environment environment;  ///< of the program, besides what is said above
    ProgramLines lines;
  };
  MessageProgram(CommandKind& command, ScratchSpace& scratch, Params params);

  MessageEnd handle(const MessageRun& run) override;

 private:
  MessageEnd run_in(const std::string& directory, const MessageRun& run);

  CommandKind& command_;
  ScratchSpace& scratch_;
  const Params params_;
  std::atomic<std::uint64_t> runs_ = 0;
};

}  // namespace waybill
