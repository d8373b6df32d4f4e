#include "http/api_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "base/ascii.h"
#include "core/task_json.h"
#include "http/api_schemas.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Texts = std::vector<std::string>;

const ApiDocument& document() {
  static const ApiDocument kDocument = ApiDocument::create(openapi_document()).value();
  return kDocument;
}

const Operation& operation(std::string_view id) {
  const Operation* found = document().find(id);
  EXPECT_NE(found, nullptr) << id;
  return *found;
}

Texts texts(const std::vector<SchemaViolation>& violations) {
  Texts all;
  for (const SchemaViolation& violation : violations) all.push_back(to_string(violation));
  return all;
}

Texts check(std::string_view operation_id, std::string_view body) {
  return texts(document().check_body(operation(operation_id), json::parse(body).value()));
}

Result<Query> query(std::string_view operation_id, const Pairs& pairs) {
  return document().read_query(operation(operation_id), pairs);
}

std::string refusal(std::string_view operation_id, const Pairs& pairs) {
  const auto read = query(operation_id, pairs);
  if (read) return "";
  EXPECT_EQ(read.error().code, Code::invalid_argument);
  return read.error().message;
}

TEST(ApiDocumentTest, IsTheFileAsItStands) {
  std::ifstream file("schemas/openapi.json");
  EXPECT_EQ(openapi_document(), std::string(std::istreambuf_iterator<char>(file), {}));
}

TEST(ApiDocumentTest, KnowsWhatAnOperationIs) {
  const Operation& create = operation("createTasks");
  EXPECT_EQ(create.method, "POST");
  EXPECT_EQ(create.path, "/v1/tasks");
  EXPECT_EQ(create.right, "submit");
  EXPECT_TRUE(create.has_body);
  EXPECT_TRUE(create.body_required);
  EXPECT_FALSE(operation("listTasks").has_body);
  EXPECT_TRUE(operation("cancelTask").has_body);
  EXPECT_FALSE(operation("cancelTask").body_required);
  EXPECT_EQ(operation("getHealth").right, "none");
  EXPECT_EQ(document().find("createTask"), nullptr);
}

TEST(ApiDocumentTest, TakesOneTaskOrMany) {
  EXPECT_THAT(check("createTasks", R"({"definition":"fetch","params":{"a":1}})"), IsEmpty());
  EXPECT_THAT(check("createTasks", R"({"tasks":[{"kind":"noop","spec":{}}]})"), IsEmpty());
}

TEST(ApiDocumentTest, TellsWhatIsWrongWithTheFormThatIsMeant) {
  EXPECT_THAT(check("createTasks", R"({"queue":"a"})"), ElementsAre("give definition or kind"));
  EXPECT_THAT(check("createTasks", R"({"kind":"noop","prioritty":1})"),
              ElementsAre("/prioritty: unknown field \"prioritty\"; did you mean \"priority\"?"));
  EXPECT_THAT(check("createTasks", R"({"tasks":[{"kind":"noop"},{"kind":"noop","priority":101},
                                                {"kind":"noop","timeout":"soon"}]})"),
              ElementsAre("/tasks/1/priority: has to be at most 100, not 101",
                          HasSubstr("/tasks/2/timeout: ")));
  EXPECT_THAT(check("createTasks", R"({"tasks":[]})"),
              ElementsAre("/tasks: needs at least 1 elements, has 0"));
  EXPECT_THAT(check("createTasks", "7"), ElementsAre("has to be a map, not 7"));
}

TEST(ApiDocumentTest, RefusesTaskFieldsThatExcludeEachOther) {
  EXPECT_THAT(check("createTasks", R"({"definition":"a","spec":{}})"),
              ElementsAre("/spec: nothing is allowed here"));
  EXPECT_THAT(check("createTasks", R"({"kind":"a","run_at":"2026-03-01T00:00:00Z","delay":"1s"})"),
              ElementsAre("/delay: nothing is allowed here"));
}

TEST(ApiDocumentTest, AFinishHasOnlyWhatItsOutcomeAllows) {
  const auto finish = [](const std::string& rest) {
    return check(
        "finishTasks",
        R"({"tasks":[{"id":"01890f3e-7b60-7000-8000-000000000001","fence":1,)" + rest + "}]}");
  };
  EXPECT_THAT(finish(R"("outcome":"succeeded","result":{})"), IsEmpty());
  EXPECT_THAT(finish(R"("outcome":"failed","error":"e","permanent":true,"proof":{})"), IsEmpty());
  EXPECT_THAT(finish(R"("outcome":"snoozed","delay":"5m")"), IsEmpty());
  EXPECT_THAT(finish(R"("outcome":"given_back","reason":"stops")"), IsEmpty());
  EXPECT_THAT(finish(R"("outcome":"cancelled","proof":{})"), IsEmpty());
  EXPECT_THAT(finish(R"("outcome":"succeeded","error":"e")"),
              ElementsAre("/tasks/0/error: nothing is allowed here"));
  EXPECT_THAT(finish(R"("outcome":"cancelled","delay":"5m")"),
              ElementsAre("/tasks/0/delay: nothing is allowed here"));
}

