#pragma once

#include <boost/json/fwd.hpp>

#include "core/webhook.h"

namespace waybill {

/// A webhook for programs, in the one form that the command line and APIs share.
boost::json::object webhook_to_json(const Webhook& webhook);
/// A delivery that failed so far, likewise, without its body.
boost::json::object webhook_delivery_to_json(const Uuid& webhook, const WebhookDelivery& delivery);

/// The settings alone, as they are stored and sent: {url, states, queues, …}.
boost::json::object webhook_settings_to_json(const WebhookSettings& settings);
/// Reads that. What is not there is empty, but `states`: then those of tasks that have ended.
/// `invalid_argument` names what is no such thing; check_webhook does the rest.
Result<WebhookSettings> read_webhook_settings(std::string_view name,
                                              const boost::json::object& object);

}  // namespace waybill
