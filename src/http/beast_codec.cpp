#include "beast_codec.h"

// The one copy of Beast's code (BOOST_BEAST_SEPARATE_COMPILATION, docs/adr/0002-build-time.md).
#include <boost/beast/src.hpp>

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>
#include <exception>
#include <memory_resource>
#include <utility>
#include <variant>

#include "chunk_lines.h"
#include "holdfast/base/text.h"
#include "request_head.h"
#include "response_head.h"

namespace holdfast::http {
namespace {

namespace beast = boost::beast;
using BeastError = boost::system::error_code;

std::string_view std_view(beast::string_view text) { return {text.data(), text.size()}; }

std::unexpected<EdgeError> refused_by_beast(BeastError error) {
  return refuse_malformed("malformed HTTP: " + error.message());
}

/// Beast's parser with the places where it puts what it reads. It derives from basic_parser, as Beast's own
/// request_parser does, because that one keeps a second list of fields and adds trailers to it.
template <bool is_request>
class BeastParser final : public beast::http::basic_parser<is_request> {
 public:
  BeastParser() {
    this->header_limit(max_head_bytes);
    this->body_limit(boost::none);  // MessageBody has the row's limit
    this->eager(false);             // one step a call: lines and data take different ways
  }

  Headers headers;
  beast::string_view method;  ///< views the head
  beast::string_view target;  ///< views the head
  int status = 0;
  bool http_1_0 = false;

  std::uint64_t chunk_left = 0;  ///< bytes of the current chunk's data that are still to come
  Bytes* out = nullptr;          ///< where body bytes go

 private:
  void on_request_impl(beast::http::verb /*verb*/, beast::string_view method_text,
                       beast::string_view target_text, int version, BeastError& /*error*/) override {
    method = method_text;
    target = target_text;
    http_1_0 = version == 10;
  }
  void on_response_impl(int code, beast::string_view /*reason*/, int version,
                        BeastError& /*error*/) override {
    status = code;
    http_1_0 = version == 10;
  }
  void on_field_impl(beast::http::field /*field*/, beast::string_view name, beast::string_view value,
                     BeastError& error) override {
    if (this->is_header_done()) {
      error = beast::http::error::unexpected_body;  // a trailer: ChunkLines has let none through
      return;
    }
    headers.add(std_view(name), std_view(value));
  }
  void on_header_impl(BeastError& /*error*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, BeastError& /*error*/) override {}
  std::size_t on_body_impl(beast::string_view body, BeastError& /*error*/) override {
    out->append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view /*extensions*/,
                            BeastError& /*error*/) override {
    chunk_left = size;
  }
  std::size_t on_chunk_body_impl(std::uint64_t left, beast::string_view body,
                                 BeastError& /*error*/) override {
    out->append(body.data(), body.size());
    chunk_left = left - body.size();
    return body.size();
  }
  void on_finish_impl(BeastError& /*error*/) override {}
};

/// One message being read.
template <bool is_request>
class Inbound {
 public:
  BeastParser<is_request> parser;
  BodyFraming framing;

  /// The whole of `bytes`, or an error.
  EdgeResult<> put_all(BytesView bytes) {
    BeastError error;
    const auto used = parser.put(boost::asio::buffer(bytes), error);
    if (error) return refused_by_beast(error);
    if (used != bytes.size()) return refuse_malformed("malformed HTTP");
    return {};
  }

  void read_framing() {
    if (parser.is_done()) return;
    framing = {.chunked = parser.chunked(),
               .until_close = parser.need_eof(),
               .length = parser.content_length().value_or(0)};
  }

  EdgeResult<std::size_t> decode(BytesView in, Bytes& out) {
    const auto all = in.size();
    parser.out = &out;
    while (!in.empty() && !parser.is_done()) {
      const bool at_line = framing.chunked && parser.chunk_left == 0;
      auto done = at_line ? take_line(in) : take_data(in);
      if (!done) return std::unexpected(std::move(done).error());
    }
    return all - in.size();
  }

  EdgeResult<> end() {
    BeastError error;
    if (!parser.is_done()) parser.put_eof(error);
    if (error) return refused_by_beast(error);
    return {};
  }

 private:
  EdgeResult<> take_line(BytesView& in) {
    const auto step = lines_.take(in);
    if (!step) return std::unexpected(step.error());
    if (*step == ChunkLines::Step::incomplete) return {};
    if (auto read = put_all(lines_.block()); !read) return read;
    // The filter and Beast have read the same line: a message of which they think differently is refused.
    const bool agreed = *step == ChunkLines::Step::end ? parser.is_done() : parser.chunk_left > 0;
    if (!agreed) return refuse_malformed("a malformed chunk size");
    return {};
  }

  EdgeResult<> take_data(BytesView& in) {
    BeastError error;
    in.remove_prefix(parser.put(boost::asio::buffer(in), error));
    if (error) return refused_by_beast(error);
    if (framing.chunked && parser.chunk_left == 0) lines_.data_ended();
    return {};
  }