TEST(ApiDocumentTest, AFilterOfNothingIsNoFilter) {
  EXPECT_THAT(check("cancelTasks", R"({"filter":{}})"),
              ElementsAre("/filter: needs at least 1 fields, has 0"));
}

TEST(ApiDocumentTest, ChecksTenThousandFullTasksToTheEnd) {
  const bj::value one = json::parse(R"({"kind":"command","spec":{},"params":{"a":[1,2,3]},
      "queue":"q","priority":1,"delay":"10m","timeout":"1h","dedup_key":"k","labels":{"a":"1",
      "b":"2","c":"3","d":"4"},"id":"01890f3e-7b60-7000-8000-000000000001","retry":{"failures":1,
      "worker_deaths":1,"backoff":"1s","backoff_max":"1m","backoff_factor":2,"jitter":0},
      "waits_for":["01890f3e-7b60-7000-8000-000000000002"]})")
                            .value();
  bj::array tasks(10'000, one);
  EXPECT_THAT(texts(document().check_body(operation("createTasks"), bj::object{{"tasks", tasks}})),
              IsEmpty());
  tasks.back().as_object()["queue"] = "Q";
  EXPECT_THAT(texts(document().check_body(operation("createTasks"), bj::object{{"tasks", tasks}})),
              ElementsAre(HasSubstr("/tasks/9999/queue: ")));
}

TEST(ApiDocumentTest, ABodyIsRefusedWhereThereIsNone) {
  EXPECT_THAT(check("listTasks", "{}"), ElementsAre("there may be no body"));
}

TEST(ApiQueryTest, HasWhatWasSentAndTheDefaultsOfTheRest) {
  const auto read = query("listTasks", {{"state", "ready"}, {"queue", "a"}, {"state", "failed"}});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(read->texts("state"), ElementsAre("ready", "failed"));
  EXPECT_EQ(read->text("queue"), "a");
  EXPECT_TRUE(read->has("queue"));
  EXPECT_EQ(read->integer("limit"), 100);
  EXPECT_FALSE(read->has("limit"));
  EXPECT_EQ(read->text("order"), "newest_first");
  EXPECT_EQ(read->text("kind"), "");
  EXPECT_THAT(read->texts("label"), IsEmpty());
}

TEST(ApiQueryTest, IntegersAreRead) {
  EXPECT_EQ(query("listTasks", {{"limit", "1000"}}).value().integer("limit"), 1000);
  EXPECT_EQ(query("streamEvents", {}).value().integer("after", -1), -1);
  EXPECT_EQ(query("streamEvents", {{"after", "0"}}).value().integer("after", -1), 0);
}

TEST(ApiQueryTest, NamesWhatDoesNotFit) {
  EXPECT_EQ(refusal("listTasks", {{"limit", "many"}}),
            "the query parameter limit has to be a whole number, not \"many\"");
  EXPECT_EQ(refusal("listTasks", {{"limit", "1001"}}),
            "the query parameter limit has to be at most 1000, not 1001");
  EXPECT_EQ(refusal("listTasks", {{"limit", "99999999999999999999"}}),
            "the query parameter limit has to be a whole number, not \"99999999999999999999\"");
  EXPECT_THAT(refusal("listTasks", {{"state", "ready"}, {"state", "readi"}}),
              HasSubstr("the query parameter state has to be one of \"blocked\", "));
  EXPECT_THAT(refusal("listTasks", {{"label", "team"}}), HasSubstr("parameter label "));
  EXPECT_THAT(refusal("listTasks", {{"created_after", "noon"}}),
              HasSubstr("the query parameter created_after "));
}

TEST(ApiQueryTest, RefusesWhatIsGivenTwiceOrUnknown) {
  EXPECT_EQ(refusal("listTasks", {{"queue", "a"}, {"queue", "b"}}),
            "the query parameter queue is given twice");
  EXPECT_EQ(refusal("readTaskLogs", {{"limit_byte", "1"}}),
            "there is no query parameter \"limit_byte\"; did you mean \"limit_bytes\"?; known are: "
            "cursor, limit_bytes");
  EXPECT_EQ(refusal("listQueues", {{"a", "1"}}),
            "there is no query parameter \"a\"; this takes none");
}

TEST(ApiQueryTest, TellsEverythingAtOnce) {
  const std::string told = refusal("listTasks", {{"limit", "0"}, {"order", "up"}, {"x", ""}});
  EXPECT_THAT(told, HasSubstr("\"x\""));
  EXPECT_THAT(told, HasSubstr("parameter limit "));
  EXPECT_THAT(told, HasSubstr("parameter order "));
}

