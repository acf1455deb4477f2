#include "holdfast/api/identity_endpoints.h"

namespace holdfast::api {

void add_identity_endpoints(http::Router& router, const IdentityParts& parts) {
  add_pool_endpoints(router, parts);
  add_client_endpoints(router, parts);
  add_user_endpoints(router, parts);
  add_group_endpoints(router, parts);
  add_key_endpoints(router, parts);
  add_operator_endpoints(router, parts);
  add_audit_endpoints(router, parts);
}

}  // namespace holdfast::api
