#include "services/guarded_thread.h"

#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace waybill {
namespace {

constexpr int kExitBug = 70;

[[noreturn]] void end_process(std::string_view thread, std::string_view what) {
  log::error("thread_bug", "a thread threw an exception; ending the process, which is safe",
             {{"thread", thread}, {"error", what}});
  std::_Exit(kExitBug);
}

}  // namespace

std::jthread guarded_thread(std::string name, std::function<void(const std::stop_token&)> body) {
  return std::jthread(
      [name = std::move(name), body = std::move(body)](const std::stop_token& stop) {
        try {
          body(stop);
        } catch (const std::exception& exception) {
          end_process(name, exception.what());
        } catch (...) {
          end_process(name, "not a std::exception");
        }
      });
}

}  // namespace waybill
