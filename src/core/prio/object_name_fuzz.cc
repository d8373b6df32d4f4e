#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "core/prio/object_name.h"

// Any key: what is read is written back byte for byte, and markers are told apart.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view key(reinterpret_cast<const char*>(data), size);
  const auto name = prio::parse_object_name(key);
  if (!name) {
    WAYBILL_CHECK(!name.error().message.empty(), "a refusal says why");
    return 0;
  }
  std::string written(name->aggregation_id);
  written += '/';
  prio::append_minute(written, name->time, '/');
  written += '/';
  written += name->file;
  WAYBILL_CHECK(written == key, "a name is read as it was written");

  const prio::BatchFile file = prio::FileSuffixes("batch").split(name->file);
  WAYBILL_CHECK(name->file.starts_with(file.batch_id), "an id is the beginning of its file");
  const prio::BatchName batch{
      .aggregation_id = name->aggregation_id, .time = name->time, .batch_id = file.batch_id};
  const std::string marker = prio::intake_marker(batch);
  // Read as the original's batch of each other date in its name: none but an ambiguous marker has
  // one.
  for (std::size_t at = 7; at + prio::kMinuteBytes + 1 < marker.size(); ++at) {
    const auto time =
        prio::parse_minute(std::string_view(marker).substr(at, prio::kMinuteBytes), '-');
    const bool is_date = time && marker[at - 1] == '-' && marker[at + prio::kMinuteBytes] == '-';
    const bool own = at == 8 + batch.aggregation_id.size();
    WAYBILL_CHECK(!is_date || own || prio::has_ambiguous_marker(batch), "a marker has one reading");
  }
  return 0;
}
