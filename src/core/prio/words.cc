#include "core/prio/words.h"

#include "base/utf8.h"
#include "core/task.h"

namespace waybill::prio {
namespace {

/// The path that the batch's files have in common.
std::string path_of(const BatchName& batch) {
  std::string path(batch.aggregation_id);
  path += '/';
  append_minute(path, batch.time, '/');
  path += '/';
  path += batch.batch_id;
  return path;
}

std::string window_text(std::string_view aggregation_id, const Window& window) {
  std::string text = "aggregate ";
  text += aggregation_id;
  text += ' ';
  return text + span_text(window);
}

/// The first block of a UUID tells batches apart well enough for people.
std::string_view short_id(std::string_view batch_id) {
  return batch_id.size() == 36 && batch_id[8] == '-' ? batch_id.substr(0, 8) : batch_id;
}

std::string detail_of_incomplete(const Listed& listed, const BatchRecord& record) {
  if (!seen_in(record, Bucket::ingestion)) {
    if (is_validated(record)) return "validated by the peer, but absent from the ingestion bucket";
    return "in the peer's bucket; missing " + std::string(listed.peer_files.name(Part::signature));
  }
  std::string text;
  for (const Part part : {Part::header, Part::packets, Part::signature}) {
    if (has(record, bit_of(Bucket::ingestion, part))) continue;
    text += text.empty() ? "missing " : ", ";
    text += listed.ingestion_files.name(part);
  }
  return text;
}

std::string too_long(std::size_t bytes, const Listed& listed) {
  return "its marker's name would have " + std::to_string(bytes) +
         " bytes, and the bucket of markers takes " + std::to_string(listed.marker_bytes_max) +
         ": ";
}

std::string detail_of_window(const Listed& listed, SkipReason reason, const Window& window,
                             std::string_view aggregation_id) {
  if (reason == SkipReason::too_large) {
    return "its message is over " + std::to_string(listed.scan.aggregate_bytes_max) + " bytes";
  }
  if (reason != SkipReason::malformed_name) return "";
  const std::string marker = aggregate_marker(aggregation_id, window.begin, window.end);
  return too_long(marker.size(), listed) +
         (marker.size() > listed.marker_bytes_max
              ? "give the aggregation a shorter id"
              : "it cannot be aggregated in parts; give the aggregation a shorter id");
}

std::string detail_of_record(const Listed& listed, SkipReason reason, const BatchRecord& record,
                             bool window_done) {
  const bool ours = seen_in(record, Bucket::ingestion);
  const std::string where = ours ? "" : "in the peer's bucket; ";
  switch (reason) {
    case SkipReason::unknown_part: {
      const FileSuffixes& files = ours ? listed.ingestion_files : listed.peer_files;
      return where + "it does not end in ." + std::string(files.name(Part::header)) + ", ." +
             std::string(files.name(Part::packets)) + " or ." +
             std::string(files.name(Part::signature));
    }
    case SkipReason::incomplete:
      return detail_of_incomplete(listed, record);
    case SkipReason::no_peer_validation:
      return std::string("missing ") + std::string(listed.peer_files.name(Part::signature)) +
             (window_done ? "; its window was aggregated without it" : "");
    case SkipReason::late_peer_validation:
      return "ready at " + format_time(record.ready_at) +
             ", after its window was aggregated: it is in no sum";
    case SkipReason::ambiguous_marker:
      return "another batch could have its marker " + intake_marker(name_of(listed, record)) +
             "; rename it";
    case SkipReason::malformed_name:
      return too_long(intake_marker(name_of(listed, record)).size(), listed) +
             "give the batch a shorter id";
    default:
      return "";
  }
}

Skipped describe_malformed(const NameSample::Name& name) {
  const bool ours = name.of == static_cast<std::uint8_t>(Bucket::ingestion);
  const auto parsed = parse_object_name(name.text);
  return {.what = escape_utf8(name.text),
          .reason = SkipReason::malformed_name,
          .detail = std::string(ours ? "" : "in the peer's bucket; ") +
                    (parsed ? "it is outside the scan" : parsed.error().message)};
}

}  // namespace

std::string span_text(const Window& window) {
  std::string text;
  append_minute(text, window.begin, '/');
  text += " to ";
  append_minute(text, window.end, '/');
  return text;
}

PlannedTask intake_task(const BatchName& batch, const std::string& definition) {
  PlannedTask task{.marker = intake_marker(batch), .task = definition};
  task.id = uuid_v5(kTaskNamespace, task.marker);
  task.params = encode(IntakeMessage{.trace_id = task.id,
                                     .aggregation_id = std::string(batch.aggregation_id),
                                     .batch_id = std::string(batch.batch_id),
                                     .date = batch.time});
  const std::string_view id = short_id(batch.batch_id);
  task.what.reserve(9 + batch.aggregation_id.size() + kMinuteBytes + id.size());
  task.what += "intake ";
  task.what += batch.aggregation_id;
  task.what += ' ';
  append_minute(task.what, batch.time, '/');
  task.what += ' ';
  task.what += id;
  return task;
}

PlannedTask aggregate_task(AggregateMessage& message, const Window& window,
                           const std::string& definition) {
  const Window own{message.begin, message.end};
  const auto marker_of = [&](const Window& part) {
    return part == window ? aggregate_marker(message.aggregation_id, part.begin, part.end)
                          : part_marker(message.aggregation_id, window, part);
  };
  PlannedTask task{.marker = marker_of(own),
                   .task = definition,
                   .what = window_text(message.aggregation_id, {message.begin, message.end})};
  for (const Window& wider : windows_around(window, own)) task.within.push_back(marker_of(wider));
  task.id = uuid_v5(kTaskNamespace, task.marker);
  message.trace_id = task.id;
  task.params = encode(message);
  return task;
}

Skipped describe(const Listed& listed, SkipReason reason, const SkipSubject& subject) {
  if (subject.malformed != nullptr) return describe_malformed(*subject.malformed);
  if (subject.record == nullptr) {
    const Window& window = listed.windows[subject.window];
    const std::string& id = listed.aggregations[subject.aggregation].id;
    return {.what = window_text(id, window),
            .reason = reason,
            .detail = detail_of_window(listed, reason, window, id)};
  }
  const BatchRecord& record = *subject.record;
  const Aggregation& aggregation = listed.aggregations[listed.batches.group(record)];
  const bool window_done =
      subject.window != kNoWindow && aggregation.windows[subject.window].aggregated_at.has_value();
  return {.what = path_of(name_of(listed, record)),
          .reason = reason,
          .detail = detail_of_record(listed, reason, record, window_done)};
}

std::string malformed_warning(const Aggregation& aggregation) {
  const auto more = aggregation.malformed.count() -
                    static_cast<std::int64_t>(aggregation.malformed.kept().size());
  return std::to_string(more) + " more malformed names " +
         (aggregation.id.empty() ? "outside of aggregations" : "of aggregation " + aggregation.id) +
         " are counted, but not listed one by one";
}

std::string ambiguity_warning(const BatchName& batch, const BatchName& owner) {
  const std::string path = path_of(batch);
  const std::string other = path_of(owner);
  return "batch " + path + " was not scheduled for intake: " +
         (path == other ? "its marker " + intake_marker(batch) +
                              " is there, but another batch "
                              "could have the same"
                        : "it shares the marker " + intake_marker(batch) + " with " + other) +
         "; rename the batch so that its id holds no date, or make its task by hand";
}

std::string size_warning(const PlannedTask& task, std::size_t batches, const PrioScan& scan) {
  const std::string text = task.what + " was not scheduled: its " + std::to_string(batches) +
                           " batches make a message of " + std::to_string(task.params.size()) +
                           " bytes, over the " + std::to_string(scan.aggregate_bytes_max) +
                           " that a task takes; ";
  if (scan.oversized == OversizedAggregation::refuse) {
    return text + "have its window split with " + scan.split_setting +
           ", or choose a shorter aggregation period";
  }
  return text + "a single minute cannot be split" +
         (scan.aggregate_bytes_max == kParamsBytesMax
              ? ", and the ledger takes no larger task: spread its batches over several minutes"
              : ": choose a queue that takes larger messages");
}

std::string left_out_warning(const Aggregation& aggregation, const Window& window) {
  return window_text(aggregation.id, window) +
         " was not caught up: a window of another aggregation period, which has its marker, shares "
         "some of its minutes; batches of the others may be in no sum, so compare the two";
}

std::string overlap_warning(const Aggregation& aggregation, const Window& window) {
  return window_text(aggregation.id, window) +
         " shares minutes with a window of another aggregation period, which has its marker: "
         "batches of these minutes are in both sums";
}

std::string intake_warning(const PlannedTask& task, std::int64_t without_intake,
                           std::size_t batches) {
  return task.what + ": " + std::to_string(without_intake) + " of its " + std::to_string(batches) +
         " batches have no intake marker: they were never taken in here, and the task may fail; "
         "a longer intake max age takes them in";
}

}  // namespace waybill::prio
