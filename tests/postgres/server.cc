#include "tests/postgres/server.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

namespace waybill {
namespace {

/// The newest installed version's folder of programs; empty: none.
std::string programs() {
  for (int version = 18; version >= 13; --version) {
    const std::string folder = "/usr/lib/postgresql/" + std::to_string(version) + "/bin";
    if (::access((folder + "/postgres").c_str(), X_OK) == 0) return folder;
  }
  return "";
}

/// PostgreSQL refuses to be root.
std::vector<std::string> as_server_user() {
  if (::geteuid() != 0) return {};
  return {find_program("setpriv"),
          "--reuid=postgres",
          "--regid=postgres",
          "--clear-groups",
          "--pdeathsig",
          "KILL",
          "--"};
}

std::string quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// Runs a shell's command; what it wrote to stdout and stderr.
struct Ran {
  int status = 0;
  std::string output;
};
Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {.status = -1, .output = "popen failed"};
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    ran.output.append(buffer, got);
  }
  ran.status = ::pclose(pipe);
  return ran;
}

}  // namespace

PostgresServer::PostgresServer(Sync sync) : sync_(sync), port_(free_port()) {
  if (programs().empty()) {
    std::cerr << "PostgreSQL is not installed\n";
    return;
  }
  started_ = init() && start();
}

PostgresServer::~PostgresServer() { server_.kill(); }

bool PostgresServer::init() {
  if (::geteuid() == 0) {
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) return false;
    if (::chown(server_.directory().c_str(), user->pw_uid, user->pw_gid) != 0) return false;
  }
  std::string command = "cd / && env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 ";
  for (const std::string& word : as_server_user()) command += word + " ";
  command += programs() + "/initdb -D " + quoted(data()) +
             " -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N";
  const Ran made = run(command);
  if (made.status != 0) std::cerr << "initdb failed:\n" << made.output;
  return made.status == 0;
}

bool PostgresServer::start() {
  std::vector<std::string> command = as_server_user();
  const std::vector<std::string> server = {
      programs() + "/postgres",
      "-D",
      data(),
      "-p",
      std::to_string(port_),
      "-k",
      server_.directory(),
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "max_connections=60",
      "-c",
      "shared_buffers=64MB",
      "-c",
      sync_ == Sync::on ? "fsync=on" : "fsync=off",
      "-c",
      sync_ == Sync::on ? "full_page_writes=on" : "full_page_writes=off"};
  command.insert(command.end(), server.begin(), server.end());
  const std::string ready = programs() + "/pg_isready -q -h 127.0.0.1 -p " + std::to_string(port_);
  return server_.start({.command = command,
                        .environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}},
                        .ready = [&] { return run(ready).status == 0; }});
}

void PostgresServer::kill() { server_.kill(); }

std::string PostgresServer::make_database(const std::string& from) {
  const std::string name = "t" + std::to_string(::getpid()) + "_" + std::to_string(++databases_);
  const std::string copy = from.empty() ? "" : " TEMPLATE " + from;
  psql("postgres", "CREATE DATABASE " + name + copy);
  return name;
}

void PostgresServer::drop_database(const std::string& name) {
  psql("postgres", "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
}

std::string PostgresServer::url(const std::string& database, const std::string& user) const {
  return "postgres://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void PostgresServer::admit_worker(const std::string& database) const {
  psql(database,
       "DO $$ BEGIN CREATE ROLE worker LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
       "GRANT USAGE ON SCHEMA waybill TO worker;"
       "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA waybill TO worker;"
       "GRANT USAGE ON ALL SEQUENCES IN SCHEMA waybill TO worker;"
       "GRANT EXECUTE ON FUNCTION waybill.make_partition, waybill.drop_partition, "
       "waybill.retire_partition, waybill.clear_retired TO worker");
}

std::string PostgresServer::psql(const std::string& database, const std::string& script) const {
  const Ran ran = run(programs() + "/psql -X -q -A -t -v ON_ERROR_STOP=1 -d " +
                      quoted(url(database)) + " -c " + quoted(script));
  EXPECT_EQ(ran.status, 0) << script << "\n" << ran.output;
  return ran.output;
}

PostgresServer* shared_postgres() {
  // Lives as long as the test program: the server dies with it.
  static const auto server = std::make_unique<PostgresServer>();
  return server->started() ? server.get() : nullptr;
}

}  // namespace waybill
