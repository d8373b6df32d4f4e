#include "testing/temporary_directory.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/check.h"

namespace waybill {

TemporaryDirectory::TemporaryDirectory() {
  path_ = (std::filesystem::temp_directory_path() / "waybill-test-XXXXXX").string();
  WAYBILL_CHECK(::mkdtemp(path_.data()) != nullptr, "a test needs a directory for temporary files");
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // what is left is the temporary directory's to clear
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace waybill
