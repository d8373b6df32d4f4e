#include "apps/waybill/cli/secret_input.h"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "adapters/aws/settings.h"
#include "base/file_descriptor.h"
#include "core/secret.h"

namespace waybill::cli {
namespace {

/// As long as it lives, the terminal on standard input does not show what is typed.
class NoEcho {
 public:
  NoEcho() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  bool works() const { return changed_; }

 private:
  termios before_{};
  bool changed_ = false;
};

enum class Until { line_end, file_end };

/// At most a little more than a secret may have, so that its length can be told.
Result<std::string> read_input(Until until) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() <= kSecretBytesMax + 2) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading the value from standard input"));
    if (got == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (until == Until::line_end && text.ends_with('\n')) break;
  }
  return text;
}

Result<std::string> ask(const std::string& what) {
  const NoEcho silent;
  if (!silent.works()) {
    return fail(Code::unavailable,
                "this terminal cannot be kept from showing what is typed; give the value by --file "
                "or through a pipe");
  }
  std::fputs((what + ": ").c_str(), stderr);
  auto text = read_input(Until::line_end);
  std::fputs("\n", stderr);
  return text;
}

}  // namespace

Result<std::string> read_secret_input(const std::string& file, const std::string& what) {
  auto text = !file.empty()                 ? aws::read_whole_file(file)
              : ::isatty(STDIN_FILENO) == 1 ? ask(what)
                                            : read_input(Until::file_end);
  if (!text) return text;
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return text;
}

}  // namespace waybill::cli
