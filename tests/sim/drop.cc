#include "tests/sim/drop.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/check.h"

namespace waybill::sim {

using std::chrono::minutes;

std::string minute_text(Time time, char separator) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto minute = std::chrono::duration_cast<minutes>(time - day).count();
  char text[32];
  std::snprintf(text, sizeof text, "%04d%c%02u%c%02u%c%02d%c%02d", int(date.year()), separator,
                unsigned(date.month()), separator, unsigned(date.day()), separator,
                int(minute / 60), separator, int(minute % 60));
  return text;
}

void Drop::upload(std::vector<Upload> uploads, std::function<void(const Upload&)> arrived) {
  if (uploads.empty()) return;
  ++arriving_;
  const Duration first = uploads.front().after;
  Arrival& arrival =
      arrivals_.emplace_back(Arrival{.uploads = std::move(uploads), .arrived = std::move(arrived)});
  stage_.enter([this, &arrival] { return proceed(arrival); }, first);
}

Duration Drop::proceed(Arrival& arrival) {
  const Upload& upload = arrival.uploads[arrival.next];
  const Status done = upload.bucket->put(upload.key, "x");
  WAYBILL_CHECK(done.has_value(), "a bucket in memory takes everything");
  arrival.arrived(upload);
  if (++arrival.next < arrival.uploads.size()) return arrival.uploads[arrival.next].after;
  --arriving_;
  return Stage::kNever;
}

std::vector<std::string> Drop::markers_owed(Time scanned_at) const {
  std::vector<std::string> owed;
  for (const auto& [key, minute] : keys_) {
    if (minute >= window_begin(scanned_at)) owed.push_back(key);
  }
  return owed;
}

Drop::InWindow Drop::in_window(Time minute) const {
  if (minute < window_begin(stage_.earliest())) return InWindow::never;
  return minute < window_begin(stage_.latest()) ? InWindow::sometimes : InWindow::always;
}

Time Drop::choose_minute() {
  const Duration age = rng_.chance(0.2) ? up_to(window_ + window_ / 2) : Duration(0);
  return std::chrono::floor<minutes>(stage_.now() - age);
}

Duration Drop::up_to(Duration longest) {
  return Duration(static_cast<Duration::rep>(rng_.unit() * static_cast<double>(longest.count())));
}

void Drop::shuffle(std::vector<std::string>& words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    std::swap(words[i], words[i + rng_.below(words.size() - i)]);
  }
}

}  // namespace waybill::sim
