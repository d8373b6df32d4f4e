#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "apps/waybill/cli/command.h"
#include "apps/waybill/cli/output.h"
#include "apps/waybill/kinds.h"
#include "apps/waybill/runtime/late_stop.h"
#include "apps/waybill/store.h"
#include "base/rng.h"
#include "core/config.h"
#include "core/definition.h"
#include "core/definitions_load.h"
#include "core/document.h"
#include "ports/clock.h"

namespace waybill::cli {

/// What to do where there are no definitions, or one is missing and none are named.
inline constexpr std::string_view kNameDefinitions =
    "name their directory with --definitions DIR, or repositories of them with --definitions-from";
/// Whether the settings name any.
bool names_definitions(const Config& config);

/// What one run of the program works with. Things are opened when a command first asks for them.
class Session {
 public:
  struct Params {
    ConfigLoad config;
    OutputMode mode;
    Clock& clock;
    std::uint64_t seed = 1;
  };
  explicit Session(Params params);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Config& config() const { return config_.config; }
  const ConfigLoad& config_load() const { return config_; }
  Output& output() { return output_; }
  Clock& clock() { return clock_; }
  Rng& rng() { return rng_; }

  /// To be called before store(): once the setting `grace` has passed after this stop, the store
  /// waits for no database that is silent.
  void end_after(std::stop_token signal);
  Result<Store*> store(OpenStore mode);
  /// What --definitions says, and what is kept of --definitions-from. `invalid_argument` lists
  /// everything that is wrong; `not_found` for a directory that is not there. Without either there
  /// are none.
  Result<const Definitions*> definitions();

 private:
  ConfigLoad config_;
  Output output_;
  Clock& clock_;
  Rng rng_;
  std::unique_ptr<LateStop> grace_over_;
  std::unique_ptr<Store> store_;
  std::optional<Definitions> definitions_;
};

/// Reads every .yaml, .yml and .json file directly in `directory`, by name, but those whose names
/// begin with a dot. The problems of all of
/// them, and what `kinds` refuse, are told in one error.
Result<Definitions> read_definitions(const std::string& directory, const Kinds& kinds);
/// The same with the problems one by one. The error of a directory or file that cannot be read.
Result<DefinitionsLoad> load_directory(const std::string& directory, const Kinds& kinds);
/// The same of these files.
Result<DefinitionsLoad> load_files(const std::vector<std::string>& files, const Kinds& kinds);

}  // namespace waybill::cli
