#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "kinds/command/command.h"
#include "kinds/command/container_engine.h"
#include "kinds/command/container_group.h"
#include "kinds/command/environment.h"
#include "ports/clock.h"

namespace waybill {

struct BubblewrapOptions {
  Environment environment;  ///< of bwrap and tar themselves, see inherited_environment()
  /// Directory with images as `sha256-DIGEST.tar`, compressed or not: the digest of that file. Each
  /// is unpacked once, to `roots` below it.
  std::string store;
};

/// Runs containers by bubblewrap, in the unpacked root of an image, where there is no podman. It
/// builds none.
class Bubblewrap final : public ContainerEngine {
 public:
  /// As Podman::open().
  static Result<std::unique_ptr<Bubblewrap>> open(BubblewrapOptions options, Clock& clock);
  Bubblewrap(BubblewrapOptions options, FileDescriptor supervisor,
             std::unique_ptr<CommandKind> tools, Clock& clock);

  std::string_view name() const override { return "bubblewrap"; }
  Result<Run> run(const Params& params, TaskContext& context) override;
  Result<Built> build(const BuildParams& params, const CommandSpec& spec,
                      TaskContext& context) override;

 private:
  /// `cancelled` when `stop` is requested, as unpack().
  Result<std::string> root_of(const std::string& image, const std::stop_token& stop);
  Status unpack(const std::string& digest, const std::string& root, const std::stop_token& stop);
  std::vector<std::string> arguments(const Params& params, const std::string& root,
                                     const std::vector<std::string>& entries) const;
  std::vector<std::string> supervision(const Params& params, const ContainerGroup& group) const;
  void remove_half_unpacked();
  Status try_out();

  const BubblewrapOptions options_;
  const FileDescriptor supervisor_;
  const std::unique_ptr<CommandKind> tools_;
  Clock& clock_;
};

}  // namespace waybill
