#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "testing/temporary_directory.h"
#include "tests/tls/place.h"

namespace waybill {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TlsTest : public NetworkTest {
 protected:
  const std::string authority_ = Certificates::instance().authority();
};

TEST_F(TlsTest, AnAuthorityThatNobodyTrustsIsRefusedAndTheErrorSaysWhatToDo) {
  const std::string url = start_https("good");
  const auto answer = get(url);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::failed_precondition) << "trying again changes nothing";
  EXPECT_THAT(answer.error().message, AllOf(HasSubstr(url.substr(8)), HasSubstr("certificate"),
                                            HasSubstr("SSL_CERT_FILE")));
}

TEST_F(TlsTest, ACertificateThatSignedItselfIsRefusedUntilItIsTrusted) {
  const std::string url = start_https("lone");
  EXPECT_THAT(error_of(url), AllOf(HasSubstr("self-signed"), HasSubstr("SSL_CERT_FILE")));
  set("SSL_CERT_FILE", Certificates::instance().path("lone.pem"));
  const auto answer = get(url);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(TlsTest, AnAuthorityIsTrustedByEitherVariableAndBothCount) {
  const std::string url = start_https("good");
  const std::string lone_url = start_https("lone");
  environment_ = {{"AWS_CA_BUNDLE", authority_}};
  EXPECT_TRUE(get(url));
  EXPECT_FALSE(get(lone_url));
  environment_["SSL_CERT_FILE"] = Certificates::instance().path("lone.pem");
  EXPECT_TRUE(get(url));
  EXPECT_TRUE(get(lone_url));
  environment_.erase("AWS_CA_BUNDLE");
  EXPECT_FALSE(get(url)) << "an authority of the past is not remembered";
}

TEST_F(TlsTest, TheAuthoritiesInDirectoriesAreTrustedBesidesOtherFilesThere) {
  const TemporaryDirectory one;
  const TemporaryDirectory two;
  std::filesystem::copy(authority_, one.path() + "/ours.crt");
  std::filesystem::create_symlink("ours.crt", one.path() + "/0123abcd.0");
  std::filesystem::create_symlink("gone", one.path() + "/4567abcd.0");
  std::ofstream(one.path() + "/README") << "no certificate";
  std::filesystem::copy(Certificates::instance().path("lone.pem"), two.path() + "/lone.pem");
  const std::string url = start_https("good");
  environment_ = {{"SSL_CERT_DIR", two.path()}};
  EXPECT_FALSE(get(url));
  environment_ = {{"SSL_CERT_DIR", two.path() + ":" + one.path()}};
  EXPECT_TRUE(get(url));
  EXPECT_TRUE(get(start_https("lone")));
}

TEST_F(TlsTest, ACertificateThatIsBrokenDoesNotCostTheOthers) {
  const TemporaryDirectory one;
  std::ofstream(one.path() + "/ours.pem")
      << "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n"
      << std::ifstream(authority_).rdbuf();
  const std::string url = start_https("good");
  environment_ = {{"SSL_CERT_FILE", one.path() + "/ours.pem"}};
  EXPECT_TRUE(get(url));
  std::ofstream(one.path() + "/none.pem")
      << "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n";
  environment_ = {{"SSL_CERT_FILE", one.path() + "/none.pem"}};
  EXPECT_THAT(error_of(url), HasSubstr("can read none of them"));
}

TEST_F(TlsTest, ADirectoryThatIsNotThereOrHoldsNoCertificateAddsNothing) {
  const TemporaryDirectory one;
  const TemporaryDirectory empty;
  std::filesystem::copy(authority_, one.path() + "/ours.crt");
  const std::string url = start_https("good");
  environment_ = {{"SSL_CERT_DIR", "/nonexistent/certs:" + empty.path()}};
  EXPECT_THAT(error_of(url), HasSubstr("SSL_CERT_FILE"));
  environment_ = {{"SSL_CERT_DIR", "/nonexistent/certs:" + empty.path() + ":" + one.path()}};
  EXPECT_TRUE(get(url));
}

TEST_F(TlsTest, ACertificateForAnotherNameIsRefusedThoughItsAuthorityIsTrusted) {
  set("SSL_CERT_FILE", authority_);
  EXPECT_THAT(error_of(start_https("other")),
              AllOf(HasSubstr("127.0.0.1"), Not(HasSubstr("SSL_CERT_FILE"))));
}

TEST_F(TlsTest, AFileThatIsNotThereOrHoldsNoCertificateIsNamed) {
  environment_ = {{"SSL_CERT_FILE", "/nonexistent/ca.pem"}};
  EXPECT_THAT(error_of("https://127.0.0.1:1"), HasSubstr("/nonexistent/ca.pem"));
  environment_ = {{"AWS_CA_BUNDLE", "tests/servers/proxy.py"}};
  EXPECT_THAT(error_of("https://127.0.0.1:1"),
              AllOf(HasSubstr("tests/servers/proxy.py"), HasSubstr("PEM")));
}

}  // namespace
}  // namespace waybill
