// A message as anybody may send it. The first byte says of which rpc, the rest is the message.

#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "http/api_document.h"
#include "rpc/json_message.h"
#include "rpc/method.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  static const std::vector<rpc::Method> methods =
      rpc::all_methods(http::ApiDocument::create(openapi_document()).value()).value();
  if (size == 0) return 0;
  google::protobuf::SetLogHandler(nullptr);
  const rpc::Method& method = methods[data[0] % methods.size()];
  const auto input = method.new_input();
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (!rpc::read_message(bytes, *input)) return 0;
  auto json = rpc::to_json(*input);
  if (!json) return 0;
  // What the HTTP API gets is JSON that it can read again.
  const std::string text = json::serialize(*json);
  if (!json::parse(text)) std::abort();
  const auto request = rpc::request_for(method.operation, {}, std::move(*json));
  if (request && !request->body.empty() && !json::parse(request->body)) std::abort();
  return 0;
}
