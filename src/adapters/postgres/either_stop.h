#pragma once

#include <stop_token>
#include <utility>

namespace waybill::postgres {

/// A stop that is asked for as soon as one of two is.
class EitherStop {
 public:
  EitherStop(std::stop_token one, std::stop_token other)
      : by_one_(std::move(one), Ask{&stop_}), by_other_(std::move(other), Ask{&stop_}) {}

  std::stop_token token() const { return stop_.get_token(); }

 private:
  struct Ask {
    std::stop_source* stop;
    void operator()() const { stop->request_stop(); }
  };
  std::stop_source stop_;
  const std::stop_callback<Ask> by_one_;
  const std::stop_callback<Ask> by_other_;
};

}  // namespace waybill::postgres
