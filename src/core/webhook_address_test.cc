#include "core/webhook_address.h"

#include <gmock/gmock.h>

namespace waybill {
namespace {

using testing::HasSubstr;

bool may_reach(std::string_view url, std::string_view address,
               const std::vector<IpNetwork>& networks = {}) {
  return webhook_may_reach(networks, url, parse_ip_address(address).value());
}

const std::vector<IpNetwork> kOwn = {parse_ip_network("10.0.0.0/8").value()};

TEST(WebhookAddressTest, PublicAddressesAreReachedOverTlsAlone) {
  EXPECT_TRUE(may_reach("https://x.example", "8.8.8.8"));
  EXPECT_FALSE(may_reach("http://x.example", "8.8.8.8"));
  EXPECT_FALSE(may_reach("http://x.example", "8.8.8.8", kOwn));
}

TEST(WebhookAddressTest, PrivateOnesOnlyWhereTheirNetworkIsNamed) {
  EXPECT_FALSE(may_reach("https://x.example", "10.1.2.3"));
  EXPECT_TRUE(may_reach("https://x.example", "10.1.2.3", kOwn));
  EXPECT_TRUE(may_reach("http://x.example", "10.1.2.3", kOwn));
  EXPECT_FALSE(may_reach("https://x.example", "127.0.0.1", kOwn));
  EXPECT_FALSE(may_reach("https://x.example", "169.254.169.254", kOwn));
}

TEST(WebhookAddressTest, AUrlThatLeadsNowhereIsRefusedAtOnce) {
  const auto refused = [](std::string_view url, const std::vector<IpNetwork>& networks) {
    const Status fits = check_webhook_address(networks, url);
    return fits ? std::string() : fits.error().message;
  };
  EXPECT_EQ(refused("https://x.example/hook", {}), "");
  EXPECT_THAT(refused("http://x.example/hook", {}), HasSubstr("https://"));
  EXPECT_EQ(refused("http://x.example/hook", kOwn), "");
  EXPECT_THAT(refused("https://127.0.0.1:8080/hook", {}), HasSubstr("127.0.0.1 is an address"));
  EXPECT_THAT(refused("https://[::1]:8080/hook", {}), HasSubstr("::1 is an address"));
  EXPECT_THAT(refused("https://[::ffff:10.0.0.1]", {}), HasSubstr("--webhook-networks"));
  EXPECT_EQ(refused("https://10.0.0.1?x=1", kOwn), "");
  EXPECT_THAT(refused("http://8.8.8.8/", kOwn), HasSubstr("8.8.8.8"));
}

}  // namespace
}  // namespace waybill
