#include "tests/queues/pubsub_emulator.h"

#include <glob.h>
#include <gtest/gtest.h>

namespace waybill {
namespace {

constexpr auto kJars =
    "/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib/"
    "cloud-pubsub-emulator-*-all.jar";

std::string emulator_jar() {
  glob_t found{};
  const bool any = ::glob(kJars, 0, nullptr, &found) == 0 && found.gl_pathc > 0;
  std::string jar = any ? found.gl_pathv[0] : "";
  ::globfree(&found);
  return jar;
}

}  // namespace

Emulator& Emulator::instance() {
  static Emulator one;
  return one;
}

Emulator::Emulator() {
  const std::string java = find_program("java");
  const std::string jar = emulator_jar();
  if (java.empty() || jar.empty()) {
    missing_ = "Google's Pub/Sub emulator (java and its jar) is not installed";
    return;
  }
  const bool started = server_.start(
      {.command = {java, "-Xmx512m", "-Djava.io.tmpdir=" + server_.directory(), "-jar", jar,
                   "--host=127.0.0.1", "--port=" + std::to_string(port_)},
       .environment = {{"PATH", "/usr/bin:/bin"}},
       .ready = [&] { return accepts(port_); }});
  EXPECT_TRUE(started);
}

}  // namespace waybill
