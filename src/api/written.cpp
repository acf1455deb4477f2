#include "holdfast/api/written.h"

#include <utility>

#include "holdfast/api/json_body.h"
#include "holdfast/storage/position.h"

namespace holdfast::api {

void add_receipt(http::Response& response, const region::CommitReceipt& receipt) {
  response.headers.set("Holdfast-Position", storage::to_string(receipt.position));
  if (receipt.durability == region::Durability::degraded)
    response.headers.set("Holdfast-Durability", "local");
}

http::Response written_response(int status, const nlohmann::json& value,
                                const region::CommitReceipt& receipt) {
  auto response = json_response(status, value);
  add_receipt(response, receipt);
  return response;
}

http::Response written_text_response(int status, std::string json, const region::CommitReceipt& receipt) {
  auto response = json_text_response(status, std::move(json));
  add_receipt(response, receipt);
  return response;
}

http::Response written_response(const region::CommitReceipt& receipt) {
  auto response = http::respond_empty(204);
  add_receipt(response, receipt);
  return response;
}

}  // namespace holdfast::api
