#include "http/connections.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "base/file_descriptor.h"
#include "testing/sim_clock.h"

namespace waybill::http {
namespace {

using std::chrono::seconds;

class ConnectionsTest : public ::testing::Test {
 protected:
  ConnectionsTest() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    ours_ = FileDescriptor(pair[0]);
    theirs_ = FileDescriptor(pair[1]);
  }

  bool is_ended() {
    EXPECT_TRUE(connections_.step({}));
    char byte = 0;
    return ::recv(theirs_.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  SimClock clock_;
  Connections connections_{clock_, seconds(90)};
  FileDescriptor ours_;
  FileDescriptor theirs_;
};

TEST_F(ConnectionsTest, EndsOneWhoseRequestDoesNotCome) {
  connections_.opened(ours_.get());
  clock_.advance(seconds(90));
  EXPECT_FALSE(is_ended());
  clock_.advance(seconds(1));
  EXPECT_TRUE(is_ended());
}

TEST_F(ConnectionsTest, GivesABodyTimeByItsSize) {
  Connection& connection = connections_.opened(ours_.get());
  connection.note_body(1u << 20);  // 64 s at 16 KiB/s
  clock_.advance(seconds(154));
  EXPECT_FALSE(is_ended());
  clock_.advance(seconds(1));
  EXPECT_TRUE(is_ended());
}

TEST_F(ConnectionsTest, LeavesThoseAloneThatWaitForUs) {
  Connection& connection = connections_.opened(ours_.get());
  connection.end_wait();
  clock_.advance(std::chrono::hours(10));
  EXPECT_FALSE(is_ended());
  connection.begin_to_wait(clock_.steady_now());
  clock_.advance(seconds(90));
  EXPECT_FALSE(is_ended());
  clock_.advance(seconds(1));
  EXPECT_TRUE(is_ended());
}

TEST_F(ConnectionsTest, TouchesNoneThatIsClosed) {
  connections_.closed(connections_.opened(ours_.get()));
  clock_.advance(seconds(91));
  EXPECT_FALSE(is_ended());
}

}  // namespace
}  // namespace waybill::http
