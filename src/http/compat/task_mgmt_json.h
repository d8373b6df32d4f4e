#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "core/task.h"
#include "http/message.h"

namespace waybill::http {

/// The label that keeps what task_mgmt calls a task's title.
inline constexpr std::string_view kTitleLabel = "title";

/// A task as task_mgmt tells of it. It knows no cancelled ones: those have failed, and say why.
boost::json::object task_mgmt_task(const Task& task);

/// {meta: {code: 200}, data}, and `message` in meta where it is not empty.
Response data_envelope(boost::json::value data, std::string_view message = {});
/// {meta: {code: 200}, data: […], pagination: {nextUrl}}.
Response page_envelope(boost::json::array data, const std::string& next_url);
/// {meta: {code, error}}, without data.
Response error_envelope(int status, std::string_view error);

}  // namespace waybill::http
