#include "adapters/curl/mail_sender.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "adapters/curl/transfer_error.h"
#include "base/ascii.h"
#include "base/sigpipe_held.h"
#include "base/utf8.h"

namespace waybill {
namespace {

/// Longer than this nothing is waited for in one poll: the clock is looked at again.
constexpr Duration kLookAgain = std::chrono::seconds(30);
/// For an answer of the server: one that looks through a message may take long.
constexpr long kAnswerSeconds = 60;
constexpr std::size_t kReplyBytesMax = 500;

bool is_lasting(long code) { return code >= 500 && code < 600; }
bool is_passing(long code) { return code >= 400 && code < 500; }

}  // namespace

/// One message on one connection.
class CurlMailSender::Conversation {
 public:
  Conversation(Clock& clock, const OutgoingMail& mail, const Deadline& deadline)
      : clock_(clock),
        mail_(mail),
        multi_(curl_multi_init(), &curl_multi_cleanup),
        easy_(curl_easy_init(), &curl_easy_cleanup),
        rest_(mail.message),
        deadline_(deadline) {}
  ~Conversation() { curl_slist_free_all(recipients_); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  Status run(const CurlMailSenderParams& params, const TrustStore& trust);

 private:
  template <class Value>
  bool set(CURLoption option, Value value) {
    return curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
  }
  bool prepare(const CurlMailSenderParams& params, const TrustStore& trust);
  bool prepare_login();
  Result<CURLcode> drive();
  std::optional<Error> why_give_up() const;
  Error explain(CURLcode result);
  static std::size_t on_read(char* to, std::size_t, std::size_t room, void* self);
  static std::size_t on_reply(char* data, std::size_t, std::size_t size, void* self);
  static int on_wait(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  Clock& clock_;
  const OutgoingMail& mail_;
  // In this order: the easy handle must go first.
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
  curl_slist* recipients_ = nullptr;
  std::string_view rest_;  // of the message
  std::string refusal_;    // the last line with which the server refused something
  const Deadline& deadline_;
  std::optional<Error> given_up_;
  std::array<char, CURL_ERROR_SIZE> text_{};
};

std::size_t CurlMailSender::Conversation::on_read(char* to, std::size_t, std::size_t room,
                                                  void* self) {
  std::string_view& rest = static_cast<Conversation*>(self)->rest_;
  const std::size_t size = std::min(room, rest.size());
  std::memcpy(to, rest.data(), size);
  rest.remove_prefix(size);
  return size;
}

std::size_t CurlMailSender::Conversation::on_reply(char* data, std::size_t, std::size_t size,
                                                   void* self) {
  std::string_view line(data, size);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  // After a refusal it still says goodbye.
  if (line.starts_with('4') || line.starts_with('5')) {
    static_cast<Conversation*>(self)->refusal_ = line.substr(0, kReplyBytesMax);
  }
  return size;
}

// libcurl waits for the last answer within curl_multi_perform, and asks this once a second.
int CurlMailSender::Conversation::on_wait(void* self, curl_off_t, curl_off_t, curl_off_t,
                                          curl_off_t) {
  auto& conversation = *static_cast<Conversation*>(self);
  conversation.given_up_ = conversation.why_give_up();
  return conversation.given_up_ ? 1 : 0;
}

std::optional<Error> CurlMailSender::Conversation::why_give_up() const {
  if (deadline_.stop_requested()) return Error{Code::cancelled, "stopped"};
  if (clock_.steady_now() < deadline_.at) return std::nullopt;
  return Error{Code::deadline_exceeded, "the server did not go on in time"};
}

bool CurlMailSender::Conversation::prepare_login() {
  if (mail_.username.empty()) return true;
  return set(CURLOPT_USERNAME, mail_.username.c_str()) &&
         set(CURLOPT_PASSWORD, mail_.password.c_str());
}

bool CurlMailSender::Conversation::prepare(const CurlMailSenderParams& params,
                                           const TrustStore& trust) {
  recipients_ = curl_slist_append(nullptr, mail_.to.c_str());
  if (recipients_ == nullptr) return false;
  const auto connect = std::chrono::ceil<std::chrono::milliseconds>(params.connect_timeout);
  const long tls = params.tls == MailTls::required ? CURLUSESSL_ALL : CURLUSESSL_NONE;
  // Never by a proxy of the environment, which is there for HTTP. Not kept: else it says goodbye
  // when nobody can have it give up any more.
  return set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_FORBID_REUSE, 1L) &&
         set(CURLOPT_PROTOCOLS_STR, "smtp,smtps") && set(CURLOPT_URL, params.url.c_str()) &&
         set(CURLOPT_PROXY, "") && set(CURLOPT_USE_SSL, tls) &&
         set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
         set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count())) &&
         set(CURLOPT_SERVER_RESPONSE_TIMEOUT, kAnswerSeconds) &&
         set(CURLOPT_MAIL_FROM, mail_.from.c_str()) && set(CURLOPT_MAIL_RCPT, recipients_) &&
         set(CURLOPT_UPLOAD, 1L) && set(CURLOPT_READFUNCTION, &Conversation::on_read) &&
         set(CURLOPT_READDATA, this) &&
         set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail_.message.size())) &&
         set(CURLOPT_HEADERFUNCTION, &Conversation::on_reply) && set(CURLOPT_HEADERDATA, this) &&
         set(CURLOPT_NOPROGRESS, 0L) && set(CURLOPT_XFERINFOFUNCTION, &Conversation::on_wait) &&
         set(CURLOPT_XFERINFODATA, this) && set(CURLOPT_ERRORBUFFER, text_.data()) &&
         prepare_login() && trust.give_to(easy_.get());
}

