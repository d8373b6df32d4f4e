#include "tests/queues/moto.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "base/json.h"
#include "base/percent.h"

namespace waybill {
namespace {

constexpr auto kAuthorization =
    "AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/%/aws4_request, SignedHeaders=host, "
    "Signature=0";

}  // namespace

Moto& Moto::instance() {
  static Moto one;
  return one;
}

std::string Moto::call(const std::string& service, HttpHeaders headers, std::string body) {
  std::string authorization = kAuthorization;
  authorization.replace(authorization.find('%'), 1, service);
  headers.emplace_back("Authorization", authorization);
  LoopbackHttp http;
  const auto response = http.send(
      {.method = "POST", .url = url() + "/", .headers = headers, .body = std::move(body)}, {});
  EXPECT_TRUE(response.has_value() && response->status == 200)
      << (response ? response->body : response.error().message);
  return response ? response->body : "";
}

std::string Moto::create_queue(const std::string& name) {
  const bool fifo = name.ends_with(".fifo");
  const auto answer = json::parse(call(
      "sqs",
      {{"Content-Type", "application/x-amz-json-1.0"}, {"X-Amz-Target", "AmazonSQS.CreateQueue"}},
      "{\"QueueName\":\"" + name + "\"" +
          (fifo ? ",\"Attributes\":{\"FifoQueue\":\"true\"}}" : "}")));
  return answer ? std::string(answer->at("QueueUrl").as_string()) : "";
}

std::string Moto::create_topic(const std::string& name) {
  const bool fifo = name.ends_with(".fifo");
  call_sns("Action=CreateTopic&Name=" + name +
           (fifo ? "&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true" : ""));
  const std::string arn = "arn:aws:sns:us-east-1:123456789012:" + name;
  call_sns("Action=Subscribe&Protocol=sqs&TopicArn=" + to_percent(arn) +
           "&Endpoint=" + to_percent("arn:aws:sqs:us-east-1:123456789012:" + name) +
           "&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true");
  return arn;
}

Moto::Moto() {
  const std::string program = find_program("moto_server");
  if (program.empty()) {
    missing_ = "moto_server, which stands for SNS and SQS, is not installed";
    return;
  }
  const bool started =
      server_.start({.command = {program, "-H", "127.0.0.1", "-p", std::to_string(port_)},
                     .environment = {{"PATH", std::getenv("PATH")},
                                     {"HOME", server_.directory()},
                                     {"TMPDIR", server_.directory()},
                                     {"AWS_ACCESS_KEY_ID", "x"},
                                     {"AWS_SECRET_ACCESS_KEY", "x"}},
                     .ready = [&] { return accepts(port_); }});
  EXPECT_TRUE(started);
}

void Moto::call_sns(const std::string& form) {
  call("sns", {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
       form + "&Version=2010-03-31");
}

}  // namespace waybill
