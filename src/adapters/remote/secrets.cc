#include "adapters/remote/secrets.h"

#include <boost/json.hpp>

#include "base/base64.h"
#include "base/json.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// Of what keeps the server from one secret.
Error error_of(const bj::object& problem) {
  const int status = problem.at("status").to_number<int>();
  const Code code = status == 404   ? Code::not_found
                    : status == 409 ? Code::failed_precondition
                    : status == 500 ? Code::data_loss
                                    : Code::unavailable;
  return {.code = code, .message = std::string(problem.at("detail").as_string())};
}

}  // namespace

Result<std::string> RemoteSecrets::secret(std::string_view) {
  return fail(Code::unimplemented, "a worker of --server has secrets only for its tasks");
}

Result<std::string> RemoteSecrets::secret_of(const Uuid& task, std::string_view name) {
  const auto held = held_.find(task);
  if (!held)
    return fail(Code::aborted, "task " + to_string(task) + " is not this worker's any more");
  const std::string path = "/v1/tasks/" + to_string(task) + "/secrets";
  const auto answer = server_.post(
      path,
      json::serialize(bj::object{
          {"worker", worker_}, {"fence", held->fence}, {"names", bj::array{bj::string(name)}}}));
  if (!answer) {
    Error error = answer.error();
    // The task itself was there a moment ago: a server of an older version has no such path.
    if (error.code == Code::not_found) error.code = Code::failed_precondition;
    return fail(std::move(error));
  }
  try {
    const bj::object& secret = answer->as_object().at("secrets").as_array().at(0).as_object();
    if (const bj::value& problem = secret.at("problem"); !problem.is_null()) {
      return fail(error_of(problem.as_object()));
    }
    auto value = from_base64(std::string_view(secret.at("value").as_string()));
    if (value) return std::move(*value);
    return server_.not_understood(path, "a value is no base64");
  } catch (const std::exception& error) {
    return server_.not_understood(path, error.what());
  }
}

}  // namespace waybill
