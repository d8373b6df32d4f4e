#pragma once

#include <string>
#include <string_view>

#include "ports/credentials.h"
#include "ports/http_client.h"

namespace waybill::sqs {

/// Whom a request is for.
struct SigningScope {
  std::string region;
  std::string service;  ///< sns, sqs
};

/// Signs a POST to the root of a host, without a query: all that SNS and SQS need of Signature
/// Version 4. Adds X-Amz-Date, X-Amz-Security-Token where there is one, and Authorization, over
/// Host, all X-Amz-… headers and the body.
/// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
void sign_post(HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
               Time now);

}  // namespace waybill::sqs
