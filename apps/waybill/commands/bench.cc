#include <stdlib.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "apps/waybill/commands/commands.h"
#include "apps/waybill/session.h"
#include "base/json.h"
#include "bench/report.h"
#include "bench/suite.h"
#include "core/suggest.h"

namespace waybill::cli {
namespace {

/// A directory for the run's files, removed after it.
class BenchDirectory {
 public:
  static Result<BenchDirectory> create(const std::string& parent) {
    std::string path = parent + "/waybill-bench-XXXXXX";
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (error || ::mkdtemp(path.data()) == nullptr) {
      return fail(Code::unavailable, "cannot make a directory in " + parent +
                                         ": name one on the disk to measure with --directory DIR");
    }
    return BenchDirectory(std::move(path));
  }
  ~BenchDirectory() {
    std::error_code ignored;  // a moved-from one has no path; a left-over is only in the way
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  BenchDirectory(BenchDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  BenchDirectory& operator=(BenchDirectory&&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit BenchDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

std::vector<std::string> figure_names() {
  std::vector<std::string> names;
  for (const auto& entry : bench::embedded_suite())
    names.insert(names.end(), entry.figures.begin(), entry.figures.end());
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// The benchmarks that give any of the figures named; all of them if none is.
Result<std::vector<bench::SuiteEntry>> chosen(const std::vector<std::string>& names) {
  std::vector<bench::SuiteEntry> suite = bench::embedded_suite();
  const std::vector<std::string> known = figure_names();
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    return fail(Code::invalid_argument, "there is no figure \"" + name + "\"" +
                                            did_you_mean(name, known) + "; there are " +
                                            listed(known));
  }
  if (names.empty()) return suite;
  std::erase_if(suite, [&](const bench::SuiteEntry& entry) {
    return std::ranges::none_of(entry.figures, [&](std::string_view figure) {
      return std::ranges::find(names, figure) != names.end();
    });
  });
  return suite;
}

Result<bench::SuiteParams> suite_params(const Invocation& invocation,
                                        const std::string& directory) {
  bench::SuiteParams params{.directory = directory};
  if (invocation.has("quick")) params = {directory, 2, bench::SuiteSize::quick};
  if (!invocation.has("repetitions")) return params;
  const std::string text = invocation.text("repetitions");
  const bool digits = !text.empty() && text.size() <= 3 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  params.repetitions = digits ? std::stoul(text) : 0;
  if (params.repetitions > 0) return params;
  return fail(Code::invalid_argument, "--repetitions takes a number from 1 to 999, not " + text);
}

Exit run_bench(Session& session, const Invocation& invocation) {
  const auto suite = chosen(invocation.texts("only"));
  if (!suite) return fail(suite.error());
  const auto directory =
      BenchDirectory::create(invocation.has("directory") ? invocation.text("directory") : ".");
  if (!directory) return fail(directory.error());
  const auto params = suite_params(invocation, directory->path());
  if (!params) return fail(params.error());

  Output& output = session.output();
  std::vector<bench::Measurement> measurements;
  for (const bench::SuiteEntry& entry : *suite) {
    output.progress("measuring " + std::string(entry.figures.front()));
    auto figures = entry.run(session.clock(), *params);
    if (!figures) return fail(with_context(figures.error(), std::string(entry.figures.front())));
    for (bench::Measurement& figure : *figures) measurements.push_back(std::move(figure));
  }
  output.end_progress();
  if (invocation.has("json-file")) {
    const Status written = bench::write_json(invocation.text("json-file"), measurements);
    if (!written) return fail(written.error());
  }
  if (!output.json()) {
    output.data(bench::to_table(measurements));
    return 0;
  }
  const auto list = json::parse(bench::to_json(measurements));  // a file has a line for each figure
  if (!list) return fail(list.error());
  output.json_line(*list);
  return 0;
}

}  // namespace

Command bench_command() {
  static const std::string kDetails =
      "Floors are the same rows written with bare SQLite statements in transactions of the same "
      "size, in the same run. The full run keeps 10 million tasks for a while: it needs about 8 GB "
      "of disk and some minutes.\n\nFigures: " +
      listed(figure_names()) + ".";
  return {.path = "bench",
          .summary = "Measure this machine: ledger, worker, planner, each beside its floor",
          .examples = {"waybill bench", "waybill bench --only enqueue_1000 --only start_p99_ms",
                       "waybill bench --quick"},
          .details = kDetails,
          .options = {{"only", "NAME", "measure this figure and what comes with it",
                       Option::Times::many},
                      {"repetitions", "N", "how often each is measured; the median is told (5)"},
                      {"quick", "", "small sizes: shows that it runs, the figures mean little"},
                      {"directory", "DIR", "on the disk to measure (the current directory)"},
                      {"json-file", "FILE", "write the figures there too, as a JSON list"}},
          .run = run_bench};
}

}  // namespace waybill::cli
