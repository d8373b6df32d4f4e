#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/json.h"
#include "core/definition.h"
#include "core/prio/message.h"
#include "core/prio/object_name.h"
#include "core/scan_fixture.h"

// Every case in tests/cases/workflow-manager is run through the planner, or is listed with the
// reason in tests/cases/planning.json: corrected (a defect of the original), refused (by
// check_scan) or not_planning.

namespace waybill::prio {
namespace {

namespace bj = boost::json;
using Counts = std::map<std::string, std::int64_t>;

const std::filesystem::path kCases = "tests/cases/workflow-manager";

bj::value read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto value = json::parse(text.str());
  EXPECT_TRUE(value) << path << ": " << (value ? "" : value.error().message);
  return value ? *value : bj::value();
}

const bj::object& table(std::string_view part) {
  static const bj::value all = read_json("tests/cases/planning.json");
  return all.at(part).as_object();
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kCases)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> strings(const bj::object& object, std::string_view field) {
  std::vector<std::string> result;
  if (const auto* list = object.if_contains(field)) {
    for (const auto& item : list->as_array()) result.emplace_back(item.as_string());
  }
  return result;
}

/// The scan of a case's flags.
PrioScan scan_of(const bj::object& flags) {
  const auto flag = [&](std::string_view name) {
    const auto* value = flags.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
  };
  PrioScan scan{.ingestion_url = "s3://us-west-1/ingest-bucket",
                .own_url = "s3://us-west-1/own-bucket",
                .peer_url = "s3://us-west-1/peer-bucket",
                .side = flag("is-first") == "true" ? PrioSide::first : PrioSide::second,
                .intake_max_age = *parse_duration(flag("intake-max-age")),
                .aggregation_period = *parse_duration(flag("aggregation-period")),
                .grace_period = *parse_duration(flag("grace-period")),
                .intake_task = "intake",
                .aggregate_task = "aggregate"};
  if (const std::string at = flag("aggregation-override-timestamp"); !at.empty()) {
    scan.aggregation_override =
        parse_minute(at.substr(0, 4) + "-" + at.substr(4, 2) + "-" + at.substr(6, 2) + "-" +
                         at.substr(8, 2) + "-" + at.substr(10, 2),
                     '-');
    EXPECT_TRUE(scan.aggregation_override) << at;
  }
  return scan;
}

/// Sorted texts of messages without their trace-id.
std::multiset<std::string> messages(const bj::value& list) {
  std::multiset<std::string> texts;
  for (const auto& message : list.as_array()) texts.insert(json::canonical(message));
  return texts;
}

std::multiset<std::string> messages(const Plan& plan, std::string_view task) {
  std::multiset<std::string> texts;
  for (const PlannedTask& planned : plan.tasks) {
    if (planned.task != task) continue;
    auto value = *json::parse(planned.params);
    EXPECT_EQ(value.as_object().at("trace-id").as_string(), to_string(planned.id));
    value.as_object().erase("trace-id");
    texts.insert(json::canonical(value));
  }
  return texts;
}

std::set<std::string> marker_keys(const Plan& plan) {
  std::set<std::string> keys;
  for (const PlannedTask& task : plan.tasks) keys.insert(std::string(kMarkerPrefix) + task.marker);
  return keys;
}

/// The counts that the original has too, by its names.
Counts original_counts(const Plan& plan) {
  static constexpr std::string_view kOurs[] = {"skipped{", "malformed_names_found{",
                                               "aggregated_without_intake{"};
  Counts counts;
  for (const auto& [name, value] : plan.counts) {
    const auto begins_name = [&text = name](std::string_view prefix) {
      return text.starts_with(prefix);
    };
    const bool ours = std::any_of(std::begin(kOurs), std::end(kOurs), begins_name);
    if (!ours) counts["workflow_manager_" + name] = value;
  }
  return counts;
}

Counts recorded_counts(const bj::value& metrics) {
  static constexpr std::string_view kLabel = "{aggregation_id=\"";
  Counts counts;
  for (const auto& [key, value] : metrics.as_object()) {
    const std::string name(key);
    const std::size_t label = name.find(kLabel);
    if (label == std::string::npos) continue;  // of the run, not of an aggregation
    const std::size_t begin = label + kLabel.size();
    // The cases write label values bare.
    const std::string id = name.substr(begin, name.size() - begin - 2);
    counts[labelled(name.substr(0, label), "aggregation_id", id)] = value.to_number<std::int64_t>();
  }
  return counts;
}

class Golden : public testing::TestWithParam<std::string> {
 protected:
  Golden() : case_(read_json(kCases / (GetParam() + ".json")).as_object()) {
    for (const auto& bucket : strings(case_, "missing_buckets")) missing_.insert(bucket);
    // The only fault on a listing: the peer's bucket refuses to be listed.
    if (GetParam() == "bucket_list_denied") missing_.insert("peer_validation");
    add_objects(case_, "");
  }

