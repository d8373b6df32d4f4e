#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/mutex.h"

namespace waybill::http {

/// A body that is written while it is sent. One side writes, the server reads; each may be gone
/// before the other. Thread-safe.
class BodyStream {
 public:
  /// Adds to what is to be sent. False once the reader is gone, or it was ended: nothing more is
  /// wanted.
  bool write(std::string_view bytes);
  /// No more comes: the body ends when all of it is sent. `why`: something went wrong, and it ends
  /// with what was sent; the first to say so is heard.
  void end(std::optional<Error> why = std::nullopt);
  /// What went wrong; none: nothing did, or it has not ended.
  std::optional<Error> error() const;
  /// Bytes that were written and not sent yet.
  std::size_t waiting() const;
  /// Bytes of memory that it has taken.
  std::size_t held() const;
  /// Whether the client is gone, or the server has ended.
  bool is_closed() const;

  /// For the server: what there is now, at most `size` bytes. `empty`: nothing, and `suspend` was
  /// called under the lock; `wake` is called once when there is something.
  enum class Read { some, empty, ended };
  Read read(char* to, std::size_t size, std::size_t& got, const std::function<void()>& suspend,
            std::function<void()> wake);
  /// For the server: the reader is gone. `wake` is never called after this has returned.
  void close();

 private:
  void wake_up() REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::string bytes_ GUARDED_BY(mutex_);
  std::size_t sent_ GUARDED_BY(mutex_) = 0;  // of bytes_
  bool ended_ GUARDED_BY(mutex_) = false;
  std::optional<Error> error_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  std::function<void()> wake_ GUARDED_BY(mutex_);  // set while the reader sleeps
};

}  // namespace waybill::http
