#include "http/body_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace waybill::http {
namespace {

constexpr std::size_t kSentKeptMax = 64u << 10;

}  // namespace

bool BodyStream::write(std::string_view bytes) {
  const Lock lock(mutex_);
  if (closed_ || ended_) return false;
  if (sent_ == bytes_.size()) {
    bytes_.clear();
    sent_ = 0;
  }
  bytes_.append(bytes);
  wake_up();
  return true;
}

void BodyStream::end(std::optional<Error> why) {
  const Lock lock(mutex_);
  ended_ = true;
  if (why) {
    bytes_.clear();
    sent_ = 0;
  }
  if (!error_) error_ = std::move(why);
  wake_up();
}

std::optional<Error> BodyStream::error() const {
  const Lock lock(mutex_);
  return error_;
}

std::size_t BodyStream::waiting() const {
  const Lock lock(mutex_);
  return bytes_.size() - sent_;
}

std::size_t BodyStream::held() const {
  const Lock lock(mutex_);
  return bytes_.capacity();
}

bool BodyStream::is_closed() const {
  const Lock lock(mutex_);
  return closed_;
}

BodyStream::Read BodyStream::read(char* to, std::size_t size, std::size_t& got,
                                  const std::function<void()>& suspend,
                                  std::function<void()> wake) {
  const Lock lock(mutex_);
  got = std::min(size, bytes_.size() - sent_);
  if (got > 0) {
    std::memcpy(to, bytes_.data() + sent_, got);
    sent_ += got;
    // A reader that is never quite done would else keep all that it ever got.
    if (sent_ > kSentKeptMax) {
      bytes_.erase(0, sent_);
      sent_ = 0;
    }
    return Read::some;
  }
  if (ended_) return Read::ended;
  // Under the lock, so that no write in between finds nobody to wake.
  suspend();
  wake_ = std::move(wake);
  return Read::empty;
}

void BodyStream::close() {
  const Lock lock(mutex_);
  closed_ = true;
  wake_ = nullptr;
}

void BodyStream::wake_up() {
  // Under the lock: after close() nobody may be woken any more. It only tells the server's thread.
  if (wake_) std::exchange(wake_, nullptr)();
}

}  // namespace waybill::http
