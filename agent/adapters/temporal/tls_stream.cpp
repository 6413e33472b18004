// TLS over such a socket: whom the server must prove to be, and bytes.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <array>

#include "agent/adapters/temporal/stream.hpp"

namespace sundial::temporal {
namespace {

struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};
using Session = std::unique_ptr<SSL, FreeSession>;

// Of the step that failed just now; "": nothing is known of it.
std::string last_reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return text == nullptr ? "" : text;
}

bool is_numeric(const std::string& name) {
  in6_addr address{};
  return inet_pton(AF_INET, name.c_str(), &address) == 1 || inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

class TlsStream final : public Stream {
 public:
  TlsStream(Session session, UniqueFd socket) : socket_(std::move(socket)), session_(std::move(session)) {}

  Step handshake(Deadline deadline) {
    return repeated([this](std::size_t&) { return SSL_connect(session_.get()); }, deadline);
  }

  Step write(std::string_view bytes, Deadline deadline) override {
    return repeated(
        [&](std::size_t& count) { return SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count); },
        deadline);
  }

  Step read(std::span<char> into, Deadline deadline) override {
    return repeated(
        [&](std::size_t& count) { return SSL_read_ex(session_.get(), into.data(), into.size(), &count); },
        deadline);
  }

  // Tickets for later sessions may have come: they are no answer.
  bool is_quiet() override {
    ERR_clear_error();
    char byte = 0;
    std::size_t count = 0;
    const int answer = SSL_peek_ex(session_.get(), &byte, 1, &count);
    const bool quiet = answer <= 0 && SSL_get_error(session_.get(), answer) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return quiet;
  }

 private:
  template <typename Action>
  Step repeated(Action action, Deadline deadline) {
    for (;;) {
      ERR_clear_error();
      std::size_t count = 0;
      const int answer = action(count);
      if (answer > 0) return {.status = Status::done, .bytes = count};
      switch (SSL_get_error(session_.get(), answer)) {
        case SSL_ERROR_WANT_READ:
          if (!wait_for(socket_.get(), POLLIN, deadline)) return {.status = Status::late};
          break;
        case SSL_ERROR_WANT_WRITE:
          if (!wait_for(socket_.get(), POLLOUT, deadline)) return {.status = Status::late};
          break;
        case SSL_ERROR_ZERO_RETURN:
          ERR_clear_error();
          return {.status = Status::ended};
        default:
          return {.status = Status::failed, .problem = last_reason()};
      }
    }
  }

  UniqueFd socket_;
  Session session_;
};

}  // namespace

Result<TlsContext> tls_context(const TlsNames& names) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  const auto refuse = [](const std::string& what) {
    const std::string reason = last_reason();
    return Error(ErrorKind::unavailable,
                 "the TLS files can't be loaded (" + what + (reason.empty() ? "" : ": " + reason) + ")");
  };
  if (!context) return refuse("no TLS");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // A write that found the socket full is repeated as it was; a message is written as one.
  SSL_CTX_set_mode(context.get(), SSL_MODE_AUTO_RETRY);
  if (!names.cert.empty()) {
    if (SSL_CTX_use_certificate_chain_file(context.get(), names.cert.c_str()) != 1) {
      return refuse("certificate " + names.cert);
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), names.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
      return refuse("key " + names.key + ", or it is not the certificate's");
    }
  }
  if (!names.verify) return context;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const int loaded = names.ca.empty()
                         ? SSL_CTX_set_default_verify_paths(context.get())
                         : SSL_CTX_load_verify_locations(context.get(), names.ca.c_str(), nullptr);
  if (loaded != 1) return refuse("authority " + names.ca);
  return context;
}

Result<std::unique_ptr<Stream>> tls_stream(SSL_CTX& context, const TlsNames& names, UniqueFd socket,
                                           Deadline deadline) {
  Session session(SSL_new(&context));
  if (!session || SSL_set_fd(session.get(), socket.get()) != 1) {
    return Error(ErrorKind::unavailable, "the TLS handshake failed");
  }
  X509_VERIFY_PARAM* expected = SSL_get0_param(session.get());
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  std::string name = names.name;  // the macro for this call casts in the old way
  const bool named = is_numeric(name)
                         ? X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1
                         : X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size()) == 1 &&
                               SSL_ctrl(session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                        TLSEXT_NAMETYPE_host_name, name.data()) == 1;
  if (!named) return Error(ErrorKind::unavailable, "no certificate can be for the name " + name);
  SSL* const raw = session.get();
  auto stream = std::make_unique<TlsStream>(std::move(session), std::move(socket));
  const Stream::Step done = stream->handshake(deadline);
  if (done.status == Stream::Status::done) return std::unique_ptr<Stream>(std::move(stream));
  const long verdict = SSL_get_verify_result(raw);
  if (verdict != X509_V_OK) {
    return Error(ErrorKind::unavailable, std::string("its certificate can't be verified (") +
                                             X509_verify_cert_error_string(verdict) + ")");
  }
  if (done.status == Stream::Status::late) {
    return Error(ErrorKind::unavailable, "does not finish the TLS handshake in time");
  }
  return Error(ErrorKind::unavailable,
               "the TLS handshake failed" + (done.problem.empty() ? "" : " (" + done.problem + ")"));
}

}  // namespace sundial::temporal
