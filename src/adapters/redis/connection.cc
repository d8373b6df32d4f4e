#include "adapters/redis/connection.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "adapters/redis/socket.h"

namespace waybill::redis {
namespace {

constexpr auto kLoginAdvice = "look at the user and password in its URL";

Code code_of_reply(std::string_view word) {
  if (word == "NOAUTH" || word == "WRONGPASS") return Code::unauthenticated;
  if (word == "NOPERM") return Code::permission_denied;
  if (word == "LOADING" || word == "BUSY" || word == "MASTERDOWN") return Code::unavailable;
  return Code::failed_precondition;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

timeval to_timeval(Duration duration) {
  return {.tv_sec = duration.count() / 1'000'000, .tv_usec = duration.count() % 1'000'000};
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const Address& address, const Clock& clock,
                                                     SteadyTime until) {
  const auto socket = connect_to(address, until - clock.steady_now());
  if (!socket) return fail(socket.error());
  redisContext* context = redisConnectFd(*socket);
  if (context == nullptr) {
    ::close(*socket);
    return fail(Code::resource_exhausted, "no memory for a connection to Redis");
  }
  std::unique_ptr<Connection> connection(new Connection(context, place_of(address), clock));
  if (Status in = connection->log_in(address, until); !in) return fail(in.error());
  return connection;
}

Connection::~Connection() { redisFree(context_); }

void Connection::append(std::initializer_list<std::string_view> words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context_, static_cast<int>(words.size()), texts.data(), sizes.data());
}

Status Connection::hear(const std::string& action, SteadyTime until) {
  const auto text = hear_text(action, until);
  if (!text) return fail(text.error());
  return {};
}

Result<std::optional<std::string>> Connection::hear_text(const std::string& action,
                                                         SteadyTime until) {
  // A time-out of zero would be none at all.
  const Duration left = std::max<Duration>(until - clock_.steady_now(), Duration(1000));
  redisSetTimeout(context_, to_timeval(left));
  void* heard = nullptr;
  errno = 0;
  if (redisGetReply(context_, &heard) != REDIS_OK) {
    const bool late = context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
    return fail(late ? Code::deadline_exceeded : Code::unavailable,
                action + " Redis at " + place_ + ": " +
                    (late ? "it does not answer in time" : context_->errstr));
  }
  const std::unique_ptr<void, decltype(&freeReplyObject)> owner(heard, &freeReplyObject);
  const auto* reply = static_cast<redisReply*>(heard);
  if (reply->type == REDIS_REPLY_STATUS || reply->type == REDIS_REPLY_STRING) {
    return std::string(reply->str, reply->len);
  }
  if (reply->type != REDIS_REPLY_ERROR) return std::nullopt;
  const std::string_view text(reply->str, reply->len);
  return fail(code_of_reply(first_word(text)),
              action + " Redis at " + place_ + ": " + std::string(text));
}

Status Connection::log_in(const Address& address, SteadyTime until) {
  if (!address.password.empty()) {
    if (address.user.empty()) {
      append({"AUTH", address.password});
    } else {
      append({"AUTH", address.user, address.password});
    }
    const Status in = hear("", until);
    // Of what the server says only the kind: some repeat the words of a command that they refuse.
    if (!in && context_->err == 0) {
      const bool wrong = in.error().code == Code::unauthenticated;
      return fail(in.error().code, "Redis at " + place_ +
                                       (wrong ? " does not know this user and password; "
                                              : " refuses the login; see its own log, and ") +
                                       kLoginAdvice);
    }
    if (!in) return fail(with_context(in.error(), "logging in"));
  }
  if (Status alive = ping(until); !alive) return alive;
  if (address.database == 0) return {};
  append({"SELECT", std::to_string(address.database)});
  return hear("choosing database " + std::to_string(address.database) + " of", until);
}

Status Connection::ping(SteadyTime until) {
  append({"PING"});
  Status heard = hear("asking", until);
  if (heard) return heard;
  // Who may only publish is welcome.
  if (heard.error().code == Code::permission_denied) return {};
  if (heard.error().code == Code::unauthenticated) {
    return fail(Code::unauthenticated,
                "Redis at " + place_ + " wants a password; " + std::string(kLoginAdvice));
  }
  return heard;
}

Result<bool> Connection::take_turn(const std::string& key, const std::string& holder, Duration hold,
                                   SteadyTime until) {
  const std::string doing = "taking turns at";
  const std::string milliseconds =
      std::to_string(std::chrono::ceil<std::chrono::milliseconds>(hold).count());
  append({"SET", key, holder, "NX", "PX", milliseconds});
  const auto set = hear_text(doing, until);
  if (!set) return fail(set.error());
  if (*set) return true;
  append({"GET", key});
  const auto found = hear_text(doing, until);
  if (!found) return fail(found.error());
  if (*found != holder) return false;
  append({"PEXPIRE", key, milliseconds});
  if (Status kept = hear(doing, until); !kept) return fail(kept.error());
  return true;
}

Status Connection::leave_turn(const std::string& key, const std::string& holder, SteadyTime until) {
  append({"GET", key});
  const auto found = hear_text("leaving a turn at", until);
  if (!found) return fail(found.error());
  if (*found != holder) return {};
  append({"DEL", key});
  return hear("leaving a turn at", until);
}

Status Connection::publish(std::span<const ChannelMessage> messages, SteadyTime until) {
  for (const ChannelMessage& message : messages) {
    append({"PUBLISH", message.channel, message.body});
  }
  Status first;
  for (std::size_t heard = 0; heard < messages.size(); ++heard) {
    const Status one = hear("publishing to", until);
    if (context_->err != 0) return one;
    if (first) first = one;
  }
  return first;
}

}  // namespace waybill::redis