  void add_objects(const bj::object& from, const std::string& prefix) {
    const std::pair<std::string, std::string> buckets[] = {
        {"ingestion", "ingestion"}, {"own_validation", "own"}, {"peer_validation", "peer"}};
    for (const auto& [field, source] : buckets) {
      if (missing_.contains(field)) continue;
      for (const auto& key : strings(from, prefix + field)) store_.add(source, key);
    }
  }

  Plan plan_run(const bj::object& run) {
    add_objects(run, "add_");
    bj::object flags = case_.at("flags").as_object();
    if (const auto* changed = run.if_contains("flags")) {
      for (const auto& [name, value] : changed->as_object()) flags[name] = value;
    }
    const auto& now = run.contains("now") ? run.at("now") : case_.at("now");
    ScanDefinition scan{.name = "golden", .planner = scan_of(flags)};
    EXPECT_TRUE(check_scan(scan));
    return plan_of(scan, *parse_time(std::string_view(now.as_string())), store_);
  }

  /// The runs of the case: what is added before each.
  bj::array runs() const {
    const auto* input = case_.if_contains("runs_input");
    return input == nullptr ? bj::array{bj::object{}} : input->as_array();
  }

  void write_markers(const std::vector<std::string>& keys) {
    for (const auto& key : keys) store_.add("own", key);
  }

  void expect_recorded() {
    const auto& expect = case_.at("expect").as_object();
    const bj::array expected =
        expect.contains("runs") ? expect.at("runs").as_array() : bj::array{expect};
    const bj::array inputs = runs();
    ASSERT_EQ(inputs.size(), expected.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      SCOPED_TRACE("run " + std::to_string(i));
      const bj::object& want = expected[i].as_object();
      const Plan plan = plan_run(inputs[i].as_object());
      EXPECT_EQ(messages(plan, "intake"), messages(want.at("intake")));
      EXPECT_EQ(messages(plan, "aggregate"), messages(want.at("aggregate")));
      const auto markers = strings(want, "new_markers");
      EXPECT_EQ(marker_keys(plan), std::set<std::string>(markers.begin(), markers.end()));
      if (!case_.at("flags").as_object().contains("push-gateway")) {
        EXPECT_EQ(original_counts(plan), recorded_counts(want.at("metrics")));
      }
      write_markers(markers);
    }
  }

  void expect_corrected(const bj::object& correction) {
    const bj::array inputs = runs();
    const bj::array& expected = correction.at("runs").as_array();
    ASSERT_EQ(inputs.size(), expected.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      SCOPED_TRACE("run " + std::to_string(i));
      const bj::object& want = expected[i].as_object();
      const Plan plan = plan_run(inputs[i].as_object());
      EXPECT_EQ(messages(plan, "intake"), messages(want.at("intake")));
      EXPECT_EQ(messages(plan, "aggregate"), messages(want.at("aggregate")));
      EXPECT_EQ(marker_keys(plan).size(), plan.tasks.size());
      for (const auto& [name, value] : want.at("counts").as_object()) {
        const auto found = plan.counts.find(std::string(name));
        EXPECT_EQ(found == plan.counts.end() ? 0 : found->second, value.to_number<std::int64_t>())
            << name;
      }
    }
  }

  const bj::object case_;
  std::set<std::string> missing_;
  MemoryListing store_;
};

TEST_P(Golden, IsPlannedAsRecordedOrAsTheTableSays) {
  const std::string& name = GetParam();
  if (const auto* refused = table("refused").if_contains(name)) {
    const auto status =
        check_scan({.name = "golden", .planner = scan_of(case_.at("flags").as_object())});
    ASSERT_FALSE(status);
    EXPECT_TRUE(status.error().message.starts_with(refused->at("field").as_string()))
        << status.error().message;
  } else if (const auto* corrected = table("corrected").if_contains(name)) {
    expect_corrected(corrected->as_object());
  } else if (!table("not_planning").contains(name)) {
    EXPECT_FALSE(case_.contains("upstream_defect")) << "a defect needs a correction in the table";
    expect_recorded();
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(case_names()),
                         [](const auto& test) { return test.param; });

TEST(GoldenTable, NamesOnlyCasesThatAreThere) {
  const auto names = case_names();
  EXPECT_GE(names.size(), 60u);
  for (const auto part : {"corrected", "refused", "not_planning"}) {
    for (const auto& [name, entry] : table(part)) {
      EXPECT_TRUE(std::binary_search(names.begin(), names.end(), std::string(name))) << name;
    }
  }
}

}  // namespace
}  // namespace waybill::prio
