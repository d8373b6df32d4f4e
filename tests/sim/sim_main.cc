// Plays any number of seeds: `sim --seeds 100000 --first 1`. A seed that fails prints one line that
// plays it again. Exit 0: all well, 1: some failed, 2: usage.

#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "base/log.h"
#include "tests/sim/world.h"

namespace {

using namespace waybill;

bool read_number(const char* text, std::uint64_t& number) {
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  return error == std::errc{} && stop == end;
}

int usage() {
  std::fputs("usage: sim [--seeds N] [--first S]\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seeds = 1000;
  std::uint64_t first = 1;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (i + 1 == argc) return usage();
    if (flag != "--seeds" && flag != "--first") return usage();
    if (!read_number(argv[i + 1], flag == "--seeds" ? seeds : first)) return usage();
  }
  log::configure(log::Level::off, log::Format::human);
  std::uint64_t failed = 0;
  std::uint64_t acts = 0;
  std::uint64_t tasks = 0;
  std::map<Happening, std::uint64_t> happenings;
  std::map<std::string, std::uint64_t> batches;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const sim::Played played = sim::play(seed);
    acts += played.acts;
    tasks += played.tasks;
    for (const auto& [happening, count] : played.happenings) happenings[happening] += count;
    for (const auto& [kind, count] : played.batches) batches[kind] += count;
    if (!played.violation) continue;
    ++failed;
    std::printf("%s\n", sim::to_line(played).c_str());
    std::fflush(stdout);  // at once: who watches may stop it there
  }
  for (const auto& [happening, count] : happenings) {
    std::printf("%12llu %s\n", static_cast<unsigned long long>(count),
                std::string(to_string(happening)).c_str());
  }
  for (const auto& [kind, count] : batches) {
    std::printf("%12llu %s\n", static_cast<unsigned long long>(count), kind.c_str());
  }
  std::printf("%12llu tasks in %llu acts\n", static_cast<unsigned long long>(tasks),
              static_cast<unsigned long long>(acts));
  std::printf("%llu seeds from %llu: %llu failed\n", static_cast<unsigned long long>(seeds),
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
