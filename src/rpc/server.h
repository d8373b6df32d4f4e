#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "http/message.h"
#include "ports/clock.h"
#include "services/service.h"

namespace waybill::rpc {

struct ServerParams {
  std::string address = "127.0.0.1";  ///< numeric, IPv4 or IPv6
  std::uint16_t port = 0;             ///< 0: one that is free
  std::string certificate_file{};     ///< PEM, and its chain; empty: no TLS
  std::string key_file{};             ///< PEM, without a password
  std::size_t handler_threads = 32;
  std::size_t waiting_max = 4096;       ///< calls that wait for a thread
  std::size_t calls_max = 8192;         ///< open at a time, streams among them
  int calls_of_connection_max = 1000;   ///< open at a time on one connection
  int message_bytes_max = 8 << 20;      ///< of a request
  std::size_t memory_max = 256u << 20;  ///< of all messages on their way, about
  int metadata_bytes_max = 16 << 10;
};

/// The operations of an application over gRPC (schemas/waybill/v1), with the health service
/// (grpc.health.v1) and reflection. step() tells the health service whether the application is
/// ready.
class Server final : public Service {
 public:
  /// Listens when it returns. `application` and `clock` outlive it. `unavailable`: the address is
  /// taken, or is none of this machine; `internal`, a bug: the proto file and the OpenAPI document
  /// do not have the same operations.
  static Result<std::unique_ptr<Server>> create(const ServerParams& params,
                                                http::Application& application, Clock& clock);
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  /// Ends at once, but for handlers that run.
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  /// Hands those on who wait for this topic. Thread-safe.
  void ring(const std::string& topic);
  /// WaitingRoom::pass_over.
  bool pass_over();
  /// Takes no new call, ends the streams, hands on all who wait, and blocks until every call that
  /// has come is answered, or the deadline.
  void drain(const Deadline& deadline);

  std::string_view name() const override { return "grpc_health"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace waybill::rpc