  ChunkLines lines_;
};

EdgeResult<RequestHead> request_head_of(BeastParser<true>& parser) {
  RequestHead head;
  const auto method = method_of(std_view(parser.method));
  if (!method) return refuse(501, "unknown_method", "this method is not served");
  head.method = *method;
  auto target = parse_target(std_view(parser.target));
  if (!target) return std::unexpected(EdgeError{400, std::move(target).error()});
  head.target = *std::move(target);
  head.headers = std::move(parser.headers);
  head.host = host_name_of(head.headers.find("Host").value_or("")).value_or("");
  head.http_1_0 = parser.http_1_0;
  // RFC 9112 §9.3: close wins; Beast forgets it in HTTP/1.0.
  head.keep_alive = parser.keep_alive() && !head.headers.has_token("Connection", "close");
  head.chunked = parser.chunked();
  head.content_length = parser.content_length().value_or(0);
  head.expects_continue = !head.http_1_0 && head.has_body() && head.headers.has("Expect");
  return head;
}

}  // namespace

struct MessageReader::Impl {
  std::variant<std::monostate, Inbound<true>, Inbound<false>> message;
  BodyFraming none;

  /// Calls `use` with the message; `otherwise` when there is none.
  template <class Value, class Use>
  Value with(Value otherwise, Use use) {
    if (auto* request = std::get_if<Inbound<true>>(&message)) return use(*request);
    if (auto* response = std::get_if<Inbound<false>>(&message)) return use(*response);
    return otherwise;
  }
};

MessageReader::MessageReader() : impl_(std::make_unique<Impl>()) {}
MessageReader::~MessageReader() = default;

EdgeResult<RequestHead> MessageReader::read_request_head(BytesView head) {
  if (auto checked = check_request_head(head); !checked) return std::unexpected(std::move(checked).error());
  auto& message = impl_->message.emplace<Inbound<true>>();
  if (auto read = message.put_all(head); !read) return std::unexpected(std::move(read).error());
  message.read_framing();
  return request_head_of(message.parser);
}

EdgeResult<ResponseHead> MessageReader::read_response_head(BytesView head, Method method) {
  if (auto checked = check_response_head(head); !checked) return std::unexpected(std::move(checked).error());
  auto& message = impl_->message.emplace<Inbound<false>>();
  auto& parser = message.parser;
  parser.skip(method == Method::head);
  // RFC 9112 §4 wants a space behind the code even when no reason follows; some servers leave it out, and
  // Beast insists.
  const auto line_size = head.find("\r\n");
  if (line_size == std::string_view("HTTP/1.1 200").size()) {
    BeastError error;
    const auto line = Bytes(head.substr(0, line_size)) + " \r\n";
    const auto used = parser.put(boost::asio::buffer(line), error);
    if (error != beast::http::error::need_more || used != line.size()) return refused_by_beast(error);
    head.remove_prefix(line_size + 2);
  }
  if (auto read = message.put_all(head); !read) return std::unexpected(std::move(read).error());
  message.read_framing();
  return ResponseHead{parser.status, std::move(parser.headers), message.framing,
                      parser.keep_alive() && !parser.http_1_0};
}

const BodyFraming& MessageReader::framing() const {
  return *impl_->with<const BodyFraming*>(&impl_->none, [](auto& message) { return &message.framing; });
}

bool MessageReader::done() const {
  return impl_->with(true, [](auto& message) { return message.parser.is_done(); });
}

EdgeResult<std::size_t> MessageReader::decode(BytesView in, Bytes& out) {
  return impl_->with(EdgeResult<std::size_t>(0), [&](auto& message) { return message.decode(in, out); });
}

EdgeResult<> MessageReader::end() {
  return impl_->with(EdgeResult<>(), [](auto& message) { return message.end(); });
}

// Writing.
namespace {

using PoolAllocator = std::pmr::polymorphic_allocator<char>;
using PoolFields = beast::http::basic_fields<PoolAllocator>;
using BodyInPieces = beast::http::buffer_body;

constexpr std::size_t max_field_bytes = 65'533;

bool is_owned_by_client(std::string_view name) {
  for (const std::string_view owned : {"Host", "Content-Length", "Transfer-Encoding", "Connection"}) {
    if (equals_ignoring_ascii_case(name, owned)) return true;
  }
  return false;
}

/// A message with its serializer; fields and text live in one pool on top of one block.
template <bool is_request>
class Outbound {
 public:
  using Message = beast::http::message<is_request, BodyInPieces, PoolFields>;
  using Serializer = beast::http::serializer<is_request, BodyInPieces, PoolFields>;

  explicit Outbound(std::pmr::memory_resource* pool)
      : message(std::piecewise_construct, std::tuple<>(), std::tuple(PoolAllocator(pool))),
        serializer_(message),
        text_(pool) {
    serializer_.split(true);
    text_.reserve(1024);
  }

  Message message;  ///< to be filled before anything is written

  /// `body` goes behind the head as it is: with a Content-Length it needs no framing, so the serializer is
  /// left where it is. (Joining both in one sequence of the serializer's was measured: 1 us more a response.)
  Result<MessageWriter::Pieces> whole(BytesView body) {
    TRY_VOID(step({}));
    return MessageWriter::Pieces{text_, body, {}};
  }

