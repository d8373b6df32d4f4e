#include "adapters/local/system_random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace waybill {

std::string system_random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const ssize_t got = getrandom(bytes.data() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    WAYBILL_CHECK(got > 0, "the kernel gives no randomness");
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace waybill
