#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/base/json.h"
#include "holdfast/http/router.h"

namespace holdfast::api {

/// Routes and handles one request in process, as a session would, without a socket.
inline http::Response handle_in_process(const http::Router& router, http::Request request) {
  auto match = router.match(request.method, request.target.raw_path);
  if (match.row == nullptr) return http::respond_empty(404);
  request.route = match.row->path;
  request.params = std::move(match.params);
  request.request_id = "r-1";
  // Outlives every committer: its thread may still be in post() when the answer is here.
  static async::IoPool pool(1);
  auto answer = async::block_on(pool.next(), match.row->handler(&request));
  http::Response response =
      answer ? *std::move(answer) : http::respond(499, "text/plain", std::string(answer.error().code));
  if (match.row->decorate) match.row->decorate(request, response);
  return response;
}

inline http::Request request_to(http::Method method, std::string_view target, http::Headers headers = {}) {
  http::Request request;
  request.method = method;
  request.target = http::parse_target(target).value();
  request.headers = std::move(headers);
  return request;
}

inline nlohmann::json json_of(const http::Response& response) { return parse_json(response.body).value(); }

}  // namespace holdfast::api
