#include "adapters/postgres/news.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

#include "base/file_descriptor.h"
#include "base/log.h"

namespace waybill::postgres {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Between two looks for commits of other programs: where they tell of them, and where they don't.
constexpr Duration kLookTold = milliseconds(50);
constexpr Duration kLookUntold = milliseconds(15);
/// Looks that find something untold until all are taken to be so; one may come before the news.
constexpr int kUntoldMax = 2;
/// Between two that are told: a busy program's commits are told together.
constexpr milliseconds kTellApart(3);
constexpr Duration kTellTimeMax = seconds(1);
constexpr Duration kHearTimeMax = std::chrono::minutes(1);
constexpr milliseconds kListenAgainFirst = seconds(1);
constexpr milliseconds kListenAgainMax = seconds(30);

/// Really passes, as waiting for the server does: a simulated clock moves with those who wait for
/// it, and what tells and listens is none of its threads.
void pause(milliseconds time, const std::stop_token& stop) {
  const FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const std::stop_callback waker(stop, [&wake] { ::eventfd_write(wake.get(), 1); });
  pollfd stopped{.fd = wake.get(), .events = POLLIN, .revents = 0};
  ::poll(&stopped, 1, static_cast<int>(time.count()));
}

}  // namespace

News::News(Database& database, Bell& bell) : database_(database), bell_(bell) {}

News::~News() {
  std::jthread teller;
  std::jthread listener;
  {
    const Lock lock(mutex_);
    teller = std::move(teller_);
    listener = std::move(listener_);
  }
  teller.request_stop();
  listener.request_stop();
}

void News::learn(std::uint64_t sequence) {
  std::uint64_t known = newest_;
  while (known < sequence && !newest_.compare_exchange_weak(known, sequence)) continue;
  learned_at_ = database_.pool().clock().steady_now().time_since_epoch() / microseconds(1);
}

void News::learn(std::uint64_t sequence, std::uint64_t before) {
  // Not if something was committed here meanwhile.
  if (sequence < before) newest_.compare_exchange_strong(before, sequence);
  learn(sequence);
}

bool News::is_fresh() const {
  const auto now = database_.pool().clock().steady_now().time_since_epoch() / microseconds(1);
  return now - learned_at_ < seconds(1) / microseconds(1);
}

void News::tell(std::uint64_t sequence) {
  if (sequence > 0) {
    learn(sequence);
  } else {
    doubt();
  }
  {
    const Lock lock(mutex_);
    ++committed_;
    if (!teller_.joinable()) {
      teller_ = std::jthread([this](const std::stop_token& stop) { tell_all(stop); });
    }
  }
  changed_.notify_one();
}

std::string News::tag() {
  const Lock lock(mutex_);
  return tag_;
}

void News::send() {
  const Deadline deadline{.at = database_.pool().clock().steady_now() + kTellTimeMax};
  const auto sent = database_.read(Sql::tell_news, std::move(Params().text(tag())), deadline);
  if (!sent) log::debug("news_not_told", sent.error().message);
}

void News::tell_all(const std::stop_token& stop) {
  const std::stop_callback waker(stop, [this] {
    const Lock lock(mutex_);
    changed_.notify_all();
  });
  for (std::uint64_t told = 0;;) {
    {
      Lock lock(mutex_);
      while (committed_ == told && !stop.stop_requested()) changed_.wait(lock);
      if (committed_ == told) return;
      told = committed_;
    }
    send();
    pause(kTellApart, stop);
  }
}

Duration News::look_every() {
  {
    const Lock lock(mutex_);
    if (!listener_.joinable()) {
      listener_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
    }
  }
  return is_heard_ && untold_ < kUntoldMax ? kLookTold : kLookUntold;
}

void News::listen(const std::stop_token& stop) {
  const Clock& clock = database_.pool().clock();
  milliseconds wait = kListenAgainFirst;
  while (!stop.stop_requested()) {
    auto connection = Connection::open(database_.pool().connect_params(), clock, {.stop = stop});
    Status heard = connection ? Status() : fail(connection.error());
    if (heard) heard = hear(**connection, stop);
    const bool was_heard = is_heard_.exchange(false);
    if (stop.stop_requested()) return;
    if (!heard) log::debug("news_not_heard", heard.error().message);
    if (was_heard) wait = kListenAgainFirst;
    pause(wait, stop);
    wait = std::min(2 * wait, kListenAgainMax);
  }
}

Status News::hear(Connection& connection, const std::stop_token& stop) {
  const auto named = connection.run(Sql::name_news, {}, {.stop = stop});
  if (!named) return fail(named.error());
  const std::string own(named->text(0, 0));
  if (Status asked = connection.run_script("LISTEN waybill", {.stop = stop}); !asked) return asked;
  {
    const Lock lock(mutex_);
    tag_ = own;
  }
  is_heard_ = true;
  for (;;) {
    const SteadyTime until = database_.pool().clock().steady_now() + kHearTimeMax;
    const auto payloads = connection.notifications({.at = until, .stop = stop});
    if (!payloads && payloads.error().code == Code::deadline_exceeded) continue;
    if (!payloads) return fail(payloads.error());
    if (std::ranges::all_of(*payloads, [&](const auto& tag) { return tag == own; })) continue;
    // Anybody on the server may say so, and so no number is taken from it.
    doubt();
    untold_ = 0;
    bell_.ring();
  }
}

}  // namespace waybill::postgres
