#include "acknowledge_duty.h"

#include "holdfast/base/log.h"

namespace holdfast::app {

region::AckRule AcknowledgeDuty::wanted(region::AckClass ack_class) const {
  region::AckRule rule{.limit = config_->acknowledge_timeout};
  const auto given = config_->acknowledge.find(region::to_string(ack_class));
  if (given != config_->acknowledge.end()) {
    rule.needed = given->second.needed;
    rule.of = given->second.of;
  }
  return rule;
}

Result<> AcknowledgeDuty::run() {
  if (!base_->state.may_write()) {
    stored_at_.reset();
    return {};
  }
  if (!stored_at_) stored_at_ = storage::position_of(base_->stores.core->durable());
  const auto rows = base_->acknowledge->all();
  const auto others = base_->members->others().size();
  const bool everywhere = base_->peers.durable_everywhere(*stored_at_);
  auto transaction = base_->stores.core->transaction();
  for (const auto ack_class : {region::AckClass::security, region::AckClass::codes, region::AckClass::all}) {
    const auto row = rows.find(ack_class);
    const auto stored = row == rows.end() ? std::nullopt : std::optional(row->second);
    const auto next = region::next_ack_rule(stored, wanted(ack_class), others, everywhere);
    if (!next) continue;
    TRY_VOID(region::AcknowledgeSettings::put(transaction, ack_class, *next));
    log::info("an acknowledge rule changes", {{"class", region::to_string(ack_class)},
                                              {"needed", next->needed},
                                              {"of", next->of},
                                              {"inForce", next->in_force}});
  }
  if (transaction.empty()) return {};
  stored_at_.reset();
  TRY(const auto head, base_->committer.commit_and_wait(std::move(transaction)));
  stored_at_ = storage::position_of(head);
  return {};
}

}  // namespace holdfast::app
