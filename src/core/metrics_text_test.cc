#include "core/metrics_text.h"

#include <gtest/gtest.h>

#include "core/scan_plan.h"

namespace waybill {
namespace {

TEST(MetricsText, GroupsFamiliesUnderTheirType) {
  const MetricSample samples[] = {{"b", labelled("", "id", "x\"y\\"), 3},
                                  {"a", "", 1604145600.25},
                                  {"b", labelled("", "id", "z"), 0}};
  EXPECT_EQ(metrics_text(samples),
            "# TYPE a gauge\na 1604145600.25\n"
            "# TYPE b gauge\nb{id=\"x\\\"y\\\\\"} 3\nb{id=\"z\"} 0\n");
  EXPECT_EQ(metrics_text({}), "");
}

std::string url(std::string_view gateway, std::string_view locality, std::string_view ingestor) {
  return push_url({gateway, "workflow-manager", locality, ingestor});
}

TEST(PushUrl, NamesTheGroup) {
  EXPECT_EQ(url("http://gateway:9091", "us-wa", "apple"),
            "http://gateway:9091/metrics/job/workflow-manager/locality/us-wa/ingestor/apple");
}

TEST(PushUrl, AddsTheSchemeAndDoublesNoSlash) {
  EXPECT_EQ(url("gateway:9091/", "a", "b"),
            "http://gateway:9091/metrics/job/workflow-manager/locality/a/ingestor/b");
  EXPECT_EQ(url("https://gateway/base", "a", "b"),
            "https://gateway/base/metrics/job/workflow-manager/locality/a/ingestor/b");
}

TEST(PushUrl, WritesEmptyValuesAndSlashesInBase64) {
  EXPECT_EQ(url("g", "us/wa x", ""),
            "http://g/metrics/job/workflow-manager/locality@base64/dXMvd2EgeA/ingestor@base64/=");
}

TEST(PushUrl, WritesWhatWouldBeAStepInThePathInBase64) {
  EXPECT_EQ(url("g", "..", "."),
            "http://g/metrics/job/workflow-manager/locality@base64/Li4/ingestor@base64/Lg");
  EXPECT_EQ(url("g", "..a", "a."),
            "http://g/metrics/job/workflow-manager/locality/..a/ingestor/a.");
}

TEST(PushUrl, WritesASpaceAsTheGatewayReadsIt) {
  EXPECT_EQ(url("g", "us wa", "a+b \xc3\xa9"),
            "http://g/metrics/job/workflow-manager/locality/us%20wa/ingestor/a%2Bb%20%C3%A9");
}

}  // namespace
}  // namespace waybill
