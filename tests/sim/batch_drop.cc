#include "tests/sim/batch_drop.h"

#include <algorithm>
#include <utility>

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kBatchWindow = 1h;
constexpr Duration kQuietTime = 45s;
const std::vector<std::string> kParts = {"batch", "batch.avro", "batch.sig"};
constexpr std::string_view kBeforeKeys = ",\"keys\":";

std::string begin_of_params(const std::string& source, const std::string& id, Time minute) {
  return R"({"source":")" + source + R"(","batch":")" + id + R"(","time":")" + format_time(minute) +
         '"';
}

std::string keys_of_params(const std::string& path) {
  std::string text = "{";
  for (const std::string& part : kParts) {
    text += (text.size() > 1 ? ",\"" : "\"") + part + "\":\"" + path + '.' + part + '"';
  }
  return text + "}}";
}

}  // namespace

BatchDrop::BatchDrop(Stage& stage, Rng rng)
    : Drop(stage, rng, kBatchWindow),
      north_(stage, {.name = "north", .page_size = 23}),
      south_(stage, {.name = "south", .page_size = 17}),
      markers_(stage, {.name = "markers", .page_size = 19}) {}

ScanDefinition BatchDrop::scan() const {
  return {.name = "batches",
          .planner = BatchScan{.sources = {{"north", north_.url()}, {"south", south_.url()}},
                               .path = "{source}/{yyyy}/{MM}/{dd}/{HH}/{mm}/{batch}.{part}",
                               .parts = kParts,
                               .marker_url = markers_.url(),
                               .quiet_time = kQuietTime,
                               .window = kBatchWindow,
                               .task = "load"},
          .every = 60s};
}

std::map<std::string, TaskDefinition> BatchDrop::tasks() const {
  return {{"load", {.name = "load", .kind = "work", .queue = "q1"}}};
}

void BatchDrop::begin_batch() {
  const std::string id = to_string(uuid_v5(kTaskNamespace, "load/" + std::to_string(++begun_)));
  const Time minute = choose_minute();
  const bool in_both = rng_.chance(0.3);
  const bool in_north = in_both || rng_.chance(0.5);
  if (in_north) begin_in("north", id, minute);
  if (in_both || !in_north) begin_in("south", id, minute);
}

void BatchDrop::begin_in(const std::string& source, const std::string& id, Time minute) {
  ObjectStore* bucket = source == "north" ? &north_ : &south_;
  const std::string path = source + '/' + minute_text(minute, '/') + '/' + id;
  std::vector<std::string> parts = kParts;
  shuffle(parts);
  const bool completely = !rng_.chance(0.15);
  if (!completely) parts.pop_back();
  std::vector<Upload> uploads;
  for (const std::string& part : parts) {
    uploads.push_back({.bucket = bucket, .key = path + '.' + part, .after = gap()});
  }
  if (completely && rng_.chance(0.3)) {
    const std::string& part = kParts[rng_.below(kParts.size())];
    uploads.push_back({.bucket = bucket, .key = path + '.' + part, .after = up_to(2min)});
  }
  if (rng_.chance(0.1)) uploads.push_back({.bucket = bucket, .key = path + ".odd"});
  Batch& batch = batches_[begin_of_params(source, id, minute)];
  batch.path = path;
  batch.minute = minute;
  upload(std::move(uploads), [this, &batch](const Upload& upload) {
    arrived(batch, upload.key.substr(batch.path.size() + 1));
  });
}

void BatchDrop::arrived(Batch& batch, const std::string& part) {
  if (std::ranges::find(kParts, part) == kParts.end()) return;
  look(batch);  // a pass may have seen it just before
  batch.was_rewritten = batch.was_rewritten || batch.parts.contains(part);
  batch.parts[part] = stage_.now();
  quiet_from(stage_.now() + kQuietTime);
}

void BatchDrop::look(Batch& batch) const {
  if (batch.parts.size() < kParts.size()) return;
  Time changed_at = Time::min();
  for (const auto& [part, written_at] : batch.parts) changed_at = std::max(changed_at, written_at);
  if (stage_.latest() >= changed_at + kQuietTime) batch.was_ready = true;
}

std::string BatchDrop::accept(const TaskRequest& request) {
  const std::size_t end = std::min(request.params.find(kBeforeKeys), request.params.size());
  const auto found = batches_.find(request.params.substr(0, end));
  if (found == batches_.end()) return "a task of no batch: " + request.params;
  Batch& batch = found->second;
  owe_marker(request.dedup_key, batch.minute);
  if (++batch.tasks > 1) return "another task of batch " + batch.path;
  look(batch);
  if (batch.parts.size() < kParts.size()) return "a task of an incomplete batch: " + batch.path;
  if (!batch.was_ready) return "a task of a batch that was not quiet yet: " + batch.path;
  if (in_window(batch.minute) == InWindow::never) {
    return "a task of a batch outside the window: " + batch.path;
  }
  if (request.params.substr(end + kBeforeKeys.size()) != keys_of_params(batch.path)) {
    return "a task with other keys than the batch's: " + request.params;
  }
  return {};
}

std::vector<std::string> BatchDrop::amiss(Time /*scanned_at*/) const {
  std::vector<std::string> complaints;
  for (const auto& [params, batch] : batches_) {
    const bool complete = batch.parts.size() == kParts.size();
    const bool owed = complete && in_window(batch.minute) == InWindow::always;
    if (owed && batch.tasks == 0) complaints.push_back("no task of batch " + batch.path);
  }
  return complaints;
}

void BatchDrop::tally(std::map<std::string, std::uint64_t>& kinds) const {
  for (const auto& [params, batch] : batches_) {
    const bool complete = batch.parts.size() == kParts.size();
    const InWindow in = in_window(batch.minute);
    ++kinds[!complete                   ? "batches: incomplete"
            : in == InWindow::never     ? "batches: outside the window"
            : in == InWindow::sometimes ? "batches: at the edge of the window"
                                        : "batches: owed a task"];
    if (batch.was_rewritten) ++kinds["batches: rewritten"];
  }
}

}  // namespace waybill::sim
