#include "core/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

MailParts a_mail() {
  return {.from = "waybill@example.org",
          .to = {"ops@example.org", "dev@example.org"},
          .subject = "nightly failed",
          .text = "It failed.\nLook at it.\n",
          .id = "id-1",
          .at = parse_time("2026-11-22T12:05:09Z").value()};
}

TEST(Mail, HasTheHeadersThatServersWant) {
  EXPECT_EQ(compose_mail(a_mail()),
            "From: Waybill <waybill@example.org>\r\n"
            "To: ops@example.org,\r\n dev@example.org\r\n"
            "Subject: nightly failed\r\n"
            "Date: Sun, 22 Nov 2026 12:05:09 +0000\r\n"
            "Message-ID: <id-1@example.org>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "It failed.\r\nLook at it.\r\n");
}

TEST(Mail, NothingInASubjectBeginsAHeader) {
  for (const char* subject : {"x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org",
                              "x\rBcc: eve@example.org", "x\r\n\r\nbody"}) {
    MailParts parts = a_mail();
    parts.subject = subject;
    const std::string mail = compose_mail(parts);
    EXPECT_THAT(mail, Not(HasSubstr("\nBcc:")));
    EXPECT_THAT(mail, Not(HasSubstr("\rBcc:")));
    EXPECT_EQ(mail.find("\r\n\r\n"), mail.find("\r\n\r\nIt failed."));
  }
}

TEST(Mail, ASubjectThatIsNotAsciiIsEncodedInShortWords) {
  MailParts parts = a_mail();
  parts.subject = "näch";
  EXPECT_THAT(compose_mail(parts), HasSubstr("Subject: =?UTF-8?B?" + to_base64("näch") + "?=\r\n"));
  parts.subject.clear();
  for (int i = 0; i < 90; ++i) parts.subject += "ä";
  const std::string mail = compose_mail(parts);
  std::size_t from = 0;
  for (std::size_t end = mail.find("\r\n"); end != mail.npos; end = mail.find("\r\n", from)) {
    EXPECT_LE(end - from, 998u);
    if (mail.substr(from, end - from).find("=?") != mail.npos) {
      EXPECT_LE(end - from, 86u);
    }
    from = end + 2;
  }
  parts.subject = "=?UTF-8?B?eA==?=";
  EXPECT_THAT(compose_mail(parts), HasSubstr("Subject: =?UTF-8?B?" + to_base64(parts.subject)));
}

TEST(Mail, AVeryLongSubjectIsCut) {
  MailParts parts = a_mail();
  parts.subject = std::string(100'000, 'x');
  EXPECT_LT(compose_mail(parts).size(), 1500u);
}

TEST(Mail, ATextThatIsNotPlainIsEncoded) {
  for (const std::string& text : {std::string("grün\n"), std::string(2000, 'x')}) {
    MailParts parts = a_mail();
    parts.text = text;
    const std::string mail = compose_mail(parts);
    EXPECT_THAT(mail, HasSubstr("Content-Transfer-Encoding: base64\r\n"));
    std::string body = mail.substr(mail.find("\r\n\r\n") + 4);
    for (std::size_t at = body.find("\r\n"); at != body.npos; at = body.find("\r\n")) {
      EXPECT_LE(at, 76u * 100);
      body.erase(at, 2);
    }
    const std::string expected = text.ends_with('\n') ? "grün\r\n" : text + "\r\n";
    EXPECT_EQ(from_base64(body), expected);
  }
}

TEST(Mail, ATextHoldsNoOtherControlCharacters) {
  MailParts parts = a_mail();
  parts.text = std::string("a\0b\x1b[31m\tc\r\r\nd", 14);
  EXPECT_THAT(compose_mail(parts), HasSubstr("\r\n\r\nab[31m\tc\r\nd\r\n"));
}

TEST(Mail, AddressesArePlain) {
  for (const char* good :
       {"ops@example.org", "a.b+c@x", "o'neil@mail.example.org", "x@127.0.0.1"}) {
    EXPECT_TRUE(check_mail_address(good)) << good;
  }
  for (const char* bad :
       {"", "ops", "@example.org", "ops@", "Ops <ops@example.org>",
        "ops@example.org\r\nRCPT TO:<x@y>", "ops@example.org, x@y", "a b@x", "ops@-x", "a..b@x",
        ".a@x", "a@x..y", "a@[127.0.0.1]", "ö@example.org", "a@b>c"}) {
    EXPECT_FALSE(check_mail_address(bad)) << bad;
  }
  EXPECT_FALSE(check_mail_address(std::string(65, 'a') + "@x"));
}

TEST(Mail, AServerIsAUrlOfItsOwn) {
  for (const char* good : {"smtp://mail.example.org", "smtp://localhost:2525", "smtps://[::1]:465",
                           "smtps://127.0.0.1"}) {
    EXPECT_TRUE(check_mail_url(good)) << good;
  }
  for (const char* bad : {"mail.example.org", "http://x", "smtp://", "smtp://user:pass@x",
                          "smtp://x/path", "smtp://x:0", "smtp://x:99999", "smtp://x:1y",
                          "smtp://x\r\n", "smtp://[x]:1", "SMTP://x", "smtp://x?y"}) {
    EXPECT_FALSE(check_mail_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace waybill
