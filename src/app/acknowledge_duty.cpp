#include "acknowledge_duty.h"

namespace holdfast::app {

Result<> apply_acknowledge(const Config& config, Foundation& base) {
  if (!base.state.may_write()) return {};
  auto transaction = base.stores.core->transaction();
  const auto stored = base.acknowledge->all();
  for (const auto ack_class : {region::AckClass::security, region::AckClass::codes, region::AckClass::all}) {
    region::AckRule wanted{.limit = config.acknowledge_timeout};
    if (const auto given = config.acknowledge.find(region::to_string(ack_class));
        given != config.acknowledge.end()) {
      wanted.needed = given->second.needed;
      wanted.of = given->second.of;
    }
    const auto current = stored.find(ack_class);
    const bool is_set = current != stored.end() && current->second.needed > 0;
    if (wanted.needed == 0 ? is_set : !is_set || current->second != wanted) {
      TRY_VOID(region::AcknowledgeSettings::put(transaction, ack_class, wanted));
    }
  }
  if (transaction.empty()) return {};
  TRY_VOID(base.committer.commit_and_wait(std::move(transaction)));
  return {};
}

}  // namespace holdfast::app
