// The whole program: `waybill workflow-manager` with a bucket behind TLS, and behind a proxy.

#include <gmock/gmock.h>

#include "tests/e2e/program.h"
#include "tests/tls/place.h"

namespace waybill {
namespace {

using testing::HasSubstr;

class ProgramTest : public NetworkTest {
 protected:
  ProgramTest() {
    body_ =
        "<?xml version=\"1.0\"?><ListBucketResult><KeyCount>0</KeyCount>"
        "<IsTruncated>false</IsTruncated></ListBucketResult>";
    place_.write("own/.keep/x", "");
    place_.write("peer/.keep/x", "");
  }
  e2e::Ran run(const std::string& endpoint) {
    place_.environment["AWS_ENDPOINT_URL"] = endpoint;
    place_.environment["AWS_ACCESS_KEY_ID"] = "id";
    place_.environment["AWS_SECRET_ACCESS_KEY"] = "key";
    return place_.run({"workflow-manager", "--ingestor-input=s3://us-west-1/in",
                       "--own-validation-input=file://" + place_.path("own"),
                       "--peer-validation-input=file://" + place_.path("peer"),
                       "--task-queue-kind=file", "--intake-tasks-topic=" + place_.path("intake"),
                       "--aggregate-tasks-topic=" + place_.path("aggregate"), "--dry-run"});
  }

  e2e::Place place_;
};

TEST_F(ProgramTest, TrustsWhatSslCertFileNamesAndElseSaysHowToTrust) {
  const std::string url = start_https("good");
  const auto refused = run(url);
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("SSL_CERT_FILE"));
  for (const char* variable : {"SSL_CERT_FILE", "AWS_CA_BUNDLE"}) {
    place_.environment = {{variable, Certificates::instance().authority()}};
    const auto ran = run(url);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("nothing to publish"));
  }
}

TEST_F(ProgramTest, GoesThroughTheProxyOfItsEnvironment) {
  const std::string url = start_https("good");
  place_.environment = {{"SSL_CERT_FILE", Certificates::instance().authority()},
                        {"HTTPS_PROXY", start_proxy()}};
  const auto ran = run(url);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(proxied(), HasSubstr("CONNECT " + url.substr(8)));
}

}  // namespace
}  // namespace waybill
