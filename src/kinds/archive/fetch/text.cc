#include "kinds/archive/fetch/text.h"

#include <utility>

#include "core/fetch/url_reference.h"
#include "core/size.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

constexpr Duration kTextSlowMax = std::chrono::seconds(60);

class ShortText final : public HttpDownload {
 public:
  explicit ShortText(const TextAsked& asked) : asked_(asked) {}
  Status begin(const HttpResponse&) override { return {}; }
  Status write(std::string_view bytes) override {
    if (bytes.size() > asked_.bytes_max - text_.size()) {
      return fail(Code::out_of_range, asked_.what + " has more than " +
                                          format_size(static_cast<std::int64_t>(asked_.bytes_max)));
    }
    text_.append(bytes);
    return {};
  }
  std::string& text() { return text_; }

 private:
  const TextAsked& asked_;
  std::string text_;
};

}  // namespace

Result<std::string> fetch_text(const TextAsked& asked, HttpStreams& http, Clock& clock,
                               const Deadline& deadline) {
  std::string at = asked.url;
  for (int hop = 0; hop <= asked.redirects_max; ++hop) {
    ShortText text(asked);
    const auto answer =
        http.exchange({.request = {.url = at}, .bytes_per_second_min = 1, .slow_max = kTextSlowMax},
                      text, deadline);
    if (!answer) return fail(with_context(answer.error(), asked.what));
    if (answer->status == 200) return std::move(text.text());
    const std::string_view location = header(*answer, "location");
    if (answer->status / 100 != 3 || location.empty()) {
      return fail(with_context(error_of_status(*answer, at, clock.now(), text.text()), asked.what));
    }
    auto next = resolve_http_url(at, location);
    if (!next) return fail(with_context(next.error(), shown_url(at)));
    if (is_https_url(at) && !is_https_url(*next)) {
      return fail(Code::failed_precondition, shown_url(at) +
                                                 " redirects to what is not encrypted: what is "
                                                 "there proves nothing");
    }
    at = std::move(*next);
  }
  return fail(Code::failed_precondition, shown_url(asked.url) + " redirects without end");
}

}  // namespace waybill
