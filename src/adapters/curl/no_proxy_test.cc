#include "adapters/curl/no_proxy.h"

#include <gtest/gtest.h>

#include <string>

namespace waybill {
namespace {

struct Case {
  const char* url;
  const char* no_proxy;
  bool direct;
};

TEST(NoProxy, NamesWhatIsReachedDirectlyAsGoHasIt) {
  const Case cases[] = {
      {"https://s3.example.com/b", "", false},
      {"https://s3.example.com/b", "example.com", true},
      {"https://example.com", "example.com", true},
      {"https://S3.Example.COM", "eXample.com", true},
      {"https://s3.example.com/b", "ample.com", false},
      {"https://s3.example.com/b", ".example.com", true},
      {"https://example.com/b", ".example.com", false},
      {"https://s3.example.com/b", "*.example.com", true},
      {"https://example.com/b", "*.example.com", false},
      {"https://s3.example.com/b", "*", true},
      {"https://s3.example.com/b", "*example.com", false},
      {"https://s3.example.com/b", "a.b, ,c.d ,s3.example.com", true},
      {"https://s3.example.com/b", "a.b c.d\texample.com", true},
      {"https://s3.example.com/b", "a.b,,c.d,", false},
      {"https://example.com/b?x=s3.other", "s3.other", false},
      {"https://user:word@example.com/b", "example.com", true},
      // ports
      {"https://s3.example.com/b", "example.com:443", true},
      {"http://s3.example.com/b", "example.com:443", false},
      {"http://s3.example.com/b", "example.com:80", true},
      {"http://s3.example.com:9000/b", "example.com:9000", true},
      {"http://s3.example.com:9000/b", "example.com:80", false},
      {"http://s3.example.com:9000/b", "example.com", true},
      {"http://s3.example.com/b", ":80", false},
      {"HTTPS://s3.example.com/b", ".example.com:443", true},
      // addresses
      {"http://10.1.2.3/b", "10.1.2.3", true},
      {"http://10.1.2.3/b", "10.1.2.30", false},
      {"http://10.1.2.3:8080/b", "10.1.2.3:8080", true},
      {"http://10.1.2.3/b", "10.1.2.3:8080", false},
      {"http://10.1.2.3/b", "2.3", false},
      {"http://10.1.2.3/b", ".3", false},
      {"http://10.1.2.3/b", "10.0.0.0/8", true},
      {"http://10.1.2.3/b", "10.9.9.9/8", true},
      {"http://11.1.2.3/b", "10.0.0.0/8", false},
      {"http://10.1.2.3/b", "10.1.2.2/31", true},
      {"http://10.1.2.4/b", "10.1.2.2/31", false},
      {"http://10.1.2.3/b", "0.0.0.0/0", true},
      {"http://10.1.2.3/b", "10.1.2.3/33", false},
      {"http://10.1.2.3/b", "10.1.2.3/-1", false},
      {"http://10.1.2.3/b", "10.1.2.3/8x", false},
      {"http://host.test/b", "10.0.0.0/8", false},
      {"http://[fd12::1]:90/b", "fd12::1", true},
      {"http://[fd12::1]:90/b", "[fd12::1]:90", true},
      {"http://[fd12::1]:90/b", "[fd12::1]:91", false},
      {"http://[fd12::1]/b", "fd00::/8", true},
      {"http://[fe12::1]/b", "fd00::/8", false},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(goes_without_proxy(one.url, one.no_proxy), one.direct)
        << one.url << " with " << one.no_proxy;
  }
}

TEST(NoProxy, MetadataServersAreNeverAskedThroughAProxy) {
  for (const char* url :
       {"http://169.254.169.254/latest/api/token", "http://169.254.170.2/v2/credentials/1",
        "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::254]/latest/api/token",
        "http://metadata.google.internal/computeMetadata/v1/", "http://[fe80::1]/"}) {
    EXPECT_TRUE(goes_without_proxy(url, "")) << url;
  }
  for (const char* url : {"http://169.253.169.254/", "http://metadata.google.internal.example.com/",
                          "http://x.metadata.google.internal/"}) {
    EXPECT_FALSE(goes_without_proxy(url, "")) << url;
  }
}

}  // namespace
}  // namespace waybill
