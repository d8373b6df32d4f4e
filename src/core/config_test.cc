#include "core/config.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "base/json.h"
#include "core/json_schema.h"

namespace waybill {
namespace {

using Problems = std::vector<std::string>;

Problems problems_of(const ConfigSources& sources) {
  Problems result;
  for (const Problem& problem : load_config(sources).problems) {
    result.push_back(to_string(problem));
  }
  return result;
}

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Compares a file of the tree with what the table gives; WAYBILL_UPDATE_REFERENCE=1 writes it.
void expect_up_to_date(const std::string& path, const std::string& text) {
  if (std::getenv("WAYBILL_UPDATE_REFERENCE") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
  }
  EXPECT_EQ(read_file(path), text)
      << path << " is out of date: run this test with WAYBILL_UPDATE_REFERENCE=1";
}

TEST(ConfigTest, DefaultsAreWithinTheirRanges) {
  const ConfigLoad load = load_config({});
  EXPECT_TRUE(load.problems.empty());
  EXPECT_EQ(load.config.data, "./waybill-data");
  EXPECT_EQ(load.config.slots, 4);
  EXPECT_EQ(load.config.lease, std::chrono::seconds(25));
  EXPECT_EQ(load.config.cache, 16 << 20);
  EXPECT_TRUE(load.config.queues.empty());
  EXPECT_EQ(load.values.size(), config_entries().size());
}

TEST(ConfigTest, LaterSourcesGoFirst) {
  const Document file{.file = "w.yaml", .directory = "/etc", .json = R"({"slots": 5})"};
  ConfigSources sources{.file = &file};
  EXPECT_EQ(load_config(sources).config.slots, 5);
  sources.environment = {{"WAYBILL_SLOTS", "6"}, {"OTHER_SLOTS", "9"}};
  EXPECT_EQ(load_config(sources).config.slots, 6);
  EXPECT_EQ(load_config(sources).values.at("slots").origin, ConfigOrigin::environment);
  sources.flags = {{"slots", "7"}};
  EXPECT_EQ(load_config(sources).config.slots, 7);
  EXPECT_EQ(load_config(sources).values.at("slots").source, "--slots");
}

TEST(ConfigTest, PathsInTheFileStartAtTheFile) {
  const Document file{.file = "w.yaml",
                      .directory = "/etc/waybill",
                      .json = R"({"data": "../lib", "definitions": "/d"})"};
  const Config config = load_config({.file = &file}).config;
  EXPECT_EQ(config.data, "/etc/lib");
  EXPECT_EQ(config.definitions, "/d");
}

TEST(ConfigTest, NamesAreAListOrAText) {
  const Document file{.file = "w.yaml", .directory = "/", .json = R"({"queues": ["a", "b"]})"};
  const std::vector<std::string> both = {"a", "b"};
  EXPECT_EQ(load_config({.file = &file}).config.queues, both);
  EXPECT_EQ(load_config({.flags = {{"queues", "a,b,"}}}).config.queues, both);
}

TEST(ConfigTest, ALedgersUrlIsOfPostgresAndHoldsNoPassword) {
  const auto problems = [](const std::string& url) {
    return problems_of({.flags = {{"ledger", url}}});
  };
  EXPECT_EQ(problems(""), Problems());
  EXPECT_EQ(problems("postgres://ann@db.example:5432/waybill?sslmode=verify-full"), Problems());
  EXPECT_EQ(problems("postgresql:///waybill?host=/run/postgresql"), Problems());
  const std::string advice =
      "--ledger: must not hold a password; set PGPASSWORD, or name a file with PGPASSFILE";
  EXPECT_EQ(problems("postgres://ann:s3cret@db.example/waybill"), Problems{advice});
  EXPECT_EQ(problems("postgres://db.example/waybill?user=ann&password=s3cret"), Problems{advice});
  EXPECT_EQ(problems("mysql://ann@x/y"),
            Problems{"--ledger: must be a URL like postgres://user@host:5432/database"});
}

TEST(ConfigTest, ListsEveryProblem) {
  const Document file{
      .file = "w.yaml", .directory = "/", .json = R"({"slot": 1, "beat": {}, "lease": "soon"})"};
  EXPECT_EQ(problems_of({.flags = {{"log_level", "inf"}},
                         .environment = {{"WAYBILL_SLOTS", "2000"}, {"WAYBILL_DTA", "x"}},
                         .file = &file})
                .size(),
            6U);
}

TEST(ConfigTest, PassesOverSettingsOfWorkflowManager) {
  const Document file{.file = "w.yaml",
                      .directory = "/",
                      .json = R"({"slots": 3, "grace-period": "4h", "intake_max_age": "1h"})"};
  const ConfigSources sources{.environment = {{"WAYBILL_GRACE_PERIOD", "1h"}}, .file = &file};
  EXPECT_TRUE(problems_of(sources).empty());
  EXPECT_EQ(load_config(sources).config.slots, 3);
  // What would be passed over in silence.
  for (const char* json : {R"({"config": "x"})", R"({"log-level": "debug"})",
                           R"({"dry-run": true})", R"({"amqp-url-file": "x"})"}) {
    const Document wrong{.file = "w.yaml", .directory = "/", .json = json};
    EXPECT_EQ(problems_of({.file = &wrong}).size(), 1U) << json;
  }
  EXPECT_EQ(problems_of({.environment = {{"WAYBILL_DRY_RUN", "true"}}}).size(), 1U);
}

TEST(ConfigTest, SaysWhatWouldBeRight) {
  EXPECT_EQ(problems_of({.flags = {{"log_level", "inf"}}}),
            (Problems{"--log-level: \"inf\" is none of debug|info|warn|error|off; did you "
                      "mean \"info\"?"}));
  EXPECT_EQ(problems_of({.flags = {{"slots", "0"}}}),
            (Problems{"--slots: \"0\" is outside of 1..1024"}));
  EXPECT_EQ(problems_of({.environment = {{"WAYBILL_DTA", "x"}}}),
            (Problems{"WAYBILL_DTA: unknown setting; did you mean \"WAYBILL_DATA\"?"}));
}

TEST(ConfigTest, ALeaseHasToOutlastTwoBeats) {
  EXPECT_EQ(problems_of({.flags = {{"lease", "20s"}}}),
            (Problems{"--lease: 20s has to be more than two beats of 10s"}));
  EXPECT_TRUE(problems_of({.flags = {{"lease", "21s"}}}).empty());
}

TEST(ConfigTest, AMailServerIsNamedAsAWhole) {
  const std::map<std::string, std::string> whole = {{"mail_url", "smtp://mail.example.org:587"},
                                                    {"mail_from", "w@example.org"},
                                                    {"mail_username", "w"},
                                                    {"mail_password_secret", "mail"}};
  EXPECT_EQ(problems_of({.flags = whole}), Problems());
  const auto with = [&](const std::string& name, const std::string& value) {
    auto flags = whole;
    flags[name] = value;
    return problems_of({.flags = flags});
  };
  EXPECT_EQ(with("mail_from", ""),
            Problems{"--mail-url: mail_url and mail_from belong together: give both"});
  EXPECT_EQ(with("mail_url", ""),
            Problems{"--mail-from: mail_url and mail_from belong together: give both"});
  EXPECT_EQ(with("mail_password_file", "/run/mail"),
            Problems{"--mail-password-file: give this or mail_password_secret, not both"});
  EXPECT_EQ(with("mail_password_secret", ""),
            Problems{"--mail-username: mail_username needs mail_password_secret or "
                     "mail_password_file, and the other way round"});
  EXPECT_EQ(with("mail_username", "").size(), 1u);
  EXPECT_EQ(with("mail_tls", "none"),
            Problems{"--mail-tls: a password is never sent without encryption; leave out "
                     "mail_username"});
  EXPECT_EQ(problems_of(
                {.flags = {{"mail_url", "smtps://x"}, {"mail_from", "w@x"}, {"mail_tls", "none"}}}),
            Problems{"--mail-tls: smtps:// is encrypted; write smtp://, or leave out mail_tls"});
  EXPECT_EQ(with("mail_url", "mail.example.org").size(), 1u);
  EXPECT_EQ(with("mail_url", "smtp://w:pass@x").size(), 1u);
  EXPECT_EQ(with("mail_from", "Waybill <w@x>").size(), 1u);
  EXPECT_EQ(with("mail_username", "a\nb").size(), 1u);
  EXPECT_EQ(with("mail_password_secret", "A b").size(), 1u);
}

TEST(ConfigTest, VariablesThatTasksAreGivenAreNoSettings) {
  EXPECT_TRUE(problems_of({.environment = {{"WAYBILL_PARAMS", "{}"},
                                           {"WAYBILL_TASK_ID", "x"},
                                           {"WAYBILL_ARTIFACTS", "/x"}}})
                  .empty());
}

TEST(ConfigTest, NamesFlagsAndVariablesAreUnique) {
  std::set<std::string> all;
  for (const ConfigEntry& entry : config_entries()) {
    EXPECT_TRUE(all.insert(flag_of(entry)).second);
    EXPECT_TRUE(all.insert(variable_of(entry)).second);
  }
}

TEST(ConfigTest, TheReferenceIsUpToDate) {
  expect_up_to_date("docs/reference/configuration.md", config_reference());
}

TEST(ConfigTest, TheSchemaIsUpToDateAndTakesTheDefaults) {
  expect_up_to_date("schemas/config.schema.json", config_schema());
  const auto schema = json::parse(config_schema()).value();
  const auto compilation = JsonSchema::compile(schema, standard_formats());
  ASSERT_TRUE(compilation.schema) << to_string(compilation.problems[0]);
  boost::json::object defaults;
  for (const auto& property : schema.at("properties").get_object()) {
    defaults[property.key()] = property.value().at("default");
  }
  for (const SchemaViolation& violation : compilation.schema->check(defaults)) {
    ADD_FAILURE() << to_string(violation);
  }
}

}  // namespace
}  // namespace waybill
