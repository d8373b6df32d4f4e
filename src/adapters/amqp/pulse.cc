#include "adapters/amqp/pulse.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <utility>

#include "base/check.h"
#include "base/file_descriptor.h"

namespace waybill::amqp {
namespace {

/// Until then, or until the event is told.
void pause(int event, Duration time) {
  pollfd told{.fd = event, .events = POLLIN, .revents = 0};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  ::poll(&told, 1, static_cast<int>(std::clamp<std::int64_t>(wait, 1, 3'600'000)));
}

void keep_beating(const std::stop_token& stop, const std::function<Duration()>& beat) {
  const FileDescriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  WAYBILL_CHECK(event.is_open(), "no file descriptor is left for a broker's heartbeats");
  const std::stop_callback tell(stop, [fd = event.get()] { ::eventfd_write(fd, 1); });
  while (!stop.stop_requested()) pause(event.get(), beat());
}

}  // namespace

Pulse::Pulse(std::function<Duration()> beat)
    : thread_([beat = std::move(beat)](const std::stop_token& stop) { keep_beating(stop, beat); }) {
}

}  // namespace waybill::amqp
