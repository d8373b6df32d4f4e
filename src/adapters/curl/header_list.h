#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ports/http_client.h"

struct curl_slist;

namespace waybill {

/// The headers of one request after the other as libcurl takes them, in memory that is kept:
/// curl_slist_append would allocate twice for each line.
class HeaderList {
 public:
  HeaderList();
  ~HeaderList();

  /// Valid until the next call.
  curl_slist* of(const HttpRequest& request);

 private:
  void add(std::string_view name, std::string_view between, std::string_view value);

  std::string text_;  // with a zero after each line
  std::vector<std::size_t> begins_;
  std::unique_ptr<curl_slist[]> lines_;
  std::size_t room_ = 0;  // of lines_
};

}  // namespace waybill
