// Plays any number of seeds: `sim --seeds 100000 --first 1`. A seed that fails prints one line that
// says how to play it again; `--plant NAME` makes a mistake on purpose, to see one. Exit 0: all
// well, 1: some failed, 2: usage.

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string>

#include "base/log.h"
#include "tests/sim/mutants.h"
#include "tests/sim/world.h"

namespace {

using namespace waybill;

struct Order {
  std::uint64_t seeds = 1000;
  std::uint64_t first = 1;
  sim::Plant plant;
};

struct Totals {
  std::uint64_t failed = 0;
  std::uint64_t acts = 0;
  std::uint64_t tasks = 0;
  std::map<std::string, std::uint64_t> counts;
};

bool read_number(const char* text, std::uint64_t& number) {
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  return error == std::errc{} && stop == end;
}

bool read_plant(const std::string& name, sim::Plant& plant) {
  const auto all = sim::plants();
  const auto found = std::ranges::find(all, name, &sim::Plant::name);
  if (found != all.end()) plant = *found;
  return found != all.end();
}

std::optional<Order> read_order(int argc, char** argv) {
  Order order;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (i + 1 == argc) return std::nullopt;
    const bool understood = (flag == "--seeds" && read_number(argv[i + 1], order.seeds)) ||
                            (flag == "--first" && read_number(argv[i + 1], order.first)) ||
                            (flag == "--plant" && read_plant(argv[i + 1], order.plant));
    if (!understood) return std::nullopt;
  }
  return order;
}

void add(Totals& totals, const sim::Played& played) {
  totals.acts += played.acts;
  totals.tasks += played.tasks;
  for (const auto& [happening, count] : played.happenings) {
    totals.counts[std::string(to_string(happening))] += count;
  }
  for (const auto& [kind, count] : played.batches) totals.counts[kind] += count;
  for (const auto& [what, count] : played.troubles) totals.counts["trouble: " + what] += count;
  if (!played.violation) return;
  ++totals.failed;
  std::printf("%s\n", sim::to_line(played).c_str());
  std::fflush(stdout);  // at once: who watches may stop it there
}

}  // namespace

int main(int argc, char** argv) {
  const auto order = read_order(argc, argv);
  if (!order) {
    std::fputs("usage: sim [--seeds N] [--first S] [--plant NAME]\n", stderr);
    return 2;
  }
  log::configure(log::Level::off, log::Format::human);
  Totals totals;
  for (std::uint64_t seed = order->first; seed < order->first + order->seeds; ++seed) {
    add(totals, sim::play(seed, order->plant));
  }
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  for (const auto& [what, count] : totals.counts) {
    std::printf("%12llu %s\n", number(count), what.c_str());
  }
  std::printf("%12llu tasks in %llu acts\n", number(totals.tasks), number(totals.acts));
  std::printf("%llu seeds from %llu: %llu failed\n", number(order->seeds), number(order->first),
              number(totals.failed));
  return totals.failed == 0 ? 0 : 1;
}
