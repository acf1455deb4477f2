#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "holdfast/http/response.h"
#include "holdfast/region/writer.h"

namespace holdfast::api {

/// What every accepted write says beside its answer: `Holdfast-Position`, the place in the log that a reader
/// may send back as `Holdfast-Min-Position`; and `Holdfast-Durability: local` where a rule that asked for
/// other members' fsync timed out and allowed to go on.
void add_receipt(http::Response& response, const region::CommitReceipt& receipt);

/// A JSON answer of a write, as json_response makes it, with its receipt.
http::Response written_response(int status, const nlohmann::json& value,
                                const region::CommitReceipt& receipt);
/// The same for an answer that is written already.
http::Response written_text_response(int status, std::string json, const region::CommitReceipt& receipt);
/// 204 with the receipt.
http::Response written_response(const region::CommitReceipt& receipt);

}  // namespace holdfast::api
