#include "http/handler_pool.h"

#include <utility>

#include "services/guarded_thread.h"

namespace waybill::http {

HandlerPool::HandlerPool(std::size_t threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.push_back(guarded_thread("http_handler", [this](const std::stop_token&) { work(); }));
  }
}

HandlerPool::~HandlerPool() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

bool HandlerPool::submit(Job job) {
  {
    const Lock lock(mutex_);
    if (jobs_.size() >= waiting_max_) return false;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void HandlerPool::submit_again(Job job) {
  {
    const Lock lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void HandlerPool::wait_until_idle() {
  Lock lock(mutex_);
  while (running_ > 0 || !jobs_.empty()) idle_.wait(lock);
}

std::size_t HandlerPool::waiting() const {
  const Lock lock(mutex_);
  return jobs_.size();
}

std::size_t HandlerPool::running() const {
  const Lock lock(mutex_);
  return running_;
}

void HandlerPool::work() {
  for (;;) {
    Job job;
    {
      Lock lock(mutex_);
      while (jobs_.empty() && !stopping_) changed_.wait(lock);
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
      ++running_;
    }
    job();
    const Lock lock(mutex_);
    --running_;
    if (running_ == 0 && jobs_.empty()) idle_.notify_all();
  }
}

}  // namespace waybill::http
