// What a certificate says of itself, over OpenSSL.
#include "platform/crypto/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <climits>
#include <memory>

namespace sundial::crypto {
namespace {

std::optional<Instant> end_of(const X509& certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end) != 1) return std::nullopt;
  using namespace std::chrono;
  const sys_days day = year{end.tm_year + 1900} / (end.tm_mon + 1) / end.tm_mday;
  return Instant{day} + hours{end.tm_hour} + minutes{end.tm_min} + seconds{end.tm_sec};
}

}  // namespace

std::optional<Instant> end_of_certificates(std::string_view pem) {
  if (pem.size() > INT_MAX) return std::nullopt;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  std::optional<Instant> first;
  while (bytes != nullptr) {
    const std::unique_ptr<X509, decltype(&X509_free)> one(
        PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr), &X509_free);
    if (one == nullptr) break;
    if (const auto end = end_of(*one)) first = first ? std::min(*first, *end) : *end;
  }
  ERR_clear_error();  // the end of the file counts as an error
  return first;
}

}  // namespace sundial::crypto
