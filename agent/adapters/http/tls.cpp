// OpenSSL on non-blocking sockets.
#include "agent/adapters/http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>

namespace sundial::http {

namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
using Session = std::unique_ptr<SSL, FreeSession>;

std::string openssl_reason() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(Session session, UniqueFd descriptor)
      : descriptor_(std::move(descriptor)), session_(std::move(session)) {}

  Transfer begin() override {
    ERR_clear_error();
    return result(SSL_accept(session_.get()), 0);
  }

  Transfer read(std::span<char> into) override {
    ERR_clear_error();
    std::size_t count = 0;
    const int answer = SSL_read_ex(session_.get(), into.data(), into.size(), &count);
    return result(answer, count);
  }

  Transfer write(std::string_view bytes) override {
    ERR_clear_error();
    std::size_t count = 0;
    const int answer = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count);
    return result(answer, count);
  }

  void finish_writing() override {
    ERR_clear_error();
    if (SSL_is_init_finished(session_.get()) == 1) SSL_shutdown(session_.get());
    ERR_clear_error();
    ::shutdown(descriptor_.get(), SHUT_WR);
  }

  int descriptor() const override { return descriptor_.get(); }

 private:
  Transfer result(int answer, std::size_t count) const {
    if (answer > 0) return {Transfer::Status::done, count};
    switch (SSL_get_error(session_.get(), answer)) {
      case SSL_ERROR_WANT_READ:
        return {Transfer::Status::wants_read, 0};
      case SSL_ERROR_WANT_WRITE:
        return {Transfer::Status::wants_write, 0};
      case SSL_ERROR_ZERO_RETURN:
        return {Transfer::Status::ended, 0};
      default:
        ERR_clear_error();
        return {Transfer::Status::failed, 0};
    }
  }

  UniqueFd descriptor_;
  Session session_;
};

Result<Context> make_context(const TlsFiles& files) {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) return Error(ErrorKind::internal, "TLS: " + openssl_reason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A write that found the socket full is repeated from a buffer that may have moved meanwhile.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return Error(ErrorKind::invalid,
                 "the certificate " + files.certificate + " can't be used: " + openssl_reason());
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return Error(ErrorKind::invalid, "the key " + files.key + " can't be used: " + openssl_reason());
  }
  return context;
}

// What changes when a file is written anew or replaced.
struct FileMark {
  ino_t inode = 0;
  time_t seconds = 0;
  long nanos = 0;
  off_t size = 0;
  bool operator==(const FileMark&) const = default;
};

FileMark mark_of(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return {};
  return {info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size};
}

class FileIdentity final : public TlsIdentity {
 public:
  FileIdentity(TlsFiles files, Context context) : files_(std::move(files)), context_(std::move(context)) {
    certificate_ = mark_of(files_.certificate);
    key_ = mark_of(files_.key);
  }

  void refresh() override {
    const FileMark certificate = mark_of(files_.certificate);
    const FileMark key = mark_of(files_.key);
    if (certificate == certificate_ && key == key_) return;
    Result<Context> renewed = make_context(files_);
    if (!renewed) return;  // half of a renewal: the next connection looks again
    context_ = std::move(*renewed);
    certificate_ = certificate;
    key_ = key;
  }

  std::unique_ptr<Transport> accept(UniqueFd descriptor) override {
    Session session(SSL_new(context_.get()));
    if (!session || SSL_set_fd(session.get(), descriptor.get()) != 1) return nullptr;
    return std::make_unique<TlsTransport>(std::move(session), std::move(descriptor));
  }

 private:
  TlsFiles files_;
  Context context_;
  FileMark certificate_;
  FileMark key_;
};

}  // namespace

Result<std::unique_ptr<TlsIdentity>> TlsIdentity::load(TlsFiles files) {
  Result<Context> context = make_context(files);
  if (!context) return context.error();
  return std::unique_ptr<TlsIdentity>(std::make_unique<FileIdentity>(std::move(files), std::move(*context)));
}

}  // namespace sundial::http
