#include "kinds/command/command_run.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <stop_token>
#include <string_view>
#include <utility>

namespace waybill {
namespace {

/// What a run has printed by its end lies in the pipes and is read in a moment. Only what outlived
/// the run can print for longer.
constexpr Duration kDrainMax = std::chrono::seconds(1);

/// Turns a stop request into something to poll.
class StopEvent {
 public:
  static Result<StopEvent> create() {
    FileDescriptor file(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!file.is_open()) return fail(system_error(errno, "making an event for a program's end"));
    return StopEvent(std::move(file));
  }
  int get() const { return file_.get(); }
  void raise() const {
    const std::uint64_t one = 1;
    // Full means that it was raised already.
    [[maybe_unused]] const ssize_t written = ::write(file_.get(), &one, sizeof one);
  }

 private:
  explicit StopEvent(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

}  // namespace

Result<RunRecord> CommandRun::see_through() {
  const auto stop_event = StopEvent::create();
  if (!stop_event) return fail(stop_event.error());
  const std::stop_callback raise(context_.stop(), [&] { stop_event->raise(); });

  std::array<pollfd, 5> polled = {{{process_.control(), POLLIN, 0},
                                   {stop_event->get(), POLLIN, 0},
                                   {process_.output(), POLLIN, 0},
                                   {process_.errors(), POLLIN, 0},
                                   {process_.reports(), POLLIN, 0}}};
  bool supervised = true;
  while (supervised && !record_.over()) {
    if (::poll(polled.data(), polled.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return fail(system_error(errno, "waiting for a program"));
    }
    if (polled[1].revents != 0) {
      polled[1].fd = -1;
      record_.requested_at = clock_.now();
      process_.request_stop(spec_.grace);
    }
    for (pollfd& pipe : std::span(polled).subspan(2)) {
      if (pipe.revents != 0 && read_some(pipe.fd) == Readable::ended) pipe.fd = -1;
    }
    if (polled[0].revents != 0) supervised = read_news();
  }
  // Not until the end of the pipes: a program may have given one away.
  const SteadyTime until = clock_.steady_now() + kDrainMax;
  bool complete = true;
  for (const int pipe : {process_.output(), process_.errors(), process_.reports()}) {
    complete = drain(pipe, until) && complete;
  }
  reports_.finish();
  output_.finish();
  // A program that was not started printed nothing: it is its supervisor that ends a moment later.
  if (!complete && record_.start_errno == 0) {
    context_.log(LogStream::system,
                 "[output may be missing: a process that outlived the run still holds its "
                 "output, and is listened to no longer]\n");
  }
  return record_;
}

bool CommandRun::drain(int fd, SteadyTime until) {
  Readable last = read_some(fd);
  while (last == Readable::more && clock_.steady_now() < until) last = read_some(fd);
  return last == Readable::ended;
}

/// False when there is nobody to hear from any more.
bool CommandRun::read_news() {
  for (;;) {
    const auto news = process_.read_news();
    if (!news) return news.error().code == Code::not_found;
    record_.add(*news);
    if (news->event == kWaybillSignalled) context_.log(LogStream::system, "[sent SIGTERM]\n");
    if (news->event == kWaybillKilled) context_.log(LogStream::system, "[sent SIGKILL]\n");
  }
}

/// One read from a pipe, to whoever takes what comes out of it.
CommandRun::Readable CommandRun::read_some(int fd) {
  const ssize_t got = ::read(fd, buffer_.data(), buffer_.size());
  if (got < 0) return errno == EAGAIN || errno == EINTR ? Readable::nothing_now : Readable::ended;
  if (got == 0) return Readable::ended;
  const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
  if (fd == process_.reports()) {
    reports_.add(bytes);
  } else {
    output_.add(fd == process_.output() ? LogStream::out : LogStream::err, bytes);
  }
  return Readable::more;
}

}  // namespace waybill
