#include "http/cookie.h"

#include <gtest/gtest.h>

namespace waybill::http {
namespace {

TEST(Cookie, IsFoundAmongOthersByItsWholeName) {
  Request request;
  request.headers = {{"cookie", "a=1; __Host-waybill-session=x=y ;b="}, {"cookie", "c=3; a=4"}};
  EXPECT_EQ(cookie(request, "__Host-waybill-session"), "x=y");
  EXPECT_EQ(cookie(request, "a"), "1");
  EXPECT_EQ(cookie(request, "c"), "3");
  EXPECT_EQ(cookie(request, "b"), "");
  EXPECT_EQ(cookie(request, "waybill-session"), "");
  request.headers = {{"cookie", ";;= ; =x;a"}};
  EXPECT_EQ(cookie(request, "a"), "");
}

TEST(Cookie, OverTlsIsForThisHostAlone) {
  EXPECT_EQ(set_cookie(cookie_name("session", CookieOver::tls), "v", std::chrono::hours(1),
                       CookieOver::tls),
            "__Host-waybill-session=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600; Secure");
  EXPECT_EQ(set_cookie(cookie_name("session", CookieOver::plain), "", {}, CookieOver::plain),
            "waybill-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

}  // namespace
}  // namespace waybill::http
