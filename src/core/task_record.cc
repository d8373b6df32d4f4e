#include "core/task_record.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "base/bytes.h"
#include "core/history.h"

namespace waybill {
namespace {

constexpr std::uint8_t kRecordVersion = 1;
/// Of a request that has parts which version 1 does not know: their number follows the rest, and
/// tag and bytes of each. One without such parts is written as version 1, which older programs
/// read.
constexpr std::uint8_t kTaggedVersion = 2;
/// Tags of those parts: never give one another meaning.
constexpr std::uint64_t kNotifyTag = 1;

/// The retry policy of a stored request without a rest. Ledgers in use hold such requests: never
/// change it, also when the defaults of RetryPolicy change. What is not equal to it is stored
/// whole, so that new defaults are right with this as it is, and at worst cost bytes;
/// task_record_test.cc.
constexpr RetryPolicy kRetryOfNoRest = {.failures_max = 5,
                                        .worker_deaths_max = 3,
                                        .backoff_first = std::chrono::seconds(1),
                                        .backoff_max = std::chrono::minutes(5),
                                        .backoff_factor = 2.0,
                                        .jitter = 0.2};

tl::unexpected<Error> damaged_part(std::string_view what) {
  return fail(Code::data_loss, std::string(what) +
                                   " of a task in the ledger is damaged; run "
                                   "`waybill db check`, then restore a backup as "
                                   "`waybill db backup --help` says");
}

void put_micros(std::string& out, std::int64_t micros) {
  put_varint(out, static_cast<std::uint64_t>(micros));
}

void put_double(std::string& out, double value) {
  put_varint(out, std::bit_cast<std::uint64_t>(value));
}

/// Reads fields one after another; false for ever after the first that does not fit.
class RecordFields {
 public:
  explicit RecordFields(std::string_view bytes) : reader_(bytes) {}

  bool version() {
    const auto value = reader_.byte();
    fits_ = value == kRecordVersion;
    return fits_;
  }
  /// Of a request, which has one of two.
  bool request_version() {
    const auto value = reader_.byte();
    fits_ = value == kRecordVersion || value == kTaggedVersion;
    tagged_ = value == kTaggedVersion;
    return fits_;
  }
  bool tagged() const { return tagged_; }
  template <class Integer>
  RecordFields& number(Integer& out) {
    if (const auto value = take(reader_.varint())) out = static_cast<Integer>(*value);
    return *this;
  }
  RecordFields& time(Time& out) {
    if (const auto value = take(reader_.varint())) out = from_micros(static_cast<int64_t>(*value));
    return *this;
  }
  RecordFields& duration(Duration& out) {
    if (const auto value = take(reader_.varint())) out = Duration(static_cast<int64_t>(*value));
    return *this;
  }
  RecordFields& real(double& out) {
    if (const auto value = take(reader_.varint())) out = std::bit_cast<double>(*value);
    return *this;
  }
  RecordFields& text(std::string& out) {
    if (const auto value = take(reader_.text())) out = *value;
    return *this;
  }
  RecordFields& id(Uuid& out) {
    if (const auto value = take(reader_.take(16))) out = to_uuid(*value);
    return *this;
  }
  /// How many elements follow, each at least one byte long.
  std::size_t count() {
    const auto value = take(reader_.varint());
    if (value && *value > reader_.remaining()) fits_ = false;
    return fits_ ? static_cast<std::size_t>(*value) : 0;
  }
  bool fits() const { return fits_; }
  bool at_end() const { return fits_ && reader_.at_end(); }

 private:
  template <class Value>
  std::optional<Value> take(std::optional<Value> value) {
    if (!value) fits_ = false;
    return fits_ ? value : std::nullopt;
  }

