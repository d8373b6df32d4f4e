#include "apps/waybill/runtime/working_place.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "apps/waybill/environment.h"
#include "apps/waybill/store.h"
#include "base/file_descriptor.h"

namespace waybill::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> data_directory(const std::string& given) {
  std::error_code error;
  const fs::path path = fs::absolute(given, error);
  if (error) return fail(system_error(error.value(), "finding the working directory"));
  std::string directory = path.lexically_normal().string();
  if (const Status made = make_data_directory(directory); !made) return fail(made.error());
  return directory;
}

/// The standard library's temp_directory_path() does not say which directory it did not find.
Result<std::string> temporary_directory() {
  std::string parent = variable_in(process_environment(), "TMPDIR");
  if (parent.empty()) parent = "/tmp";
  std::error_code error;
  std::string pattern = (fs::absolute(parent, error) / "waybill-worker-XXXXXX").string();
  if (!error && ::mkdtemp(pattern.data()) != nullptr) return pattern;
  Error failure = system_error(error ? error.value() : errno,
                               "making a directory for this worker in " + parent);
  failure.message += "; or set TMPDIR to a directory that can be written, or give --data DIR";
  return fail(std::move(failure));
}

}  // namespace

WorkingPlace::WorkingPlace(std::string directory, Kept kept)
    : directory_(std::move(directory)), kept_(kept) {}

WorkingPlace::~WorkingPlace() {
  std::error_code ignored;
  if (kept_ == Kept::temporary) fs::remove_all(directory_, ignored);
}

Result<std::unique_ptr<WorkingPlace>> WorkingPlace::open(Session& session) {
  const bool kept = session.config_load().values.at("data").origin != ConfigOrigin::fallback;
  auto directory = kept ? data_directory(session.config().data) : temporary_directory();
  if (!directory) return fail(directory.error());
  return std::make_unique<WorkingPlace>(std::move(*directory), kept ? Kept::kept : Kept::temporary);
}

}  // namespace waybill::cli
