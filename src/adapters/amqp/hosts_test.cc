#include "adapters/amqp/hosts.h"

#include <gmock/gmock.h>

#include "adapters/amqp/connection.h"
#include "adapters/amqp/topology.h"

namespace waybill::amqp {
namespace {

using ::testing::ElementsAre;

TEST(AmqpHosts, AUrlOfOneHostStaysAsItIs) {
  EXPECT_THAT(urls_of("amqp://u:p@h:5672/v"), ElementsAre("amqp://u:p@h:5672/v"));
  EXPECT_THAT(urls_of("amqps://h"), ElementsAre("amqps://h"));
  EXPECT_THAT(urls_of("nothing"), ElementsAre("nothing"));
}

TEST(AmqpHosts, EachOfSeveralHasTheUserAndTheVirtualHost) {
  EXPECT_THAT(
      urls_of("amqp://u:p,w@a,b:5673,[::1]:5674/v,w"),
      ElementsAre("amqp://u:p,w@a/v,w", "amqp://u:p,w@b:5673/v,w", "amqp://u:p,w@[::1]:5674/v,w"));
}

TEST(AmqpHosts, ThePlaceNamesAllOfThemAndOneThatIsEmptyIsRefused) {
  EXPECT_EQ(place_of("amqp://ann:secret@a,b:5673/v").value(), "a:5672/v, b:5673/v");
  for (const char* url : {"amqp://a,/v", "amqp://u:p@,b/v", "amqp://a,,b", "amqp://a,b:x/v"}) {
    const auto place = place_of(url);
    ASSERT_FALSE(place.has_value()) << url;
    EXPECT_EQ(place.error().code, Code::invalid_argument);
  }
}

TEST(AmqpTopology, RabbitMqFromVersion4OnIsToldToCountNoGivingBack) {
  EXPECT_TRUE(can_be_unlimited("4.0.0"));
  EXPECT_TRUE(can_be_unlimited("4.1.2-beta.1"));
  EXPECT_TRUE(can_be_unlimited("10.0.1"));
  for (const char* version : {"3.13.7", "3.10.8", "", "four", "0.9"}) {
    EXPECT_FALSE(can_be_unlimited(version)) << version;
  }
}

}  // namespace
}  // namespace waybill::amqp
