#include "tests/queues/rabbit.h"

#include <glob.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace waybill {
namespace {

// Not /usr/sbin's, which wants to be the user rabbitmq.
constexpr auto kPrograms = "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server";

std::string server_program() {
  glob_t found{};
  const bool any = ::glob(kPrograms, 0, nullptr, &found) == 0 && found.gl_pathc > 0;
  std::string program = any ? found.gl_pathv[0] : "";
  ::globfree(&found);
  return program;
}

}  // namespace

Rabbit& Rabbit::instance() {
  static Rabbit one;
  return one;
}

Rabbit& Rabbit::another() {
  static Rabbit one;
  return one;
}

void Rabbit::start() { EXPECT_TRUE(server_.start(how_)); }

void Rabbit::write_declarations() {
  control("eval 'mnesia:dump_log(), [ok = dets:sync(Table) || Table <- dets:all()].'");
}

void Rabbit::control(const std::string& arguments) {
  std::string command = "env -i";
  for (const auto& [name, value] : how_.environment) command += " '" + name + "=" + value + "'";
  const std::string programs = how_.command[0].substr(0, how_.command[0].rfind('/'));
  command += " " + programs + "/rabbitmqctl --quiet " + arguments + " >&2";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

Rabbit::Rabbit() {
  const std::string program = server_program();
  if (program.empty()) {
    missing_ = "RabbitMQ (rabbitmq-server) is not installed";
    return;
  }
  const std::string home = server_.directory();
  std::ofstream(home + "/rabbitmq.conf")
      << "listeners.tcp.1 = 127.0.0.1:" << port_
      << "\nvm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n";
  std::ofstream(home + "/enabled_plugins") << "[].";
  std::ofstream(home + "/.erlang.cookie") << "TESTCOOKIE";
  ::chmod((home + "/.erlang.cookie").c_str(), 0400);
  how_ = {.command = {program},
          .environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
                          {"HOME", home},
                          {"LANG", "C.UTF-8"},
                          {"RABBITMQ_NODENAME", "waybill" + std::to_string(port_) + "@localhost"},
                          {"RABBITMQ_CONFIG_FILE", home + "/rabbitmq.conf"},
                          {"RABBITMQ_CONF_ENV_FILE", "/dev/null"},
                          {"RABBITMQ_MNESIA_BASE", home + "/mnesia"},
                          {"RABBITMQ_LOG_BASE", home + "/log"},
                          {"RABBITMQ_SCHEMA_DIR", home + "/schema"},
                          {"RABBITMQ_GENERATED_CONFIG_DIR", home + "/generated"},
                          {"RABBITMQ_ENABLED_PLUGINS_FILE", home + "/enabled_plugins"},
                          {"RABBITMQ_PID_FILE", home + "/rabbit.pid"},
                          // The node then takes the place of the script that starts it.
                          {"RUNNING_UNDER_SYSTEMD", "1"},
                          {"RABBITMQ_DIST_PORT", std::to_string(free_port())},
                          {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                           "-kernel inet_dist_use_interface {127,0,0,1}"},
                          {"ERL_EPMD_PORT", std::to_string(mapper_port_)},
                          {"ERL_EPMD_ADDRESS", "127.0.0.1"}},
          .ready = [this] { return accepts(port_); }};
  // A node starts a port mapper that outlives it, unless there is one.
  EXPECT_TRUE(mapper_.start({.command = {find_program("epmd"), "-port",
                                         std::to_string(mapper_port_), "-address", "127.0.0.1"},
                             .environment = {{"PATH", "/usr/bin:/bin"}},
                             .ready = [this] { return accepts(mapper_port_); }}));
  start();
}

}  // namespace waybill
