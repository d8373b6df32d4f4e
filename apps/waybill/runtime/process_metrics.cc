#include "apps/waybill/runtime/process_metrics.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/file_descriptor.h"
#include "core/scan_plan.h"

namespace waybill::cli {
namespace {

constexpr Duration kEvery = std::chrono::seconds(5);
constexpr int kFieldsBeforeStartTime = 19;  // of /proc/self/stat, after the name: proc(5), field 22

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// When the machine started, in seconds since 1970; 0 if that cannot be read.
double booted_at() {
  std::ifstream stat("/proc/stat");
  for (std::string word; stat >> word;) {
    double at = 0;
    if (word == "btime" && stat >> at) return at;
  }
  return 0;
}

/// When this process started, in seconds since 1970; 0 if that cannot be read.
double started_at() {
  std::ostringstream text;
  text << std::ifstream("/proc/self/stat").rdbuf();
  const std::string stat = text.str();
  const std::size_t name_end = stat.rfind(')');  // the name may hold blanks and parentheses
  if (name_end == stat.npos) return 0;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 0; field < kFieldsBeforeStartTime; ++field) fields >> skipped;
  double ticks = 0;
  if (!(fields >> ticks)) return 0;
  return booted_at() + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::int64_t count_open_files() {
  std::error_code error;
  std::int64_t count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

ProcessMetrics::ProcessMetrics(std::string data) : data_(std::move(data)) {}

Result<ProcessMetrics::Reading> ProcessMetrics::read(const std::string& data) {
  Reading reading;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return fail(system_error(errno, "reading rusage"));
  reading.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;  // the second is what is resident
  reading.resident_bytes = pages * ::sysconf(_SC_PAGESIZE);
  reading.started_at = started_at();
  reading.open_files = count_open_files();
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return fail(system_error(errno, "reading rlimits"));
  reading.open_files_max = static_cast<std::int64_t>(files.rlim_cur);
  struct statvfs space {};
  if (::statvfs(data.c_str(), &space) != 0) {
    return fail(system_error(errno, "reading the free space of " + data));
  }
  const auto block = static_cast<std::int64_t>(space.f_frsize);
  reading.data_free_bytes = static_cast<std::int64_t>(space.f_bavail) * block;
  reading.data_size_bytes = static_cast<std::int64_t>(space.f_blocks) * block;
  return reading;
}

Result<Duration> ProcessMetrics::step(const Deadline&) {
  const auto reading = read(data_);
  if (!reading) return fail(reading.error());
  const Lock lock(mutex_);
  is_read_ = true;
  last_ = *reading;
  return kEvery;
}

void ProcessMetrics::add(std::vector<MetricSample>& samples) const {
  const auto add_one = [&](const char* name, double value, const char* help,
                           MetricType type = MetricType::gauge) {
    samples.push_back({.name = name, .labels = {}, .value = value, .type = type, .help = help});
  };
  samples.push_back({.name = "waybill_build_info",
                     .labels = labelled("", "version", WAYBILL_VERSION),
                     .value = 1,
                     .help = "Which Waybill this is."});
  const Lock lock(mutex_);
  if (!is_read_) return;
  add_one("process_cpu_seconds_total", last_.cpu_seconds, "Processor time that was used.",
          MetricType::counter);
  add_one("process_resident_memory_bytes", static_cast<double>(last_.resident_bytes),
          "Memory that is resident.");
  add_one("process_start_time_seconds", last_.started_at, "When the process started, since 1970.");
  add_one("process_open_fds", static_cast<double>(last_.open_files), "Open file descriptors.");
  add_one("process_max_fds", static_cast<double>(last_.open_files_max),
          "Open file descriptors, at most.");
  add_one("waybill_data_free_bytes", static_cast<double>(last_.data_free_bytes),
          "Free space where the data directory is.");
  add_one("waybill_data_size_bytes", static_cast<double>(last_.data_size_bytes),
          "Size of the file system where the data directory is.");
}

}  // namespace waybill::cli
