#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waybill::amqp {

/// A URL for each host of one that names several: amqp://user:password@a:5672,b:5672/vhost leads
/// to a, and where that is away to b. User, password and virtual host are the same for all.
std::vector<std::string> urls_of(std::string_view url);

}  // namespace waybill::amqp
