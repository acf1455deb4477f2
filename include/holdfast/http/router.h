#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/base/result.h"
#include "holdfast/http/request.h"
#include "holdfast/http/response.h"

namespace holdfast::http {

/// What a row asks of the caller. http knows no domain: the listener's authenticator gives each level its
/// meaning.
enum class AuthLevel : std::uint8_t {
  open,            ///< no credentials, or the handler's own (a token endpoint's client_secret)
  client,          ///< an app client
  user,            ///< a signed-in user's token
  operator_read,   ///< an operator's token that may look
  operator_write,  ///< an operator's token that may change
  metrics,         ///< the metrics token
};

std::string_view to_string(AuthLevel level);

/// Runs on the request's I/O thread; blocking work goes to a pool. The request is valid until the task ends.
/// An Error becomes the row's (else the listener's) error response; an exception is a defect: 500 with the
/// request id, logged. (A pointer, because coroutines here take no references.)
using Handler = std::function<async::Task<Result<Response>>(Request* request)>;

/// Makes the response for an Error. `edge_status` is what HTTP itself demands (400, 405, 408, 413, 415, 421,
/// 431, …) and 0 for the errors of handlers, whose status the renderer chooses by kind.
using ErrorRenderer = std::function<Response(const Error& error, int edge_status, const Request& request)>;

/// Gets every response of its row, errors too, before it is written: CORS, caching and security headers.
using Decorator = std::function<void(const Request& request, Response& response)>;

constexpr std::uint64_t json_body_limit_bytes = 64UL * 1024;

/// What the table's description (OpenAPI) says of a row beside its method, path and auth level.
struct RowAbout {
  std::string_view summary = {};             ///< one sentence
  std::vector<std::string_view> query = {};  ///< the query parameters that it takes
  std::string_view takes = {};               ///< the media type of its body; empty: it takes none
  int success = 200;                         ///< the status when all went well
};

constexpr std::string_view json_type = "application/json";

/// One row of the route table: `{Method::get, "/state/{app}", AuthLevel::open, handler}`.
struct Row {
  Method method = Method::get;
  /// Segments are literal, `{name}` (one whole segment, never empty) or, last only, `{name...}` (the rest of
  /// the path, slashes included, never empty). Literals win over parameters, segment by segment.
  std::string path;
  AuthLevel auth = AuthLevel::open;
  Handler handler;
  std::uint64_t body_limit_bytes = json_body_limit_bytes;
  /// The handler reads `request.body_stream` itself; `body_limit_bytes` still holds.
  bool streaming = false;
  /// A row whose bodies carry their own coding (aws-chunked) checks Content-Encoding itself; others answer
  /// 415 to any.
  bool accepts_content_encoding = false;
  /// Answered even when the server is overloaded or draining: health.
  bool always = false;
  ErrorRenderer errors;
  Decorator decorate;
  RowAbout about = {};
};

/// The route table of a listener. Filled once at start, then read from every thread.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// A malformed template or two rows for the same requests are defects of the table: std::logic_error, at
  /// start.
  Router& add(Row row);

  struct Match {
    const Row* row =
        nullptr;  ///< null: nothing matches the path, or (with `allowed` not empty) not with this method
    std::vector<PathParam> params;
    std::vector<Method> allowed;
  };
  /// HEAD is served by the GET row unless it has a row of its own. `raw_path` has been through parse_target.
  [[nodiscard]] Match match(Method method, std::string_view raw_path) const;

  /// The rows in order of addition, for the OpenAPI document and for tests of the table.
  [[nodiscard]] const std::vector<std::unique_ptr<Row>>& rows() const { return rows_; }

 private:
  struct Node;
  static void collect(const Node& node, std::vector<std::string_view>& rest, std::vector<const Node*>& found);

  std::vector<std::unique_ptr<Row>> rows_;
  std::unique_ptr<Node> root_;
};

}  // namespace holdfast::http
