// The short form of a fuzz target, without libFuzzer: runs it over its corpus, and over inputs that
// are made from those by a seeded generator. `replay CORPUS [SEED]`.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/rng.h"

/// There only in a build with a sanitizer, which says more of a crash than a signal handler can.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kInputsOfEach = 200;
constexpr std::uint64_t kSeed = 1;

/// What is run now, for whoever looks into a crash: written by a signal handler.
char current[512];

void say_what_was_run() {
  const std::size_t size = std::char_traits<char>::length(current);
  if (::write(STDERR_FILENO, current, size) < 0) ::_exit(1);
}

extern "C" void on_crash(int signal) {
  say_what_was_run();
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

/// One to four of: a byte replaced, removed or doubled, the end cut off.
std::string changed(std::string input, waybill::Rng& rng) {
  for (std::uint64_t left = 1 + rng.below(4); left > 0 && !input.empty(); --left) {
    const std::size_t at = rng.below(input.size());
    switch (rng.below(4)) {
      case 0:
        input[at] = static_cast<char>(rng.below(256));
        break;
      case 1:
        input.erase(at, 1);
        break;
      case 2:
        input.insert(at, 1, input[at]);
        break;
      default:
        input.resize(at);
    }
  }
  return input;
}

void run(const std::string& input) {
  // Exactly as many bytes, on the heap, so that a sanitizer sees a read beyond them.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("usage: replay CORPUS [SEED]\n", stderr);
    return 2;
  }
  const std::uint64_t seed = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : kSeed;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    std::fprintf(stderr, "replay: no inputs in %s\n", arguments[1]);
    return 1;
  }
  ::signal(SIGABRT, on_crash);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(say_what_was_run);
  } else {
    for (const int signal : {SIGSEGV, SIGFPE, SIGILL, SIGBUS}) ::signal(signal, on_crash);
  }
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string input(std::istreambuf_iterator<char>(stream), {});
    waybill::Rng rng(seed);
    for (int i = 0; i <= kInputsOfEach; ++i) {
      std::snprintf(current, sizeof(current), "replay: at input %d made from %s with seed %llu\n",
                    i, file.c_str(), static_cast<unsigned long long>(seed));
      run(i == 0 ? input : changed(input, rng));
    }
  }
  std::printf("%zu files, %d inputs made from each, seed %llu\n", files.size(), kInputsOfEach,
              static_cast<unsigned long long>(seed));
  return 0;
}