Result<CURLcode> CurlMailSender::Conversation::drive() {
  const std::stop_callback wake(deadline_.stop, [this] { curl_multi_wakeup(multi_.get()); });
  int running = 1;
  while (true) {
    if (const auto why = why_give_up()) return fail(*why);
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
    if (given_up_) return fail(*given_up_);
    if (running == 0) break;
    const Duration left = deadline_.at - clock_.steady_now();
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(std::clamp(left, Duration(0), kLookAgain));
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
  }
  int left_in_queue = 0;
  const CURLMsg* message = curl_multi_info_read(multi_.get(), &left_in_queue);
  return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
}

Error CurlMailSender::Conversation::explain(CURLcode result) {
  long code = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
  const std::string said = "the server said: " + mend_utf8(refusal_);
  if (is_passing(code)) return {Code::unavailable, said};
  if (result == CURLE_LOGIN_DENIED) {
    return {Code::permission_denied, is_lasting(code)
                                         ? "the login was refused; " + said
                                         : "the server knows no way to log in that is known here"};
  }
  if (is_lasting(code)) return {Code::invalid_argument, said};
  if (result == CURLE_USE_SSL_FAILED) {
    return {Code::failed_precondition, "the server offers no encryption (STARTTLS)"};
  }
  return {code_of_transfer(result, code != 0),
          words_of_transfer(easy_.get(), result, text_.data())};
}

Status CurlMailSender::Conversation::run(const CurlMailSenderParams& params,
                                         const TrustStore& trust) {
  if (!multi_ || !easy_ || !prepare(params, trust) ||
      curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) {
    return fail(Code::resource_exhausted, "libcurl cannot set the transfer up");
  }
  const Result<CURLcode> result = drive();
  Status status{};
  if (!result) status = fail(result.error());
  if (result && *result != CURLE_OK) status = fail(explain(*result));
  // Closes the connection of a transfer that was given up.
  curl_multi_remove_handle(multi_.get(), easy_.get());
  return status;
}

Result<std::unique_ptr<CurlMailSender>> CurlMailSender::create(Clock& clock,
                                                               CurlMailSenderParams params) {
  // Counted and thread-safe in libcurl; never undone, as others in the process may use it.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Code::unavailable, "setting up what sends mail: libcurl does not start");
  }
  auto trust = TrustStore::create(params.ca_files, params.ca_directories);
  if (!trust) return fail(trust.error());
  return std::unique_ptr<CurlMailSender>(
      new CurlMailSender(clock, std::move(params), std::move(*trust)));
}

Status CurlMailSender::send(const OutgoingMail& mail, const Deadline& deadline) {
  const SigpipeHeld held;
  Conversation conversation(clock_, mail, deadline);
  Status sent = conversation.run(params_, trust_);
  if (sent) return sent;
  return fail(with_context(sent.error(), "giving mail for " + mail.to + " to " + params_.url));
}

}  // namespace waybill
