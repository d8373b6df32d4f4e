#include "apps/waybill/runtime/broker_work.h"

#include <utility>

namespace waybill::cli {

Result<std::unique_ptr<BrokerWork>> BrokerWork::open(Session& session, Store& store,
                                                     const Definitions& definitions) {
  std::unique_ptr<BrokerWork> work(new BrokerWork(session, store));
  auto broker = TaskBroker::open(session);
  if (!broker) return fail(broker.error());
  work->broker_ = std::move(*broker);
  auto importing = Importing::open(session, store, definitions);
  if (!importing) return fail(importing.error());
  work->importing_ = std::move(*importing);
  return work;
}

void BrokerWork::begin() {
  if (broker_) dispatching_.emplace(session_, store_, *broker_);
  if (importing_) importing_->begin();
}

}  // namespace waybill::cli
