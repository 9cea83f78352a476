// SPDX-License-Identifier: Apache-2.0
#include "net/tls_transport.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace narthex::net {
namespace {

struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};
using Session = std::unique_ptr<SSL, FreeSession>;

// What fits one TLS record.
constexpr std::size_t kRecordBytes = 16 << 10;

// ---- OpenSSL's bytes go through PlainTransport, so that no write raises SIGPIPE ----

PlainTransport& socket_of(BIO* bio) { return *static_cast<PlainTransport*>(BIO_get_data(bio)); }

int bio_result(BIO* bio, const IoResult& result) {
  BIO_clear_retry_flags(bio);
  switch (result.state) {
    case IoResult::State::kDone:
      return static_cast<int>(result.bytes);
    case IoResult::State::kNeedsReadable:
      BIO_set_retry_read(bio);
      return -1;
    case IoResult::State::kNeedsWritable:
      BIO_set_retry_write(bio);
      return -1;
    case IoResult::State::kClosed:
      return 0;
    case IoResult::State::kFailed:
      return -1;
  }
  return -1;
}

int bio_read(BIO* bio, char* into, int size) {
  return bio_result(bio, socket_of(bio).read({into, static_cast<std::size_t>(size)}));
}

int bio_write(BIO* bio, const char* from, int size) {
  const iovec part{const_cast<char*>(from), static_cast<std::size_t>(size)};
  return bio_result(bio, socket_of(bio).write({&part, 1}));
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(Session session, int descriptor)
      : session_(std::move(session)), socket_(descriptor) {}

  // False when there is no memory.
  bool begin() {
    BIO* bio = BIO_new(socket_method());
    if (bio == nullptr) return false;
    BIO_set_data(bio, &socket_);
    BIO_set_init(bio, 1);
    SSL_set_bio(session_.get(), bio, bio);  // takes it over
    SSL_set_accept_state(session_.get());
    return true;
  }

  // Fills `into` as far as it can, so that less means that the socket has no more.
  IoResult read(std::span<char> into) override {
    std::size_t filled = 0;
    while (filled < into.size()) {
      ERR_clear_error();
      std::size_t got = 0;
      const int result =
          SSL_read_ex(session_.get(), into.data() + filled, into.size() - filled, &got);
      if (result != 1) {
        const IoResult outcome = outcome_of(result);
        // What came before the end counts first; the end is met again.
        return filled != 0 ? IoResult{IoResult::State::kDone, filled, 0} : outcome;
      }
      filled += got;
    }
    return {IoResult::State::kDone, filled, 0};
  }

  IoResult write(std::span<const iovec> from) override {
    // Head and body of a small answer share a record.
    std::size_t total = 0;
    for (const iovec& part : from) total += part.iov_len;
    if (from.size() > 1 && total <= kRecordBytes) {
      char joined[kRecordBytes];
      std::size_t at = 0;
      for (const iovec& part : from) {
        std::memcpy(joined + at, part.iov_base, part.iov_len);
        at += part.iov_len;
      }
      return write_piece({joined, total});
    }
    return from.empty()
               ? IoResult{}
               : write_piece({static_cast<const char*>(from[0].iov_base), from[0].iov_len});
  }

  void finish_writing() override {
    ERR_clear_error();
    if (SSL_is_init_finished(session_.get()) == 1) SSL_shutdown(session_.get());
    ERR_clear_error();
    socket_.finish_writing();
  }

  bool has_pending() const override { return SSL_pending(session_.get()) > 0; }
  bool in_handshake() const override { return SSL_is_init_finished(session_.get()) != 1; }

 private:
  IoResult write_piece(std::string_view piece) {
    ERR_clear_error();
    std::size_t sent = 0;
    const int result = SSL_write_ex(session_.get(), piece.data(), piece.size(), &sent);
    if (result == 1) return {IoResult::State::kDone, sent, 0};
    return outcome_of(result);
  }

  IoResult outcome_of(int result) {
    switch (SSL_get_error(session_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return {IoResult::State::kNeedsReadable, 0, 0};
      case SSL_ERROR_WANT_WRITE:
        return {IoResult::State::kNeedsWritable, 0, 0};
      case SSL_ERROR_ZERO_RETURN:
        return {IoResult::State::kClosed, 0, 0};
      default:
        break;
    }
    const int why = ERR_GET_REASON(ERR_peek_error());
    if (in_handshake() && why == SSL_R_HTTP_REQUEST) answer_plain_request();
    ERR_clear_error();
    return {IoResult::State::kFailed, 0, EPROTO};
  }

  // Somebody forgot the s of https: told so in the clear, as Go's server does.
  void answer_plain_request() {
    static constexpr std::string_view kAnswer =
        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    const iovec part{const_cast<char*>(kAnswer.data()), kAnswer.size()};
    socket_.write({&part, 1});
    socket_.finish_writing();
    char rest[kRecordBytes];  // unread bytes would make the close a reset
    socket_.read(rest);
  }

  Session session_;
  PlainTransport socket_;
};

}  // namespace

std::unique_ptr<Transport> make_tls_transport(SSL_CTX* context, int descriptor) {
  Session session(SSL_new(context));
  if (session == nullptr) return nullptr;
  auto transport = std::make_unique<TlsTransport>(std::move(session), descriptor);
  if (!transport->begin()) return nullptr;
  return transport;
}

}  // namespace narthex::net
