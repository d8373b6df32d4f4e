#include "kinds/command/cgroup.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

constexpr std::string_view kUnifiedMount =
    "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(OwnCgroupsTest, DebiansDefaultIsOneUnifiedHierarchy) {
  EXPECT_EQ(own_cgroups(kUnifiedMount, "0::/system.slice/waybill.service\n"),
            (CgroupRoots{.unified = "/sys/fs/cgroup/system.slice/waybill.service",
                         .memory = "/sys/fs/cgroup/system.slice/waybill.service",
                         .pids = "/sys/fs/cgroup/system.slice/waybill.service"}));
}

TEST(OwnCgroupsTest, AHybridHasControllersInVersionOneAndTheUnifiedBeside) {
  EXPECT_EQ(own_cgroups("1 0 0:1 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                        "2 1 0:2 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                        "3 1 0:3 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                        "4 1 0:4 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
                        "4:memory:/jobs/a\n8:pids:/\n0::/\n"),
            (CgroupRoots{.unified = "/sys/fs/cgroup/unified",
                         .memory = "/sys/fs/cgroup/memory/jobs/a",
                         .pids = "/sys/fs/cgroup/pids"}));
}

TEST(OwnCgroupsTest, AMountThatShowsAPartOfTheHierarchyIsEnteredFromThatPart) {
  EXPECT_EQ(own_cgroups("2 1 0:2 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                        "0::/docker/1/sub\n")
                .unified,
            "/sys/fs/cgroup/sub");
  EXPECT_EQ(
      own_cgroups("2 1 0:2 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/\n").unified,
      "");
}

TEST(OwnCgroupsTest, WithoutAnyThereAreNoRoots) {
  EXPECT_EQ(own_cgroups("", ""), CgroupRoots{});
  EXPECT_EQ(own_cgroups("1 0 0:1 / / rw - ext4 /dev/vda rw\nnonsense\n", "nonsense\n"),
            CgroupRoots{});
}

TEST(CgroupFactoryTest, WithoutRootsARunHasNothingToJoin) {
  CgroupFactory factory;
  const auto cgroup = factory.make({.memory_bytes = 1 << 20, .processes = 3});
  ASSERT_TRUE(cgroup.has_value());
  EXPECT_FALSE((*cgroup)->guards_memory());
  EXPECT_FALSE((*cgroup)->guards_processes());
  EXPECT_TRUE((*cgroup)->supervisor_options().empty());
  EXPECT_FALSE((*cgroup)->memory_limit_hit());
}

}  // namespace
}  // namespace waybill
