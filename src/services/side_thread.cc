#include "services/side_thread.h"

#include <stop_token>
#include <utility>

#include "base/check.h"
#include "services/guarded_thread.h"

namespace waybill {

SideThread::SideThread() {
  thread_ = guarded_thread("side", [this](const std::stop_token&) { serve(); });
}

SideThread::~SideThread() {
  {
    const Lock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

void SideThread::begin(std::function<void()> call) {
  {
    const Lock lock(mutex_);
    WAYBILL_CHECK(!call_, "one call is made at a time");
    call_ = std::move(call);
  }
  changed_.notify_all();
}

void SideThread::wait() {
  Lock lock(mutex_);
  while (call_) changed_.wait(lock);
}

void SideThread::serve() {
  for (;;) {
    std::function<void()> call;
    {
      Lock lock(mutex_);
      while (!call_ && !closed_) changed_.wait(lock);
      if (!call_) return;
      call = call_;
    }
    call();
    {
      const Lock lock(mutex_);
      call_ = nullptr;
    }
    changed_.notify_all();
  }
}

}  // namespace waybill