TEST(ApiDocumentTest, ATaskIsAnsweredAsItSays) {
  const auto schema = document().answer_schema(operation("getTask"), 200);
  ASSERT_TRUE(schema) << schema.error().message;
  Task task{.request = {.kind = "noop", .labels = {{"a", "b"}}}};
  task.request.waits_for.push_back(task.request.id);
  EXPECT_THAT(texts(schema->check(task_to_json(task))), IsEmpty());
  task.status.cancel = {.requested_at = Time(std::chrono::hours(1)), .by = "a", .reason = "b"};
  task.request.run_time_max = std::chrono::minutes(1);
  EXPECT_THAT(texts(schema->check(task_to_json(task))), IsEmpty());
  bj::object short_of_one = task_to_json(task);
  short_of_one.erase("fence");
  EXPECT_THAT(texts(schema->check(short_of_one)), ElementsAre("the field \"fence\" is missing"));
}

/// What one "content" of the document shows as examples.
std::vector<bj::value> examples_of(const bj::value& content) {
  std::vector<bj::value> all;
  const bj::value* json_body = value_at(content, "/application~1json");
  if (json_body == nullptr) return all;
  if (const bj::value* one = value_at(*json_body, "/example")) all.push_back(*one);
  if (const bj::value* many = value_at(*json_body, "/examples")) {
    for (const auto& example : many->as_object()) all.push_back(example.value().at("value"));
  }
  return all;
}

TEST(ApiDocumentTest, ExamplesAreAsTheirSchemasSay) {
  std::size_t bodies = 0;
  std::size_t answers = 0;
  const bj::value whole = json::parse(openapi_document()).value();
  for (const Operation& one : document().operations()) {
    const bj::value& source = whole.at("paths").at(one.path).at(to_lower(one.method));
    if (one.has_body) {
      for (const bj::value& example : examples_of(source.at("requestBody").at("content"))) {
        EXPECT_THAT(texts(document().check_body(one, example)), IsEmpty()) << one.id;
        ++bodies;
      }
    }
    for (const auto& answer : source.at("responses").as_object()) {
      const bj::value* content = value_at(answer.value(), "/content");
      if (content == nullptr) continue;
      for (const bj::value& example : examples_of(*content)) {
        const auto schema = document().answer_schema(one, std::stoi(std::string(answer.key())));
        ASSERT_TRUE(schema) << schema.error().message;
        EXPECT_THAT(texts(schema->check(example)), IsEmpty()) << one.id;
        ++answers;
      }
    }
  }
  EXPECT_GE(bodies, 12U);
  EXPECT_GE(answers, 15U);
}

TEST(ApiDocumentTest, EverySchemaKeepsToTheKeywordsThatAreKnown) {
  const bj::value whole = json::parse(openapi_document()).value();
  for (const auto& component : whole.at("components").at("schemas").as_object()) {
    const auto schema = document().schema(std::string(component.key()));
    EXPECT_TRUE(schema) << schema.error().message;
  }
  EXPECT_EQ(document().schema("Tusk").error().code, Code::not_found);
}

std::string problem_with(std::string_view operation_text) {
  const auto made = ApiDocument::create(R"({"paths":{"/a":{"post":)" + std::string(operation_text) +
                                        R"(}},"components":{"schemas":{}}})");
  return made ? "" : made.error().message;
}

TEST(ApiDocumentTest, ADocumentThatIsWrongIsRefused) {
  const std::string head = R"({"operationId":"a","x-waybill-right":"read",)";
  const auto query_of = [&](const std::string& schema) {
    return problem_with(head + R"("parameters":[{"name":"q","in":"query","schema":)" + schema +
                        "}]}");
  };
  EXPECT_EQ(query_of(R"({"type":"string"})"), "");
  EXPECT_THAT(query_of(R"({"type":"object"})"), HasSubstr("POST /a: the query parameter q is no"));
  EXPECT_THAT(query_of(R"({"type":"string","maxlength":1})"), HasSubstr("did you mean"));
  EXPECT_THAT(problem_with(R"({"operationId":"a"})"), HasSubstr("is no right"));
  EXPECT_THAT(problem_with(R"({"x-waybill-right":"read"})"), HasSubstr("no operationId"));
  EXPECT_THAT(problem_with(head + R"("requestBody":{"content":{}}})"), HasSubstr("no JSON schema"));
  EXPECT_THAT(problem_with(head + R"("requestBody":{"content":{"application/json":{"schema":{
                                     "$ref":"#/components/schemas/No"}}}}})"),
              HasSubstr("there is no schema #/components/schemas/No"));
  EXPECT_THAT(ApiDocument::create("{").error().message, HasSubstr("the OpenAPI document"));
}

}  // namespace
}  // namespace waybill::http
