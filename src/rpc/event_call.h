#pragma once

#include <deque>
#include <memory>
#include <string>

#include "http/body_stream.h"
#include "rpc/conversation.h"
#include "rpc/event_reader.h"

namespace waybill::rpc {

/// One message, and a stream of events: each becomes a message whose field of the event's name is
/// set, and its `cursor`, if it has one, is the event's id. Of a reader that is slow, no more than
/// a bounded piece waits: it is the feed that leaves it behind (http::EventFeed).
class EventCall final : public OneQuestion {
 public:
  using OneQuestion::OneQuestion;

  void written() override;
  void drain() override;

 private:
  void answered(http::Response response) override;
  void pump() EXCLUDES(mutex_);
  void pump_locked() REQUIRES(mutex_);
  /// False: there is nothing for now, or the stream was ended.
  bool read_more() REQUIRES(mutex_);
  Outcome outcome_at_end() const REQUIRES(mutex_);
  bool take(const ServerEvent& event) REQUIRES(mutex_);
  void end(const Outcome& outcome) override;
  void end_locked(const Outcome& outcome) REQUIRES(mutex_);

  std::shared_ptr<http::BodyStream> stream_ GUARDED_BY(mutex_);  // shared with who fills it
  EventReader reader_ GUARDED_BY(mutex_);
  std::deque<std::string> ready_ GUARDED_BY(mutex_);  // messages to be written
  bool writing_ GUARDED_BY(mutex_) = false;
  bool told_all_ GUARDED_BY(mutex_) = false;  // the event `end` was among them
};

}  // namespace waybill::rpc
