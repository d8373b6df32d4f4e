// Mistakes in pipelines have their place in the YAML file; the example of the documents has none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "adapters/yaml/yaml.h"
#include "core/definitions_load.h"

namespace waybill::yaml {
namespace {

std::vector<std::string> problems_of(const std::string& text) {
  Reading reading = read("p.yaml", text);
  std::vector<std::string> found;
  for (const Problem& problem : reading.problems) found.push_back(to_string(problem));
  if (!found.empty()) return found;
  reading.document.directory = "/srv";
  for (const Problem& problem : load_definitions({{reading.document}}).problems) {
    found.push_back(to_string(problem));
  }
  return found;
}

TEST(PipelinesInYaml, HaveTheirMistakesWhereTheyStand) {
  EXPECT_THAT(problems_of(R"x(tasks: {t: {kind: noop}}
pipelines:
  p:
    steps:
      build: {task: t}
      test:
        needs: biuld
        task: t
      ship:
        task: tt
        if: steps.build.result
        with:
          a: ${{ nope() }}
        timeout: -1s
)x"),
              ::testing::ElementsAre(
                  "p.yaml:7:16: there is no step \"biuld\"; did you mean \"build\"?",
                  "p.yaml:10:15: there is no task definition \"tt\"; did you mean \"t\"?",
                  "p.yaml:14:18: has to be 0 or more"));
  EXPECT_THAT(problems_of(R"x(tasks: {t: {kind: noop}}
pipelines:
  p:
    steps:
      build: {task: t}
      ship:
        task: t
        if: steps.build.result
        with:
          a: ${{ nope() }}
)x"),
              ::testing::ElementsAre(
                  "p.yaml:8:13: in \"steps.build.result\", column 1: \"build\" need not have ended "
                  "by then: add it to needs",
                  "p.yaml:10:14: in \"${{ nope() }}\", column 5: there is no function \"nope\""));
}

TEST(PipelinesInYaml, TheExampleOfTheDocumentsIsSound) {
  std::ifstream stream("docs/reference/pipelines.md");
  const std::string page(std::istreambuf_iterator<char>(stream), {});
  const std::size_t first = page.find("```yaml\n") + 8;
  ASSERT_LT(first, page.size());
  const std::string example = page.substr(first, page.find("```", first) - first);
  EXPECT_THAT(problems_of("tasks: {list-urls: {kind: noop}, fetch-url: {kind: noop}}\n" + example +
                          "  publish: {steps: {push: {task: list-urls}}}\n"),
              ::testing::IsEmpty());
}

}  // namespace
}  // namespace waybill::yaml
