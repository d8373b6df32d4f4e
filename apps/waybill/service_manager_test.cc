#include "apps/waybill/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "base/file_descriptor.h"

namespace waybill::cli {
namespace {

/// A socket as a service manager has it, under a name without a file.
class Manager {
 public:
  Manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    name_ = "@waybill-test-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  const std::string& name() const { return name_; }
  /// What has come; empty: nothing.
  std::string heard() {
    std::array<char, 100> text{};
    const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  FileDescriptor socket_;
  std::string name_;
};

TEST(ServiceManager, IsToldWhereItListens) {
  Manager manager;
  EXPECT_TRUE(notify_service_manager({{"NOTIFY_SOCKET", manager.name()}}, "READY=1"));
  EXPECT_EQ(manager.heard(), "READY=1");
}

TEST(ServiceManager, NobodyIsToldWhereNoneListens) {
  Manager manager;
  EXPECT_TRUE(notify_service_manager({}, "READY=1"));
  EXPECT_EQ(manager.heard(), "");
}

TEST(ServiceManager, AnAddressThatIsNoneIsAnError) {
  for (const std::string name : {"relative", "/nowhere/socket", "@nobody-is-there"}) {
    const Status told = notify_service_manager({{"NOTIFY_SOCKET", name}}, "READY=1");
    ASSERT_FALSE(told) << name;
    EXPECT_EQ(told.error().code, Code::unavailable);
    EXPECT_NE(told.error().message.find(name), std::string::npos) << told.error().message;
  }
  EXPECT_FALSE(notify_service_manager({{"NOTIFY_SOCKET", "/" + std::string(200, 'x')}}, "READY=1"));
}

}  // namespace
}  // namespace waybill::cli
