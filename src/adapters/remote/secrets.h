#pragma once

#include <string>
#include <string_view>

#include "adapters/remote/held.h"
#include "adapters/remote/server.h"
#include "ports/secret_source.h"

namespace waybill {

/// The secrets of tasks that this worker holds, from the server. Thread-safe; blocks.
class RemoteSecrets final : public SecretSource {
 public:
  RemoteSecrets(RemoteServer& server, HeldTasks& held, std::string worker)
      : server_(server), held_(held), worker_(std::move(worker)) {}

  Result<std::string> secret(std::string_view name) override;
  Result<std::string> secret_of(const Uuid& task, std::string_view name) override;

 private:
  RemoteServer& server_;
  HeldTasks& held_;
  const std::string worker_;
};

}  // namespace waybill
