#include "tests/tls/place.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace waybill {
namespace {

constexpr const char* kVariables[] = {"http_proxy",    "HTTP_PROXY",  "https_proxy", "HTTPS_PROXY",
                                      "all_proxy",     "ALL_PROXY",   "no_proxy",    "NO_PROXY",
                                      "SSL_CERT_FILE", "SSL_CERT_DIR"};

}  // namespace

const Certificates& Certificates::instance() {
  static const Certificates one;
  return one;
}

Certificates::Certificates() {
  const std::string request = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";
  run(request + "-x509 -days 2 -keyout ca.key -out ca.pem -subj /CN=our-authority");
  const auto signed_by_us = [&](const std::string& name, const std::string& names) {
    run(request + "-keyout " + name + ".key -out " + name + ".csr -subj /CN=" + name);
    run("printf 'subjectAltName=" + names + "' > ext; openssl x509 -req -days 2 -CA ca.pem " +
        "-CAkey ca.key -CAcreateserial -extfile ext -in " + name + ".csr -out " + name + ".pem");
  };
  signed_by_us("good", "IP:127.0.0.1,DNS:localhost");
  signed_by_us("other", "DNS:bucket.example");
  run(request +
      "-x509 -days 2 -keyout lone.key -out lone.pem -subj /CN=lone "
      "-addext subjectAltName=IP:127.0.0.1");
}

void Certificates::run(const std::string& script) const {
  const std::string line = "cd " + directory_.path() + " && { " + script + "; } >>log 2>&1";
  EXPECT_EQ(std::system(line.c_str()), 0) << script;
}

NetworkTest::NetworkTest() {
  for (const char* name : kVariables) ::unsetenv(name);
}

NetworkTest::~NetworkTest() {
  for (const char* name : kVariables) ::unsetenv(name);
}

void NetworkTest::set(const std::string& name, const std::string& value) {
  ::setenv(name.c_str(), value.c_str(), 1);
  environment_[name] = value;
}

std::string NetworkTest::start(const std::string& script, int port,
                               const std::vector<std::string>& options) {
  servers_.push_back(std::make_unique<Server>());
  std::vector<std::string> command = {find_program("python3"), "tests/servers/" + script,
                                      std::to_string(port)};
  command.insert(command.end(), options.begin(), options.end());
  EXPECT_TRUE(servers_.back()->start({.command = command,
                                      .environment = {{"PATH", std::getenv("PATH")}},
                                      .ready = [port] { return accepts(port); }}));
  return "127.0.0.1:" + std::to_string(port);
}

std::string NetworkTest::start_https(const std::string& certificate) {
  const Certificates& all = Certificates::instance();
  std::ofstream(directory_.path() + "/body") << body_;
  return "https://" + start("https_server.py", free_port(),
                            {all.path(certificate + ".pem"), all.path(certificate + ".key"),
                             directory_.path() + "/body"});
}

std::string NetworkTest::start_proxy(const std::vector<std::string>& options) {
  std::vector<std::string> all = {directory_.path() + "/proxied"};
  all.insert(all.end(), options.begin(), options.end());
  return "http://" + start("proxy.py", free_port(), all);
}

std::string NetworkTest::proxied() const {
  std::ifstream stream(directory_.path() + "/proxied");
  return {std::istreambuf_iterator<char>(stream), {}};
}

Result<HttpResponse> NetworkTest::get(const std::string& url) {
  const auto client = CurlHttpClient::create(clock_, curl_params(environment_));
  if (!client) return fail(client.error());
  return (*client)->send({.url = url}, {.at = clock_.steady_now() + std::chrono::seconds(20)});
}

std::string NetworkTest::error_of(const std::string& url) {
  const auto answer = get(url);
  EXPECT_FALSE(answer.has_value());
  return answer ? "" : answer.error().message;
}

}  // namespace waybill
