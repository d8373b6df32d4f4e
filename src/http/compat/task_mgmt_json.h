#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "core/task.h"
#include "http/message.h"
#include "ports/channel_publisher.h"

namespace waybill::http {

/// The label that keeps what task_mgmt calls a task's title.
inline constexpr std::string_view kTitleLabel = "title";

/// A task as task_mgmt tells of it. It knows no cancelled ones: those have failed, and say why.
boost::json::object task_mgmt_task(const Task& task);

/// What task_mgmt published of a task on Redis: the same, with `progress`, on the channel
/// `tasks.ID`. `progress` is what the task said of itself, or empty: {percent, step, steps, status,
/// dest} go as they are, of others `done` of `of` or `total`, and `message`, are translated.
ChannelMessage task_mgmt_message(const Task& task, std::string_view progress);

/// {meta: {code: 200}, data}, and `message` in meta where it is not empty.
Response data_envelope(boost::json::value data, std::string_view message = {});
/// {meta: {code: 200}, data: […], pagination: {nextUrl}}.
Response page_envelope(boost::json::array data, const std::string& next_url);
/// {meta: {code, error}}, without data.
Response error_envelope(int status, std::string_view error);

}  // namespace waybill::http
