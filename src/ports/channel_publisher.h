#pragma once

#include <span>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill {

struct ChannelMessage {
  std::string channel;
  std::string body;
};

/// Tells whoever listens on a channel at that moment. Nothing is kept for those who come later, and
/// nobody learns whether anyone listened: what has to arrive goes another way. Thread-safe.
class ChannelPublisher {
 public:
  virtual ~ChannelPublisher() = default;
  /// Makes sure that messages would be taken, so that what is wrong is known before there are any.
  /// Errors as of `publish`.
  virtual Status connect(const Deadline& deadline) = 0;
  /// In order. After an error any number of the first ones may have been told. Errors:
  /// `unavailable` and `deadline_exceeded`, where nobody answers, `unauthenticated` and
  /// `permission_denied`, where the server refuses; none shows a password.
  virtual Status publish(std::span<const ChannelMessage> messages, const Deadline& deadline) = 0;

  /// Whose turn it is to tell, among several that would tell the same: takes `turn` for `holder`,
  /// or keeps it, for so long from now on. False: another one has it. Errors as of `publish`; with
  /// `permission_denied` nobody here may take turns.
  virtual Result<bool> take_turn(const std::string& turn, const std::string& holder, Duration hold,
                                 const Deadline& deadline) = 0;
  /// Lets go of it, if this holder has it.
  virtual Status leave_turn(const std::string& turn, const std::string& holder,
                            const Deadline& deadline) = 0;
};

}  // namespace waybill
