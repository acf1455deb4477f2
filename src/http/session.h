#pragma once

#include <memory>
#include <optional>

#include "beast_codec.h"
#include "edge.h"
#include "exchange.h"
#include "message_body.h"
#include "read_buffer.h"
#include "response_plan.h"
#include "server_state.h"

namespace holdfast::http {

/// One connection: reads a head, has it answered by an Exchange, writes the response, and again. Lives in the
/// coroutine that the listener started, on its executor.
class Session {
 public:
  Session(ServerState* server, const ListenerState* listener, net::Connection connection);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// Until the peer leaves, a deadline passes, or either side wants the connection closed.
  async::Task<> run();

 private:
  /// What came instead of a request: nothing more (the connection is over), or an answer to give and then to
  /// close.
  struct NoRequest {
    std::optional<EdgeError> answer;
  };

  async::Task<std::expected<RequestHead, NoRequest>> read_head();
  /// Gives the deadline for the next request's first byte.
  SteadyTime become_idle();
  /// True while the connection can serve another request.
  async::Task<bool> serve(RequestHead head);
  async::Task<> refuse(EdgeError error);
  async::Task<Result<>> write(const Response* response, ResponsePlan plan, bool http_1_0,
                              std::string request_id);
  async::Task<Result<>> write_stream(MessageWriter* writer, BodySource* source, ResponsePlan plan,
                                     std::string request_id);
  async::Task<Result<>> write_slices(MessageWriter::Pieces message);
  /// This connection is one more than there may be, and no other has gone for it.
  [[nodiscard]] bool is_one_too_many() const;
  /// `client_gone`: it broke off its body, or the response: `status` reached nobody, or not as a whole.
  void log_access(const Request& request, int status, bool client_gone) const;

  ServerState* server_;
  const ListenerState* listener_;
  net::Connection connection_;
  const ClientNames client_;
  ReadBuffer buffer_{&connection_};
  MessageReader reader_;
  std::shared_ptr<IdleHandle> handle_ = std::make_shared<IdleHandle>();
  std::uint64_t written_bytes_ = 0;
  bool came_beyond_cap_ = false;  ///< and nothing was asked yet
};

}  // namespace holdfast::http