  ByteReader reader_;
  bool fits_ = true;
  bool tagged_ = false;
};

bool has_tagged_parts(const TaskRequest& request) { return !request.notify.empty(); }

void put_request_version(std::string& out, const TaskRequest& request) {
  out += static_cast<char>(has_tagged_parts(request) ? kTaggedVersion : kRecordVersion);
}

void put_rest(std::string& out, const TaskRequest& request) {
  put_micros(out, to_micros(request.run_at));
  put_micros(out, request.run_time_max.count());
  const RetryPolicy& retry = request.retry;
  put_varint(out, retry.failures_max);
  put_varint(out, retry.worker_deaths_max);
  put_micros(out, retry.backoff_first.count());
  put_micros(out, retry.backoff_max.count());
  put_double(out, retry.backoff_factor);
  put_double(out, retry.jitter);
  put_varint(out, request.waits_for.size());
  for (const Uuid& id : request.waits_for) out += bytes_of(id);
  put_varint(out, request.labels.size());
  for (const auto& [name, value] : request.labels) {
    put_text(out, name);
    put_text(out, value);
  }
  if (!has_tagged_parts(request)) return;
  put_varint(out, 1);
  put_varint(out, kNotifyTag);
  put_text(out, request.notify);
}

/// Those of version 2. False for a tag that nobody has given yet.
bool take_tagged_parts(RecordFields& fields, TaskRequest& request) {
  for (std::size_t left = fields.count(); left > 0; --left) {
    std::uint64_t tag = 0;
    fields.number(tag);
    if (tag != kNotifyTag) return false;
    fields.text(request.notify);
  }
  return fields.fits();
}

void take_rest(RecordFields& fields, TaskRequest& request) {
  RetryPolicy& retry = request.retry;
  fields.time(request.run_at).duration(request.run_time_max);
  fields.number(retry.failures_max).number(retry.worker_deaths_max);
  fields.duration(retry.backoff_first).duration(retry.backoff_max);
  fields.real(retry.backoff_factor).real(retry.jitter);
  request.waits_for.resize(fields.count());
  for (Uuid& id : request.waits_for) fields.id(id);
  request.labels.resize(fields.count());
  for (auto& [name, value] : request.labels) fields.text(name).text(value);
}

/// Also what follows the rest.
bool takes_all(RecordFields& fields, TaskRequest& request) {
  take_rest(fields, request);
  request.notify.clear();
  if (fields.tagged() && !take_tagged_parts(fields, request)) return false;
  return fields.at_end();
}

/// Keep in step with set_no_rest.
bool needs_no_rest(const TaskRequest& request) {
  return request.run_at == Time{} && request.run_time_max == Duration(0) &&
         request.waits_for.empty() && request.labels.empty() && !has_tagged_parts(request) &&
         request.retry == kRetryOfNoRest;
}

void set_no_rest(TaskRequest& request) {
  request.run_at = Time{};
  request.run_time_max = Duration(0);
  request.waits_for.clear();
  request.labels.clear();
  request.notify.clear();
  request.retry = kRetryOfNoRest;
}

}  // namespace

std::string encode_detail(const TaskStatus& status) {
  std::string out;
  out.reserve(32 + status.worker.size() + status.error.size() + status.result.size());
  out += static_cast<char>(kRecordVersion);
  put_varint(out, status.attempt);
  put_varint(out, status.failures);
  put_varint(out, status.worker_deaths);
  put_micros(out, to_micros(status.started_at));
  put_text(out, status.worker);
  put_text(out, status.error);
  put_text(out, status.result);
  put_micros(out, to_micros(status.cancel.requested_at));
  if (!status.cancel.requested()) return out;
  put_text(out, status.cancel.by);
  put_text(out, status.cancel.reason);
  return out;
}

Status decode_detail(std::string_view bytes, TaskStatus& status) {
  RecordFields fields(bytes);
  if (!fields.version()) return damaged_part("the status");
  fields.number(status.attempt).number(status.failures).number(status.worker_deaths);
  fields.time(status.started_at).text(status.worker).text(status.error).text(status.result);
  fields.time(status.cancel.requested_at);
  if (status.cancel.requested()) fields.text(status.cancel.by).text(status.cancel.reason);
  if (!fields.at_end()) return damaged_part("the status");
  return {};
}

std::string encode_rest(const TaskRequest& request) {
  std::string out;
  if (needs_no_rest(request)) return out;
  put_request_version(out, request);
  put_rest(out, request);
  return out;
}

Status decode_rest(std::string_view bytes, TaskRequest& request) {
  if (bytes.empty()) {
    set_no_rest(request);
    return {};
  }
  RecordFields fields(bytes);
  if (!fields.request_version() || !takes_all(fields, request)) {
    return damaged_part("the request");
  }
  return {};
}

std::string encode_request(const TaskRequest& request) {
  std::string out;
  put_request_version(out, request);
  out += bytes_of(request.id);
  put_text(out, request.queue);
  put_text(out, request.kind);
  put_text(out, request.definition);
  put_text(out, request.spec);
  put_text(out, request.params);
  put_varint(out, static_cast<std::uint64_t>(request.priority - kPriorityMin));
  put_text(out, request.dedup_key);
  put_varint(out, static_cast<std::uint64_t>(request.dedup_scope));
  put_text(out, request.created_by);
  put_rest(out, request);
  return out;
}

Result<TaskRequest> decode_request(std::string_view bytes) {
  RecordFields fields(bytes);
  if (!fields.request_version()) return damaged_part("the request");
  TaskRequest request;
  fields.id(request.id).text(request.queue).text(request.kind).text(request.definition);
  fields.text(request.spec).text(request.params).number(request.priority);
  request.priority += kPriorityMin;
  fields.text(request.dedup_key).number(request.dedup_scope).text(request.created_by);
  if (!takes_all(fields, request)) return damaged_part("the request");
  return request;
}

void append_event(std::string& out, const Uuid& id, std::int64_t lane, std::string_view entry) {
  out += bytes_of(id);
  put_varint(out, static_cast<std::uint64_t>(lane));
  put_text(out, entry);
}

Result<std::vector<EventRecord>> read_events(std::string_view bytes) {
  std::vector<EventRecord> records;
  RecordFields fields(bytes);
  while (!fields.at_end()) {
    EventRecord& record = records.emplace_back();
    std::string entry;
    fields.id(record.id).number(record.lane).text(entry);
    auto entries = fields.fits() ? read_history(entry) : fail(Code::data_loss, "cut off");
    if (!entries || entries->size() != 1) return damaged_part("an event");
    record.entry = std::move(entries->front());
  }
  return records;
}

}  // namespace waybill