  /// The next run of a body that is sent in pieces, an empty one at its end; passed on, not copied.
  Result<MessageWriter::Pieces> piece(BytesView body) {
    serializer_.consume(std::exchange(given_, 0));
    message.body().data = body.empty() ? nullptr : const_cast<char*>(body.data());  // it is only read
    message.body().size = body.size();
    message.body().more = !body.empty();
    text_.clear();
    body_at_ = 0;
    TRY_VOID(step(body));
    const BytesView text = text_;
    return MessageWriter::Pieces{text.substr(0, body_at_), body, text.substr(body_at_)};
  }

 private:
  /// Adds what the serializer gives next to the text, without `body`, whose place it notes.
  Result<> step(BytesView body) {
    const auto collect = [&](BeastError&, const auto& buffers) {
      const auto end = boost::asio::buffer_sequence_end(buffers);
      for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at) {
        const boost::asio::const_buffer part(*at);
        given_ += part.size();
        const auto* data = static_cast<const char*>(part.data());
        if (!body.empty() && data == body.data()) {
          body_at_ = text_.size();
        } else {
          text_.append(data, part.size());
        }
      }
    };
    BeastError error;
    serializer_.next(error, collect);
    // It says so once behind each piece, then takes the next.
    if (error == beast::http::error::need_buffer) serializer_.next(error, collect);
    if (!error) return {};
    return fail(ErrorKind::internal, "internal", "the message could not be written", error.message());
  }

  Serializer serializer_;
  std::size_t given_ = 0;    ///< bytes that the serializer does not know to be used yet
  std::size_t body_at_ = 0;  ///< in text_
  std::pmr::string text_;
};

/// Under the name as given. Beast need not look the name up: it compares names, not its numbers for them.
template <class Message>
void add_field(Message& message, const Header& field) {
  message.insert(beast::http::field::unknown, field.name, field.value);
}

void fill_head(Outbound<false>::Message& message, const Response& response, const ResponsePlan& plan,
               bool http_1_0, WallTime now) {
  message.version(http_1_0 ? 10 : 11);
  message.result(static_cast<unsigned>(response.status));
  message.reason(reason_of(response.status));
  message.insert(beast::http::field::date, http_date_now(now));
  for (const Header& field : response.headers) {
    if (!is_owned_by_plan(field.name)) add_field(message, field);
  }
  if (plan.length) message.content_length(*plan.length);
  if (plan.chunked) message.chunked(true);
  if (!plan.keep_alive) {
    message.set(beast::http::field::connection, "close");
  } else if (http_1_0) {
    message.set(beast::http::field::connection, "keep-alive");
  }
}

void fill_request_head(Outbound<true>::Message& message, const MessageWriter::RequestParts& parts) {
  message.version(11);
  message.method_string(to_string(parts.method));
  message.target(parts.target);
  message.insert(beast::http::field::host, parts.authority);
  for (const Header& field : *parts.headers) {
    if (!is_owned_by_client(field.name)) add_field(message, field);
  }
  if (parts.with_length) message.content_length(parts.body.size());
  if (!parts.keep_alive) message.set(beast::http::field::connection, "close");
}

}  // namespace

bool is_sendable(const Headers& headers) {
  return std::ranges::all_of(headers, [](const Header& field) {
    return is_token(field.name) && is_field_value(field.value) && field.name.size() <= max_field_bytes &&
           field.value.size() <= max_field_bytes;
  });
}

struct MessageWriter::Impl {
  // The block stays as it is: a pool reads nothing that was not written through it.
  Impl() : pool(block.data(), block.size()) {}

  std::array<char, 3072> block;
  std::pmr::monotonic_buffer_resource pool;
  std::variant<std::monostate, Outbound<false>, Outbound<true>> message;

  /// Makes the message by `fill` and gives head and body. Beast throws for fields that do not fit.
  template <class Message, class Fill>
  Result<Pieces> begin(BytesView body, Fill fill) {
    try {
      auto& made = message.emplace<Message>(&pool);
      fill(made.message);
      return made.whole(body);
    } catch (const std::exception& failure) {
      return fail(ErrorKind::internal, "internal", "the message could not be written", failure.what());
    }
  }
};

MessageWriter::MessageWriter() : impl_(new Impl) {}
MessageWriter::~MessageWriter() = default;

Result<MessageWriter::Pieces> MessageWriter::response_head(const Response& response, const ResponsePlan& plan,
                                                           bool http_1_0, WallTime now) {
  return impl_->begin<Outbound<false>>(
      {}, [&](auto& message) { fill_head(message, response, plan, http_1_0, now); });
}

Result<MessageWriter::Pieces> MessageWriter::request(const RequestParts& parts) {
  return impl_->begin<Outbound<true>>(parts.body, [&](auto& message) { fill_request_head(message, parts); });
}

Result<MessageWriter::Pieces> MessageWriter::next(BytesView piece) {
  return std::get<Outbound<false>>(impl_->message).piece(piece);
}

}  // namespace holdfast::http
