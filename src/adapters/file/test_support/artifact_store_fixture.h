#pragma once

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/file/artifact_store.h"
#include "testing/fake_artifact_store.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"

namespace waybill {

class FileArtifactStoreTest : public testing::Test {
 protected:
  std::string put(std::string_view bytes) {
    const auto content = store_.put(FakeArtifactStore::file_of(bytes));
    EXPECT_TRUE(content) << content.error().message;
    return content->sha256;
  }
  std::string root() const { return directory_.path() + "/artifacts"; }
  std::filesystem::path file_of(const std::string& sha256) const {
    return std::filesystem::path(root()) / "sha256" / sha256.substr(0, 2) / sha256.substr(2);
  }
  std::size_t unfinished() const {
    const std::filesystem::directory_iterator files(root() + "/unfinished");
    return static_cast<std::size_t>(std::distance(files, std::filesystem::directory_iterator()));
  }
  /// Writes over what is there, as a broken disk or a stranger does.
  void damage(const std::string& sha256) {
    std::filesystem::permissions(file_of(sha256), std::filesystem::perms::owner_all);
    const auto changed_at = [&] {
      struct stat status {};
      EXPECT_EQ(::stat(file_of(sha256).c_str(), &status), 0);
      return std::pair(status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
    };
    // Until the file system's clock has ticked: nobody breaks it within that of its being put.
    const auto before = changed_at();
    do {
      std::ofstream(file_of(sha256), std::ios::in | std::ios::out) << "X";
    } while (changed_at() == before);
  }

  TemporaryDirectory directory_;
  SimClock clock_;
  FileArtifactStore store_{root(), clock_};
};

}  // namespace waybill
