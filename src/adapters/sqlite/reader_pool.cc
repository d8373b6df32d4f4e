#include "adapters/sqlite/reader_pool.h"

namespace waybill::sqlite {

Result<std::unique_ptr<Database>> ReaderPool::take() {
  {
    Lock lock(mutex_);
    while (idle_.empty() && made_ >= params_.connections_max) given_back_.wait(lock);
    if (!idle_.empty()) {
      auto database = std::move(idle_.back());
      idle_.pop_back();
      return database;
    }
    ++made_;
  }
  auto database = Database::open(params_.open, clock_);
  if (!database) {
    const Lock lock(mutex_);
    --made_;
    given_back_.notify_one();
    return database;
  }
  // That is the writer's to do, which knows whether the disk can be trusted.
  (*database)->leave_log_at_close();
  return database;
}

void ReaderPool::give_back(std::unique_ptr<Database> database) {
  const Lock lock(mutex_);
  idle_.push_back(std::move(database));
  given_back_.notify_one();
}

}  // namespace waybill::sqlite
