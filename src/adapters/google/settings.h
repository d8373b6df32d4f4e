#pragma once

#include <functional>
#include <map>
#include <string>

#include "ports/clock.h"
#include "ports/credentials.h"
#include "ports/http_client.h"

namespace waybill::google {

/// What Google's tools are told by their environment, and how its files are read.
struct Settings {
  std::map<std::string, std::string> environment;
  /// The whole text of a file; `not_found` if there is none.
  std::function<Result<std::string>(const std::string& path)> read_file;

  /// Empty if it is not set.
  std::string variable(const std::string& name) const {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  }
};

/// What a source of tokens needs of others; they must outlive it.
struct TokenPorts {
  HttpClient& http;
  Clock& clock;
};

/// A bearer token, and until when it is good.
struct Token {
  std::string text;
  Time expires_at;
};

/// Fetches a token anew.
using Fetch = std::function<Result<Token>(const Deadline&)>;

}  // namespace waybill::google
